"""The whole model in float: costs, cuts, fills and switches."""

from itertools import pairwise

import pytest
import torch
from msgspec.structs import replace

from codec_plugin.config import ModelConfig
from codec_plugin.entropy.channel_groups import gaussian_bits
from codec_plugin.entropy.coding_order import coding_order, keep_mask
from codec_plugin.entropy.scale_table import scale_index, sigma_from_raw
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel

CONFIG = ModelConfig(
    blocks=(6, 10, 16),
    hyper_channels=4,
    analysis_widths=(8, 8),
    synthesis_widths=(12, 8, 8),
    synthesis_depths=(1, 1, 1),
    feature_width=8,
    context_width=8,
)


def picture(batch: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(batch, 3, 16, 16, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(128, 128), mode="bicubic").clamp(0, 1)


def build(config: ModelConfig = CONFIG) -> ProgressiveModel:
    """A model with refinements that matter, in evaluation mode."""
    torch.manual_seed(0)
    model = ProgressiveModel(config).eval()
    model.init_scales(picture())
    with torch.no_grad():
        for delta in model.entropy.deltas:
            delta.leave.weight.normal_(std=0.1)
    return model


@torch.no_grad()
def test_stage_bits_do_not_depend_on_the_stage_at_which_one_stops():
    model = build()
    x = picture()
    whole = model(x).stage_bits
    for stage in range(3):
        for keep in (0.0, 0.4, 1.0):
            torch.testing.assert_close(model(x, stage, keep).stage_bits, whole, rtol=0, atol=0)


@torch.no_grad()
def test_kept_bits_add_up_and_grow_with_every_symbol():
    model = build()
    x = picture()
    found = [model(x, stage, keep).kept_bits for stage in range(3) for keep in (0.0, 0.3, 1.0)]
    for fewer, more in pairwise(found):
        assert (more >= fewer - 1e-2).all()
    torch.testing.assert_close(found[-1], model(x).stage_bits.sum(1))
    torch.testing.assert_close(found[2], found[3])  # all of one block = nothing of the next
    z_bits = model.quantise(x).z_bits.sum((1, 2, 3))
    torch.testing.assert_close(found[0], z_bits)


@torch.no_grad()
def test_a_block_of_which_nothing_arrived_equals_the_stage_before():
    model = build()
    x = picture()
    torch.testing.assert_close(model(x, 1, 0.0).x_hat, model(x, 0).x_hat, rtol=0, atol=1e-6)


@torch.no_grad()
def test_each_picture_of_a_batch_may_be_cut_elsewhere():
    model = build()
    x = picture()
    both = model(x, 1, torch.tensor([0.25, 0.75]))
    alone = model(x[1:], 1, 0.75)
    torch.testing.assert_close(both.kept_bits[1:], alone.kept_bits)
    torch.testing.assert_close(both.x_hat[1:], alone.x_hat, rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_cut_keeps_the_widest_scales_and_fills_the_rest_with_the_mean():
    model = build()
    latents = model.quantise(picture())
    y_hat, known, kept = model.cut(latents, 1, 0.3)
    mean, raw = latents.parameters[1]
    index = scale_index(sigma_from_raw(raw)).float()
    received = kept.bool()
    assert kept.mean() == pytest.approx(0.3, abs=1e-3)
    for i in range(2):
        assert index[i][received[i]].min() >= index[i][~received[i]].max()
    block = y_hat[:, 6:16]
    torch.testing.assert_close(block[~received], mean[~received], rtol=0, atol=0)
    torch.testing.assert_close(block[received], latents.y_hat[1][received], rtol=0, atol=0)
    torch.testing.assert_close(known[:, 1], kept.mean(1))
    assert (known[:, 0] == 1).all()
    assert (known[:, 2] == 0).all()


@torch.no_grad()
def test_missing_blocks_are_filled_one_after_the_other():
    model = build()
    latents = model.quantise(picture())
    y_hat, _, _ = model.cut(latents, 0)
    first = model.entropy.block(1, latents.hyper, [latents.y_hat[0]]).mean
    second = model.entropy.block(2, latents.hyper, [latents.y_hat[0], first]).mean
    torch.testing.assert_close(y_hat, torch.cat([latents.y_hat[0], first, second], 1))
    zero = build(replace(CONFIG, fill="zero"))
    filled, _, _ = zero.cut(latents, 0, 0.5)
    assert (filled[:, 6:] == 0).all()


def test_coding_order_is_falling_and_stable():
    index = torch.tensor([[[[3, 5], [5, 1]]]], dtype=torch.int16)
    assert coding_order(index, True).tolist() == [[1, 2, 0, 3]]
    assert coding_order(index, False).tolist() == [[0, 1, 2, 3]]
    mask = keep_mask(index, torch.tensor([0.5]), True)
    assert mask.flatten().tolist() == [False, True, True, False]


def test_gaussian_bits_sum_to_a_distribution():
    values = torch.arange(-60.0, 61.0)
    for sigma in (0.2, 1.0, 9.0):
        raw = torch.full_like(values, sigma)
        assert float(torch.exp2(-gaussian_bits(values, raw)).sum()) == pytest.approx(1, abs=1e-4)


def test_training_uses_noise_for_the_rate_and_rounding_for_the_picture():
    model = build().train()
    x = picture()
    torch.manual_seed(1)
    one = model(x)
    torch.manual_seed(2)
    two = model(x)
    torch.testing.assert_close(one.x_hat, two.x_hat)
    assert not torch.equal(one.stage_bits, two.stage_bits)
    torch.testing.assert_close(one.stage_bits, two.stage_bits, rtol=0.1, atol=0)
    model.eval()
    torch.testing.assert_close(one.x_hat, model(x).x_hat, rtol=0, atol=1e-4)


def test_the_rate_of_missing_blocks_does_not_train_but_their_mean_does():
    model = build().train()
    model(picture(), 0).x_hat.square().sum().backward()
    leave = model.entropy.deltas[2].leave.weight.grad
    assert leave is not None
    assert float(leave[:16].abs().sum()) > 0  # the mean that fills
    assert float(leave[16:].abs().sum()) == 0  # the scale plays no part


def test_a_few_steps_lower_the_loss():
    torch.manual_seed(0)
    model = ProgressiveModel(CONFIG).train()
    x = picture()
    model.init_scales(x)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(12):
        output = model(x)
        loss = output.kept_bits.mean() / 128**2 + 50 * (output.x_hat - x).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    "change",
    [
        {"use_delta": False},
        {"use_context": False},
        {"use_sort": False},
        {"fill": "zero"},
        {"stage_conditioning": False},
    ],
    ids=str,
)
@torch.no_grad()
def test_every_switch_runs_and_matters(change: dict[str, object]):
    x = picture()
    plain, switched = build(), build(replace(CONFIG, **change))
    with torch.no_grad():
        for parameter in [*plain.synthesis_net.parameters(), *switched.synthesis_net.parameters()]:
            parameter.add_(0.01)
    here, there = plain(x, 1, 0.5), switched(x, 1, 0.5)
    assert torch.isfinite(there.kept_bits).all()
    assert not torch.equal(here.x_hat, there.x_hat)


def test_plain_is_one_block_with_the_finest_step():
    config = CONFIG.plain()
    assert (config.blocks, config.steps) == ((32,), (0.2,))
    with torch.no_grad():
        output = build(config)(picture())
    assert output.stage_bits.shape == (2, 1)


def test_any_number_of_levels_works():
    config = replace(CONFIG, blocks=(4, 4, 8, 8, 8), steps=(0.4, 0.3, 0.3, 0.2, 0.2))
    with torch.no_grad():
        assert build(config)(picture(), 3).stage_bits.shape == (2, 5)


def test_config_round_trip_and_refusals():
    for config in (CONFIG, ModelConfig(), ModelConfig.paper(), CONFIG.plain()):
        assert ModelConfig.from_json(config.to_json()) == config
    assert ModelConfig.paper().channels == 320
    with pytest.raises(ConfigError, match="unknown field"):
        ModelConfig.from_json('{"colour": 3}')
    with pytest.raises(ConfigError, match="JSON"):
        ModelConfig.from_json(b"\xff")
    for wrong in (
        {"blocks": ()},
        {"blocks": (0, 1, 2)},
        {"blocks": (900, 900, 900)},
        {"steps": (1.0,)},
        {"steps": (1.0, -1.0, 1.0)},
        {"steps": (1.0, float("nan"), 1.0)},
        {"hyper_channels": 0},
        {"synthesis_depths": (99, 1, 1)},
    ):
        with pytest.raises(ConfigError):
            ModelConfig(**wrong)


def test_wrong_calls_are_refused():
    model = build()
    with pytest.raises(ConfigError, match="multiples of 64"):
        model(torch.zeros(1, 3, 100, 64))
    with pytest.raises(ConfigError, match=r"0\.\.2"):
        model(picture(), 3)
