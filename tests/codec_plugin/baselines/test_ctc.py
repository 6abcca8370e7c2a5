"""Context networks of digits: integers on both sides, every prefix, and bytes that they save."""

from functools import cache, partial

import numpy as np
import pytest
import torch

from codec_plugin.baselines._digit_context import LADDER, DigitContextModel
from codec_plugin.baselines._trits import TritTable, quarter_power
from codec_plugin.baselines.registry import find_method
from codec_plugin.baselines.training import view
from codec_plugin.bitstream.container import read_header
from codec_plugin.bitstream.range_coder import Row
from codec_plugin.checkpointing.checkpoint import pack_checkpoint, unpack_checkpoint
from codec_plugin.codec import Codec
from codec_plugin.entropy.cdf_tables import CodingTables, quantised_row
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactEntropy
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from tests.codec_plugin.baselines.test_methods import (
    META,
    peer,
    picture_tensor,
    psnr_db,
    warm_start,
)
from tests.codec_plugin.tiny import tiny_picture

CTC, TRITS = find_method("ctc"), find_method("trit-plane")


def with_networks(std: float = 0.0) -> ProgressiveModel:
    """The method's start; `std`: of its networks' last layers, zero at the start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CTC.convert(warm_start())
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for network in model.entropy.plane_context:
            network.leave.weight.normal_(std=std, generator=generator)
            network.leave.bias.normal_(std=std, generator=generator)
    return model


def codecs(model: ProgressiveModel) -> tuple[Codec, Codec]:
    """Codecs of a checkpoint, with its networks and without."""
    model = view(ProgressiveModel, model).eval()
    tables = CodingTables.from_prior(model.entropy.prior)
    packed = pack_checkpoint(model, ExactEntropy.from_model(model), tables, META)
    return CTC.codec(unpack_checkpoint(packed)), TRITS.codec(unpack_checkpoint(packed))


@cache
def leaning() -> tuple[Codec, Codec]:
    """With networks that answer much, and without."""
    return codecs(with_networks(1.0))


def test_networks_that_say_nothing_change_nothing() -> None:
    silent, without = codecs(with_networks())
    blob = silent.encode(tiny_picture())
    assert blob == without.encode(tiny_picture())
    half = blob[: len(blob) // 2]
    assert np.array_equal(silent.decode(half).pixels, without.decode(half).pixels)


def test_whole_files_hold_the_same_symbols_in_other_bytes() -> None:
    context, without = leaning()
    blob, plain = context.encode(tiny_picture()), without.encode(tiny_picture())
    assert blob != plain
    decoded = context.decode(blob)
    assert decoded.fractions == (1.0,)
    assert np.array_equal(decoded.pixels, without.decode(plain).pixels)
    assert context.encode(tiny_picture()) == blob


def test_answers_of_both_ends_of_the_ladder_are_used() -> None:
    context, _ = leaning()
    used: list[np.ndarray] = []
    latents = context.latents
    original = latents.contexts
    state_of = partial(original)

    class Watched(type(latents)):  # type: ignore[misc]
        def contexts(self, *arguments: object) -> np.ndarray:
            used.append(state_of(*arguments))
            return used[-1]

    watched = Watched(context.checkpoint, latents.rank)
    y = torch.randn(1, 24, 8, 8, generator=torch.Generator().manual_seed(0)) * 6
    watched.encode(y, torch.zeros(1, 8, 2, 2))
    tilt = np.concatenate(used) // (2 * LADDER + 1) - LADDER
    assert tilt.min() == -LADDER
    assert tilt.max() == LADDER


def test_every_prefix_decodes_and_more_bytes_tell_more() -> None:
    context, _ = leaning()
    blob = context.encode(tiny_picture())
    header = read_header(blob)
    shares = []
    for size in range(header.size_bytes, len(blob), 23):
        decoded = context.decode(blob[:size])
        assert decoded.pixels.shape == (70, 90, 3)
        shares.append(decoded.fractions[0])
    assert shares == sorted(shares)
    ends = [context.decode(blob[:end]).stages_complete for end in header.ends]
    assert ends == list(range(1, header.stages + 1))


def test_integers_answer_as_the_network_that_was_trained() -> None:
    model = with_networks(1.0).eval()
    exact = ExactEntropy.from_tensors(ExactEntropy.from_model(model).tensors())
    z = torch.randint(-2, 3, (1, 8, 2, 2), generator=torch.Generator().manual_seed(1))
    seen = [torch.randint(-13, 14, (1, 24, 8, 8)), torch.full((1, 24, 8, 8), 9)]
    for network in range(2):
        with torch.no_grad():
            features = model.entropy.hyper(z.float()).features
            floats = model.entropy.plane_context[network](features, [s.float() for s in seen])
        answer = exact.plane_context(
            network, exact.hyper(z), [(s << FRACTION_BITS).int() for s in seen]
        )
        integers = torch.cat([answer.mean, answer.raw_scale], 1) * 0.5**16
        assert float(floats.abs().max()) > 1
        torch.testing.assert_close(integers.float(), floats, rtol=0.01, atol=0.02)


def frequencies(row: Row) -> np.ndarray:
    """Those of the three digits and the escape."""
    counts: np.ndarray = row.__reduce__()[1][0]
    return counts


def test_tables_lean_as_they_are_told() -> None:
    mass = np.exp(-0.5 * (np.arange(-9, 10) / 2.5) ** 2)
    table = TritTable(quantised_row(mass / mass.sum(), 1e-5, -9))
    middle = (3 ** (table.planes - 1) - 1) // 2
    base = frequencies(table.row(0, middle))
    assert frequencies(table.tilted(0, middle, 0, 0)).tolist() == base.tolist()
    for tilt, peak in ((4, 0), (-8, 0), (0, 4), (3, -6)):
        wanted = base[:3] * 2.0 ** (np.array([-tilt, peak, tilt]) / 4)
        found = frequencies(table.tilted(0, middle, tilt, peak))
        assert found.sum() == 1 << 24
        np.testing.assert_allclose(found[:3] / found.sum(), wanted / wanted.sum(), rtol=1e-4)


@pytest.mark.parametrize("quarters", range(-LADDER, LADDER + 1))
def test_quarter_powers(quarters: int) -> None:
    assert quarter_power(quarters) == pytest.approx(2 ** (16 + quarters / 4), rel=2e-4)


def test_training_saves_bytes_and_betters_cut_pictures() -> None:
    """What the training forward lowers is what files cost and what prefixes decode to."""
    model = view(DigitContextModel, with_networks()).train()
    assert isinstance(model, DigitContextModel)
    model.requires_grad_(False)
    model.entropy.plane_context.requires_grad_(True)
    optimizer = torch.optim.Adam(model.entropy.plane_context.parameters(), lr=0.01)
    torch.manual_seed(0)
    for step in range(240):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / 240)
        output = model(picture_tensor())
        if not output.x_hat.requires_grad:
            continue
        optimizer.zero_grad()
        pixels = picture_tensor()[0, 0].numel()
        error = (output.x_hat - picture_tensor()).square().mean()
        (output.kept_bits.mean() / pixels + 0.035 * 255**2 * error).backward()
        optimizer.step()
    picture = tiny_picture(128, 128)
    context, without = codecs(model)
    blob, plain = context.encode(picture), without.encode(picture)
    assert len(blob) < 0.97 * len(plain)
    for k in range(5):  # the last two planes are near whole files
        found = context.decode(blob[: read_header(blob).ends[k]])
        other = without.decode(plain[: read_header(plain).ends[k]])
        assert psnr_db(found.pixels, picture) > psnr_db(other.pixels, picture) + 0.1


def test_a_checkpoint_without_networks_is_refused() -> None:
    with pytest.raises(ConfigError, match="--method ctc"):
        CTC.codec(peer("single-rate").checkpoint)
