"""Channels that come again, finer: which refines which, and that coding them is exact."""

import numpy as np
import pytest
import torch

from codec_plugin.channel_layout import RATIO, ChannelLayout
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactEntropy
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.calibrate import error_costs
from codec_plugin.train.warm_start import adopt_transforms
from tests.codec_plugin.tiny import CONFIG, tiny_codec, tiny_picture

LAYOUT = ChannelLayout(((0, 2), (2, 5), (0, 5), (0, 2)))
REFINED = ModelConfig(
    blocks=(2, 3, 5, 2),
    ranges=LAYOUT.ranges,
    steps=(0.9, 0.9, 0.3, 0.1),
    passes=(3, 2, 1, 1),
    hyper_channels=2,
    analysis_widths=(4, 4),
    analysis_depths=(1, 2, 1),
    synthesis_widths=(6, 4, 4),
    synthesis_depths=(1, 0, 0),
    feature_width=6,
    context_width=6,
)


def test_versions_of_a_channel() -> None:
    assert LAYOUT.planes == (0, 0, 1, 2)
    assert LAYOUT.sources == (0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1)
    assert LAYOUT.factors == (1,) * 5 + (3,) * 5 + (9,) * 2
    assert [LAYOUT.parents(k) for k in range(4)] == [(), (), (0, 1, 2, 3, 4), (5, 6)]
    assert LAYOUT.latest(2) == (0, 1, 2, 3, 4)
    assert LAYOUT.latest(3) == (5, 6, 7, 8, 9)
    assert LAYOUT.latest(4) == (10, 11, 7, 8, 9)
    newest = [LAYOUT.stages_newest(k) for k in range(4)]
    assert newest == [(2, 2), (1, 1, 1), (1, 1, 2, 2, 2), (1, 1)]


def test_a_version_is_priced_by_the_stages_at_which_it_is_the_newest() -> None:
    # λ of some stages alone: only versions that are decoded there, unrefined, cost anything.
    model = tiny_codec(REFINED).checkpoint.model
    images = [torch.from_numpy(tiny_picture(64, 64)).permute(2, 0, 1).float() / 255]
    first = error_costs(model, images, (1.0, 0.0, 0.0, 0.0))
    both = error_costs(model, images, (1.0, 1.0, 0.0, 0.0))
    last = error_costs(model, images, (0.0, 0.0, 0.0, 1.0))
    assert min(first[0]) > 0
    assert not any((*first[1], *first[2], *first[3]))  # not there yet
    assert min(both[0]) > 0.9 * min(first[0])
    assert min(last[3]) > 10 * max(last[0])  # the coarse version is no longer read


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        (((0, 2), (3, 4)), "without a gap"),
        (((0, 2), (1, 4)), "expected the same for all"),
        (((0, 0),), "expected \\[first, last\\)"),
        (((2, 1),), "expected \\[first, last\\)"),
    ],
)
def test_ranges_that_are_no_layout(ranges: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ChannelLayout(ranges)


def test_a_config_names_the_step_of_a_refinement() -> None:
    with pytest.raises(ConfigError, match=r"its step must be 0\.3; got 0\.4"):
        ModelConfig(blocks=(2, 2), ranges=((0, 2), (0, 2)), steps=(0.9, 0.4))
    with pytest.raises(ConfigError, match="as wide as blocks"):
        ModelConfig(blocks=(2, 3), ranges=((0, 2), (0, 2)), steps=(0.9, 0.3))


def test_consecutive_blocks_are_the_layout_of_a_config_without_one() -> None:
    assert not CONFIG.layout.refines
    assert CONFIG.layout.sources == tuple(range(CONFIG.channels))
    assert '"ranges"' not in CONFIG.to_json()  # older checkpoints keep their identity


def test_the_base_latent_comes_back_from_its_versions() -> None:
    torch.manual_seed(0)
    model = ProgressiveModel(REFINED).eval()
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        y, v = model.latent(x), model.analysis(x)
    torch.testing.assert_close(model.base(y), v)
    torch.testing.assert_close(y[:, :2] * RATIO, y[:, 5:7])
    torch.testing.assert_close(y[:, 5:7] * RATIO, y[:, 10:12])


def test_every_refinement_brings_the_latent_nearer() -> None:
    codec = tiny_codec(REFINED)
    pixels = torch.from_numpy(tiny_picture(128, 128)).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        latents = codec.checkpoint.model.quantise(pixels)
        v = codec.checkpoint.model.analysis(pixels)
    coarse, fine, finest = latents.y_hat[0], latents.y_hat[2][:, :2], latents.y_hat[3]
    for plane, version in enumerate((coarse, fine, finest)):
        error = (version / RATIO**plane - v[:, :2]).abs().max()
        assert float(error) <= 0.5 / RATIO**plane + 1e-4


def test_integer_path_follows_the_float_one_around_parents() -> None:
    torch.manual_seed(0)
    entropy = ProgressiveModel(REFINED).entropy.eval()
    with torch.no_grad():
        for parameter in entropy.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    exact = ExactEntropy.from_model(entropy)
    again = ExactEntropy.from_tensors(exact.tensors())
    assert again.layers.layout == LAYOUT
    generator = torch.Generator().manual_seed(1)
    z = torch.randint(-3, 4, (1, 2, 2, 2), generator=generator)
    y_hat = [torch.randint(-9, 10, (1, c, 8, 8), generator=generator) for c in REFINED.blocks]
    with torch.no_grad():
        hyper = entropy.hyper(z.float())
        floats = [entropy.block(k, hyper, [b.float() for b in y_hat]) for k in range(4)]
    for path in (exact, again):
        state = path.hyper(z)
        for k, wanted in enumerate(floats):
            found = path.block(k, state, [b << FRACTION_BITS for b in y_hat])
            mean = found.mean * 0.5**FRACTION_BITS
            torch.testing.assert_close(mean, wanted.mean, atol=0.02, rtol=0.01)


def test_files_of_refined_channels_decode_at_every_byte() -> None:
    codec = tiny_codec(REFINED)
    picture = tiny_picture()
    blob = codec.encode(picture)
    errors = []
    for size in (len(blob), *range(len(blob), 20, -23)):
        decoded = codec.decode(blob[:size])
        assert decoded.pixels.shape == picture.shape
        errors.append(float(np.square(decoded.pixels - picture.astype(float)).mean()))
    assert errors[0] == errors[1] < errors[-1]
    assert codec.decode(blob).fractions == (1.0,) * 4


@pytest.mark.parametrize("config", [CONFIG, REFINED], ids=["consecutive", "refined"])
def test_a_stage_a_picture_decodes_as_that_stage_alone(config: ModelConfig) -> None:
    model = tiny_codec(config).checkpoint.model
    x = torch.from_numpy(tiny_picture(64, 128)).permute(2, 0, 1)[None].float() / 255
    x = torch.cat([x, x.flip(-1), x.flip(-2), 1 - x])
    stages, keep = torch.tensor([0, 2, 1, 2]), torch.tensor([0.4, 1.0, 1.0, 0.7])
    with torch.no_grad():
        together = model(x, stages, keep)
        for n in range(4):
            alone = model(x[n : n + 1], int(stages[n]), float(keep[n]))
            torch.testing.assert_close(together.x_hat[n : n + 1], alone.x_hat, rtol=0, atol=1e-5)
            torch.testing.assert_close(together.kept_bits[n : n + 1], alone.kept_bits)


def test_adopted_transforms_compute_what_the_trained_ones_did() -> None:
    old = tiny_codec().checkpoint.model
    new = ProgressiveModel(
        ModelConfig(
            blocks=(4, 8, 4, 8),
            ranges=((0, 4), (4, 12), (0, 4), (4, 12)),
            steps=(0.9, 0.9, 0.3, 0.3),
            hyper_channels=2,
            analysis_widths=(4, 4),
            analysis_depths=(2, 1, 2),
            synthesis_widths=(6, 4, 4),
            synthesis_depths=(1, 0, 0),
            feature_width=6,
            context_width=6,
        )
    ).eval()
    assert adopt_transforms(old, new) == 12
    x = torch.from_numpy(tiny_picture(64, 64)).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        wanted = old.synthesis(old.latent(x), torch.ones(1, 3, 4, 4))
        found = new.synthesis(new.latent(x), torch.ones(1, 4, 4, 4))
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)
