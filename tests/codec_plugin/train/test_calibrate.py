"""Symbols weighed against bits, and tables as symbols fall: cheaper files, the same decoder."""

import msgspec
import numpy as np
import pytest
import torch

from codec_plugin.checkpointing.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    pack_checkpoint,
    unpack_checkpoint,
)
from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.codec import Codec
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.errors import CheckpointError
from codec_plugin.latent_codec.rdo_quantization import Quantiser, whole_numbers
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.calibrate import error_costs, fitted_tables
from codec_plugin.train.settings import load_settings
from tests.codec_plugin.semantic import pixel_maps, small_hierarchy
from tests.codec_plugin.tiny import META, stored_codec, tiny_picture


@pytest.fixture(scope="module")
def plain() -> Checkpoint:
    return stored_codec().checkpoint


@pytest.fixture(scope="module")
def images() -> list[torch.Tensor]:
    sizes = [(64, 64), (70, 90), (128, 64)]
    return [torch.from_numpy(tiny_picture(*s)).permute(2, 0, 1).float() / 255 for s in sizes]


def test_each_symbol_is_the_cheaper_of_two(plain: Checkpoint) -> None:
    torch.manual_seed(0)
    residual = 3 * torch.randn(1, 3, 8, 8)
    index = torch.randint(0, 40, residual.shape).to(torch.uint8)
    cost = 2.5
    chosen = Quantiser(plain.tables, [[cost] * 3])(0, residual, index)
    nearest = whole_numbers(residual)

    def total(symbols: torch.Tensor) -> np.ndarray:
        bits = []
        for rung, symbol in zip(index.flatten().tolist(), symbols.flatten().tolist(), strict=True):
            row = plain.tables.scale(rung)
            place = symbol - row.low
            held = 0 <= place < len(row.frequencies) - 1
            entry = row.frequencies[place if held else -1]
            bits.append(24 - np.log2(entry) + (0 if held else 2 * np.log2(1 + abs(symbol))))
        error = (residual - symbols).square().flatten().numpy()
        return np.array(bits) + cost * error

    below = nearest - nearest.sign()
    assert bool(((chosen == nearest) | (chosen == below)).all())
    assert (chosen != nearest).any()
    assert np.all(total(chosen) <= np.minimum(total(nearest), total(below)) + 1e-3)


def test_dear_errors_leave_rounding(plain: Checkpoint) -> None:
    residual = torch.linspace(-5.03, 4.98, 101).view(1, 1, 1, -1)
    index = torch.full(residual.shape, 20, dtype=torch.uint8)
    chosen = Quantiser(plain.tables, [[1e6]])(0, residual, index)
    assert torch.equal(chosen, whole_numbers(residual))


def test_an_error_costs_what_it_does_to_the_picture(
    plain: Checkpoint, images: list[torch.Tensor]
) -> None:
    """Against errors really made, in the last block, channel by channel."""
    model, lambdas = plain.model, (0.0, 0.0, 0.02)
    costs = error_costs(model, images[:1], lambdas)
    with torch.no_grad():
        latents = model.quantise(images[0][None])
        clean = torch.cat(latents.y_hat, 1)
        known = torch.ones(1, 3, *clean.shape[2:])
        first = sum(model.config.blocks[:2])
        for channel, cost in enumerate(costs[2]):
            spoiled = clean.clone()
            spoiled[:, first + channel, 2, 2] += 0.5
            error = model.synthesis(spoiled, known) - model.synthesis(clean, known)
            bits = lambdas[2] * 255**2 * float(error.square().sum()) / 3
            assert 2.5 * bits == pytest.approx(0.25 * cost, rel=0.6)


def test_matched_maps_are_paid_for_as_they_were_trained(
    plain: Checkpoint, images: list[torch.Tensor]
) -> None:
    """A map that is the picture: its distance is the squared error over the picture's power."""
    semantics = Semantics(pixel_maps(), small_hierarchy())
    model, none = plain.model, (0.0, 0.0, 0.0)
    large = [torch.from_numpy(tiny_picture(256, 256)).permute(2, 0, 1).float() / 255]
    found = error_costs(model, large, none, semantics, (0.0, 0.0, 3.0))
    lagrangian = 3.0 / float(large[0].square().mean()) / 255**2
    wanted = error_costs(model, large, (0.0, 0.0, lagrangian))
    ratios = [
        a / b
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    assert np.median(ratios) == pytest.approx(1.0, abs=0.3)
    dearer = error_costs(model, images[:1], META.lambdas, semantics, (3.0, 0.0, 0.0))
    plainly = error_costs(model, images[:1], META.lambdas)
    assert all(a > b for a, b in zip(dearer[0], plainly[0], strict=True))


def test_errors_that_finer_versions_must_mend_are_dear(images: list[torch.Tensor]) -> None:
    """Channel 0 comes three times, channel 1 twice, channel 2 once."""
    ranges = ((0, 3), (0, 2), (0, 1))
    config = msgspec.structs.replace(
        load_settings("tiny").model, blocks=(3, 2, 1), steps=(0.9, 0.3, 0.1), ranges=ranges
    )
    torch.manual_seed(0)
    model = ProgressiveModel(config).eval()
    lambdas, semantics = (0.001, 0.004, 0.02), Semantics(pixel_maps(), small_hierarchy())
    found = error_costs(model, images[:1], lambdas)
    # Hardly anything is matched: what remains is the price of pixels, once.
    once = error_costs(model, images[:1], lambdas, semantics, (1e-9, 0.0, 0.0))
    factors = [
        [a / b for a, b in zip(*pair, strict=True)] for pair in zip(found, once, strict=True)
    ]
    assert factors == [pytest.approx(wanted, rel=1e-3) for wanted in ([9, 3, 1], [3, 1], [1])]


def test_fitted_tables_and_weighed_symbols_shorten_files(
    plain: Checkpoint, images: list[torch.Tensor]
) -> None:
    costs = error_costs(plain.model, images, META.lambdas)
    tables = fitted_tables(plain.model, plain.exact, images, costs)
    meta = CheckpointMeta(lambdas=META.lambdas, error_costs=costs)
    fitted = Codec(unpack_checkpoint(pack_checkpoint(plain.model, plain.exact, tables, meta)))
    assert fitted.checkpoint.meta.error_costs == costs
    picture = tiny_picture(192, 192)
    short, long = fitted.encode(picture), Codec(plain).encode(picture)
    assert len(short) < len(long)
    assert fitted.decode(short).fractions == (1, 1, 1)
    assert len(fitted.encode(picture, effort=8)) < 1.05 * len(short)  # a search weighs bits too


def test_a_rung_without_symbols_stays_a_gaussian(plain: Checkpoint) -> None:
    tables = CodingTables.from_prior(plain.model.entropy.prior)
    counts = [np.zeros(1)] * tables.n_scales
    counts[20] = np.array([900.0, 80, 15, 5])
    found = tables.refitted(counts, 64.0)
    for rung in (0, 19, 21, 63):
        assert (
            np.abs(found.scale(rung).frequencies - tables.scale(rung).frequencies).max()
            < 1e-4 * 2**24
        )
    row = found.scale(20)
    middle = -row.low
    assert row.frequencies[middle] / 2**24 == pytest.approx(0.9, abs=0.05)
    assert np.array_equal(row.frequencies[:middle], row.frequencies[middle + 1 : -1][::-1])


@pytest.mark.parametrize("costs", [((1.0,),), ((1.0,) * 3, (1.0,) * 4, (-1.0,) * 5)])
def test_prices_that_do_not_fit_are_refused(plain: Checkpoint, costs: object) -> None:
    with pytest.raises(CheckpointError, match="error_costs"):
        pack_checkpoint(
            plain.model,
            plain.exact,
            plain.tables,
            CheckpointMeta(error_costs=costs),  # type: ignore[arg-type]
        )
