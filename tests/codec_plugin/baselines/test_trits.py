"""Digits: integer tables, integer logarithms, and planes that say the whole symbol."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_plugin.baselines._trits import TritTable, integer_log2, planes_of
from codec_plugin.bitstream.range_coder import StageReader, StageWriter
from codec_plugin.entropy.cdf_tables import quantised_row
from codec_plugin.latent_codec.symbol_order import SYMBOL_LIMIT


def gaussian(sigma: float, radius: int, least: int = 1) -> TritTable:
    values = np.arange(-radius, radius + 1)
    mass = np.exp(-0.5 * (values / sigma) ** 2)
    return TritTable(quantised_row(mass / mass.sum(), 1e-5, -radius), least)


@given(st.integers(1, 1 << 40))
def test_integer_logarithm_is_the_floor(value: int) -> None:
    exact = 2**16 * math.log2(value)
    assert exact - 1.001 <= integer_log2(value) <= exact + 0.001


@pytest.mark.parametrize("power", range(30))
def test_integer_logarithm_of_powers_of_two(power: int) -> None:
    assert integer_log2(1 << power) == power << 16


@pytest.mark.parametrize(("radius", "planes"), [(0, 1), (1, 1), (2, 2), (13, 3), (14, 4), (41, 5)])
def test_planes_reach_the_radius(radius: int, planes: int) -> None:
    assert planes_of(radius) == planes


@given(st.floats(0.2, 12.0), st.integers(1, 5))
def test_thirds_add_up_to_their_bin(sigma: float, least: int) -> None:
    table = gaussian(sigma, max(2, math.ceil(4 * sigma)), least)
    for plane in range(table.planes - 1):
        for bin_ in range(3 ** (table.planes - plane - 1)):
            above = table.thirds(plane + 1, bin_ // 3)[bin_ % 3]
            assert table.thirds(plane, bin_).sum() == above


def test_a_digit_that_the_table_does_not_foresee_costs_the_others_nothing() -> None:
    few, many = (gaussian(0.3, 2, least) for least in (2, 4))
    assert (few.limit, many.limit) == (4, 40)
    foreseen = [few.thirds(1, 0)[1], *few.thirds(0, 1)]
    assert [many.thirds(1, 4)[1], *many.thirds(0, 13)] == foreseen
    top = many.thirds(3, 0)
    assert top[0] == top[2] == 27  # one a symbol
    assert -math.log2(top[1] / top.sum()) < 1e-5


def test_sums_of_far_planes_need_no_long_tables() -> None:
    table = gaussian(0.3, 2, least=14)
    assert table.limit == (3**14 - 1) // 2 >= SYMBOL_LIMIT
    assert table.thirds(13, 0).sum() == 3**14 + gaussian(0.3, 2).thirds(1, 0).sum() - 9
    assert table.centre(0, np.array([0, 3**14 - 1])).tolist() == [-table.limit, table.limit]


@given(st.lists(st.integers(-121, 121), min_size=1, max_size=40))
def test_digits_coded_and_read_give_the_symbols(symbols: list[int]) -> None:
    table = gaussian(1.5, 6, least=5)
    offset = np.array(symbols) + table.limit
    writer = StageWriter()
    for plane in reversed(range(table.planes)):
        for value in offset:
            digit = np.array([value // 3**plane % 3], dtype=np.int32)
            writer.put(table.row(plane, int(value) // 3 ** (plane + 1)), digit)
    reader = StageReader(writer.finish(), whole=True)
    bins = np.zeros(len(symbols), dtype=int)
    for plane in reversed(range(table.planes)):
        for place, bin_ in enumerate(bins):
            bins[place] = 3 * bin_ + reader.take(table.row(plane, int(bin_)), 1).values[0]
    assert (bins - table.limit).tolist() == symbols


def test_centres_are_means_and_symmetric() -> None:
    table = gaussian(3.0, 12)
    assert table.centre(table.planes, np.arange(1))[0] == pytest.approx(0, abs=1e-3)
    symbols = np.arange(-table.limit, table.limit + 1)
    assert table.centre(0, symbols + table.limit).tolist() == symbols.tolist()
    widest = table.centre(table.planes - 1, np.arange(3))
    assert widest[0] == pytest.approx(-widest[2], rel=1e-3)


def test_priority_falls_from_plane_to_plane() -> None:
    table = gaussian(3.0, 14)
    middle = [3 ** (table.planes - plane - 1) // 2 for plane in range(table.planes)]
    found = [table.priority(plane, bin_) for plane, bin_ in enumerate(middle)]
    assert found == sorted(found)
    assert found[0] > 0
