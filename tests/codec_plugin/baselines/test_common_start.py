"""Every method begins at the weights that ship: nine blocks, channels that come again."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from codec_plugin.baselines.registry import find_method, method_names
from codec_plugin.baselines.training import START, start_method
from codec_plugin.bitstream.container import read_header
from codec_plugin.checkpointing.checkpoint import load_checkpoint, unpack_checkpoint
from codec_plugin.config import ModelConfig
from codec_plugin.errors import CodecError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.export import export_run
from codec_plugin.train.settings import load_settings
from codec_plugin.train.warm_start import start_model
from tests.codec_plugin.semantic import write_photographs
from tests.codec_plugin.tiny import CONFIG, tiny_checkpoint, tiny_picture

NINE = msgspec.structs.replace(
    CONFIG,
    blocks=(2, 3, 4, 3, 5, 4, 3, 9, 3),
    ranges=((0, 2), (2, 5), (5, 9), (9, 12), (0, 5), (5, 9), (9, 12), (0, 9), (9, 12)),
    steps=(0.9,) * 4 + (0.3,) * 3 + (0.1,) * 2,
    passes=(3, 2, 2, 1, 1, 1, 1, 1, 1),
    hyper_channels=4,
)
"""As `compact`, very small."""

LAST, SHORT = 0.035, ["phases.0.steps=3", "phases.0.crop=64", "phases.0.batch_size=2"]
LAYOUTS = {
    "single-rate": ((12,), (LAST,), (0.34,)),
    "trit-plane": ((12,), (LAST,), (0.34,)),
    "task-trit-plane": ((12,), (LAST,), (0.34,)),
    "nested-quantization": ((12,), (LAST,), (0.34,)),
    "saliency": ((12,), (LAST,), (0.34,)),
    "ctc": ((12,), (LAST,), (0.34,)),
    "variance-mask": ((12, 12, 12), (0.0006, 0.0045, LAST), (2.6, 0.94, 0.34)),
    "double-tail-drop": ((1, 2, 1, 2, 1, 2, 1, 2), (LAST,) * 8, (0.34,) * 8),
    "channel-wise": ((1, 1, 1, 1, 2, 1, 1, 1, 1, 2), (LAST,) * 10, (0.34,) * 10),
    "paper-recipe": ((5, 3, 4), (0.0001, 0.001, 0.01), ()),
    "wide-first": ((5, 2, 2, 3, 5, 4, 3, 9, 3), None, None),
}
"""Blocks, λ and weight of each of a method's stages; the others keep the start's."""


def start() -> ProgressiveModel:
    """Of that file, with biases, which are zero where nothing was trained."""
    model = unpack_checkpoint(tiny_checkpoint(NINE)).model
    generator = torch.Generator().manual_seed(0)
    for name, value in model.named_parameters():
        if name.endswith(".bias") and not name.startswith("entropy."):
            value.add_(0.1 * torch.randn(value.shape, generator=generator))
    return model


def picture_tensor() -> torch.Tensor:
    return torch.from_numpy(tiny_picture(128, 128)).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("common")
    (folder / "start.safetensors").write_bytes(tiny_checkpoint(NINE))
    return write_photographs(folder / "photographs", count=4)


@pytest.mark.parametrize("name", method_names())
def test_two_steps_make_a_codec_that_every_block_end_decodes(
    name: str, photographs: Path, tmp_path: Path
) -> None:
    overrides = [*SHORT, f"start={photographs.parent / 'start.safetensors'}", "classifier=none"]
    run = tmp_path / "run"
    trainer = start_method(name, "peers", overrides, data=str(photographs), output=run)
    phase, preset = trainer.settings.phases[0], load_settings("peers").phases[0]
    kept = (NINE.blocks, preset.lambdas, preset.stage_weights)
    wanted = LAYOUTS.get(name, kept)
    found = (trainer.settings.model.blocks, phase.lambdas, phase.stage_weights)
    assert found == tuple(k if w is None else w for w, k in zip(wanted, kept, strict=True))
    assert trainer.train(stop_at=2).step == 2  # the third would make a report
    export_run(run, tmp_path / "peer.safetensors")
    codec = find_method(name).codec(load_checkpoint(tmp_path / "peer.safetensors"))
    blob = codec.encode(tiny_picture())
    ends = read_header(blob).ends
    assert ends[-1] == len(blob)
    errors = []
    for complete, end in enumerate(ends, 1):
        decoded = codec.decode(blob[:end])
        assert decoded.stages_complete == complete
        errors.append(float(np.square(decoded.pixels.astype(float) - tiny_picture()).mean()))
    variance = np.square(tiny_picture() - tiny_picture().mean((0, 1))).mean()
    assert errors[-1] < min(0.25 * variance, 1.01 * errors[0])


@pytest.mark.parametrize("name", method_names())
def test_transforms_compute_what_the_start_did(name: str) -> None:
    old, new = start(), find_method(name).convert(start()).eval()
    x = picture_tensor()
    with torch.no_grad():
        pictures = [
            m.synthesis(m.latent(x), torch.ones(1, m.config.n_blocks, 8, 8)) for m in (old, new)
        ]
        sides = [m.side_information(m.latent(x)) for m in (old, new)]
    torch.testing.assert_close(pictures[1], pictures[0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(sides[1], sides[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", method_names())
def test_a_start_of_its_own_kind_stays_as_it_is(name: str) -> None:
    once = find_method(name).convert(start())
    again = find_method(name).convert(once)
    assert again.config == once.config
    state = again.state_dict()
    for key, value in once.state_dict().items():
        torch.testing.assert_close(state[key], value, rtol=0, atol=0, msg=key)


def test_versions_that_both_have_keep_their_base_parameters() -> None:
    old, new = start(), find_method("variance-mask").convert(start())
    z = torch.randint(-2, 3, (1, 4, 2, 2)).float()
    before, after = old.entropy.hyper(z), new.entropy.hyper(z)
    # The start's channels of y by plane and base channel: 12 new ones, then 12, then 12.
    for one, other in ((before.mean, after.mean), (before.raw_scale, after.raw_scale)):
        torch.testing.assert_close(other, one)


def test_means_of_channels_at_the_finest_step_are_as_many_times_as_large() -> None:
    old, new = start(), find_method("single-rate").convert(start())
    z = torch.randint(-2, 3, (1, 4, 2, 2)).float()
    before, after = old.entropy.hyper(z), new.entropy.hyper(z)
    torch.testing.assert_close(after.mean, 9 * before.mean[:, :12])
    bias = new.entropy.hyper.base.bias
    assert bias is not None
    assert old.entropy.hyper.base.bias is not None
    sigma, coarse = (
        torch.nn.functional.softplus(b[m : m + 12]) + 0.11
        for b, m in ((bias, 12), (old.entropy.hyper.base.bias, NINE.channels))
    )
    torch.testing.assert_close(sigma, 9 * coarse)


def test_refinements_that_read_the_same_are_kept() -> None:
    old, new = start(), find_method("variance-mask").convert(start())
    first, second = old.entropy.deltas[0], old.entropy.deltas[4]
    kept = new.entropy.deltas
    assert torch.equal(kept[0].hidden.weight, first.hidden.weight)  # reads ẑ alone
    assert torch.equal(kept[1].from_blocks.weight, second.from_blocks.weight)  # all, coarse
    assert torch.equal(kept[1].leave.weight[:5], second.leave.weight[:5])
    assert not bool(kept[1].leave.weight[5:12].any())


def test_what_did_not_arrive_of_a_refinement_is_zero_around_the_coarser_version() -> None:
    codec = find_method("zero-fill").codec(unpack_checkpoint(tiny_checkpoint(NINE)))
    model = codec.checkpoint.model
    generator = torch.Generator().manual_seed(0)
    coarse = [torch.randn(1, width, 8, 8, generator=generator) for width in NINE.blocks[:4]]
    with torch.no_grad():
        filled = model.fill(model.entropy.hyper(torch.zeros(1, 4, 2, 2)), coarse)
    torch.testing.assert_close(model.base(filled), torch.cat(coarse, 1))
    # The bytes say the same: a prefix of the new channels decodes as they stand.
    blob = codec.encode(tiny_picture(128, 128))
    prefix = codec.decode(blob[: read_header(blob).ends[3]])
    whole = codec.decode(blob)
    error = np.abs(prefix.pixels.astype(float) - whole.pixels)
    assert error.mean() < 40  # not the grey of a latent of zeros
    assert np.abs(whole.pixels.astype(float) - whole.pixels.mean((0, 1))).mean() > 40


def test_networks_that_refine_need_no_context() -> None:
    """A Δ-network or its context left out leaves the coarser version as the mean."""
    for change in ({"use_delta": False}, {"use_context": False}):
        config = msgspec.structs.replace(NINE, passes=msgspec.UNSET, **change)
        assert isinstance(config, ModelConfig)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            entropy = ProgressiveModel(config).entropy
        hyper = entropy.hyper(torch.zeros(1, 4, 2, 2))
        before = [torch.full((1, width, 8, 8), 2.0) for width in config.blocks[:4]]
        mean = entropy.block(4, hyper, before).mean
        torch.testing.assert_close(mean, hyper.mean[:, 12:17] + 6.0)


def test_what_the_start_lacks_is_drawn_from_the_seed(photographs: Path, tmp_path: Path) -> None:
    overrides = [*SHORT, f"start={photographs.parent / 'start.safetensors'}", "classifier=none"]
    states = []
    for number, seed in enumerate((0, 0, 1)):
        torch.manual_seed(number)
        run = tmp_path / str(number)
        start_method(
            "ctc", "peers", [*overrides, f"seed={seed}"], data=str(photographs), output=run
        )  # fmt: skip
        states.append(start_model(str(run / START)).state_dict())
    name = "entropy.plane_context.0.hidden.weight"
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
    assert not torch.equal(states[0][name], states[2][name])


def test_a_failed_start_leaves_nothing(photographs: Path, tmp_path: Path) -> None:
    overrides = [*SHORT, f"start={photographs.parent / 'start.safetensors'}"]
    with pytest.raises(CodecError, match="label map"):
        start_method(
            "single-rate", "peers", overrides, data=str(photographs), hierarchy="nowhere",
            output=tmp_path / "run",
        )  # fmt: skip
    assert not (tmp_path / "run").exists()
    with pytest.raises(CodecError, match="expected 1 values"):
        start_method(
            "single-rate", "peers", [*overrides, "phases.0.lambdas=[0.01, 0.02]"],
            data=str(photographs), output=tmp_path / "run",
        )  # fmt: skip
    assert not (tmp_path / "run" / START).exists()
