"""Integer tables: they sum, they fit their distributions, and they survive nothing hostile."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from codec_plugin.entropy.cdf_tables import PRECISION_BITS, CodingTables, quantised_row
from codec_plugin.entropy.hyperprior import FactorisedPrior
from codec_plugin.entropy.scale_table import (
    N_SCALES,
    SCALE_MAX,
    SCALE_MIN,
    inverse_softplus,
    raw_thresholds,
    scale_index,
    scale_ladder,
    sigma_from_raw,
)
from codec_plugin.errors import CheckpointError


def prior(channels: int = 5, seed: int = 0) -> FactorisedPrior:
    torch.manual_seed(seed)
    result = FactorisedPrior(channels)
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.add_(torch.randn_like(parameter))
        result.location[0] += 40
        result.log_scale[1] = -9  # a channel that says nothing
        result.log_scale[2] = 5  # and one that is very wide
    return result


def test_every_row_sums_to_two_to_the_24_with_no_empty_symbol():
    tables = CodingTables.from_prior(prior())
    assert len(tables) == N_SCALES + 5
    assert tables.n_hyper == 5
    rows = [tables.scale(i) for i in range(N_SCALES)] + [tables.hyper(c) for c in range(5)]
    for frequencies, _ in rows:
        assert int(frequencies.astype(np.int64).sum()) == 1 << PRECISION_BITS
        assert frequencies.min() >= 1
        assert np.all(np.diff(np.cumsum(frequencies.astype(np.int64))) > 0)


def test_gaussian_rows_are_symmetric_unimodal_and_right():
    tables = CodingTables.from_prior(prior())
    for i, sigma in enumerate(scale_ladder().tolist()):
        frequencies, low = tables.scale(i)
        body = frequencies[:-1].astype(np.int64)
        assert len(body) == -2 * low + 1
        np.testing.assert_array_equal(body, body[::-1])
        assert np.all(np.diff(body[: -low + 1]) >= 0)
        edges = (np.arange(low, -low + 2) - 0.5) / sigma
        np.testing.assert_allclose(
            body / 2**24, np.diff(norm.cdf(edges)), atol=2 * len(body) / 2**24
        )


def test_prior_rows_follow_the_prior():
    network = prior()
    tables = CodingTables.from_prior(network)
    with torch.no_grad():
        for channel in range(5):
            frequencies, low = tables.hyper(channel)
            values = torch.arange(low, low + len(frequencies) - 1).float()
            z = values.repeat(5, 1).reshape(1, 5, 1, -1)
            expected = torch.exp2(-network.bits(z)[0, channel, 0]).numpy()
            found = frequencies[:-1] / 2**24
            np.testing.assert_allclose(found, expected, atol=1e-3)
            assert frequencies[-1] / 2**24 < 1e-3


def test_a_wide_prior_is_cut_and_its_escape_is_likely():
    network = FactorisedPrior(1)
    with torch.no_grad():
        network.log_scale.fill_(8)
    frequencies, low = CodingTables.from_prior(network).hyper(0)
    assert low >= -2048
    assert len(frequencies) <= 4098
    assert frequencies[-1] / 2**24 > 0.5


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60).filter(lambda mass: sum(mass) > 0),
    st.floats(0, 0.5),
)
@settings(max_examples=100, deadline=None)
def test_any_masses_make_a_row(mass: list[float], tail: float):
    frequencies, _ = quantised_row(np.array(mass), tail, -3)
    assert int(frequencies.astype(np.int64).sum()) == 1 << 24
    assert frequencies.min() >= 1
    assert len(frequencies) == len(mass) + 1


def test_ladder_and_thresholds_are_one_scale():
    ladder = scale_ladder()
    assert ladder[0] == pytest.approx(SCALE_MIN)
    assert ladder[-1] == pytest.approx(SCALE_MAX)
    raw = torch.linspace(-12, 140, 40001, dtype=torch.float64)
    by_threshold = torch.bucketize(raw, raw_thresholds(), right=True)
    by_formula = scale_index(sigma_from_raw(raw)).long()
    off = by_threshold != by_formula
    assert float(off.double().mean()) < 1e-3  # only at the very edges
    assert int((by_threshold - by_formula).abs().max()) <= 1


@given(st.floats(0.12, 120))
@settings(max_examples=50, deadline=None)
def test_inverse_softplus_inverts(sigma: float):
    value = torch.tensor(sigma, dtype=torch.float64)
    assert float(sigma_from_raw(inverse_softplus(value))) == pytest.approx(sigma, rel=1e-9)


@torch.no_grad()
def test_prior_is_a_distribution_and_fits_data():
    network = FactorisedPrior(3)
    torch.manual_seed(0)
    z = torch.tensor([0.5, 3.0, 8.0])[None, :, None, None] * torch.randn(16, 3, 8, 8) + 2
    before = float(network.bits(z.round()).sum())
    network.fit(z)
    assert float(network.bits(z.round()).sum()) < before
    whole = torch.arange(-200.0, 201.0).repeat(3, 1).reshape(1, 3, 1, -1)
    mass = torch.exp2(-network.bits(whole)).sum(-1)
    torch.testing.assert_close(mass, torch.ones_like(mass), rtol=0, atol=1e-3)


def test_tensors_make_a_round_trip():
    tables = CodingTables.from_prior(prior())
    again = CodingTables.from_tensors(tables.tensors())
    for name, tensor in tables.tensors().items():
        assert tensor.dtype == torch.int32
        assert torch.equal(tensor, again.tensors()[name])


@pytest.mark.parametrize("name", ["frequencies", "lengths", "lows", "n_scales"])
@pytest.mark.parametrize("spoil", ["missing", "type", "short", "zero", "huge"])
def test_spoiled_tensors_are_refused(name: str, spoil: str):
    tensors = CodingTables.from_prior(prior()).tensors()
    key = f"tables.{name}"
    if spoil == "missing":
        del tensors[key]
    elif spoil == "type":
        tensors[key] = tensors[key].long()
    elif spoil == "short":
        tensors[key] = tensors[key][:-1]
    elif spoil == "zero":
        tensors[key] = torch.full_like(tensors[key], -(2**31))
    else:
        tensors[key] = torch.full_like(tensors[key], 2**31 - 1)
    with pytest.raises(CheckpointError):
        CodingTables.from_tensors(tensors)


def test_refinements_have_a_ladder_of_their_own() -> None:
    tables = CodingTables.from_prior(prior(), refines=True)
    assert tables.n_scales == 2 * N_SCALES
    assert (tables.first_scale(refined=False), tables.first_scale(refined=True)) == (0, N_SCALES)
    assert CodingTables.from_prior(prior()).first_scale(refined=True) == 0  # as older checkpoints
    counts = [np.zeros(1)] * N_SCALES + [np.array([1e6, 2e6])] * N_SCALES  # thirds of a cell
    fitted = tables.refitted(counts, 64.0)
    first, again = fitted.scale(40), fitted.scale(N_SCALES + 40)
    assert np.abs(first.frequencies - tables.scale(40).frequencies).max() <= 64  # rounding
    thirds = again.frequencies[-again.low - 1 : -again.low + 2] / again.frequencies.sum()
    assert thirds == pytest.approx([1 / 3] * 3, rel=1e-3)
