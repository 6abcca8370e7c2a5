"""Digits: integer tables, integer logarithms, and planes that say the whole symbol."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_plugin.baselines._trits import TritTable, integer_log2, planes_of
from codec_plugin.bitstream.coder import StageReader, StageWriter
from codec_plugin.entropy.tables import quantised_row


def gaussian(sigma: float, radius: int) -> TritTable:
    values = np.arange(-radius, radius + 1)
    mass = np.exp(-0.5 * (values / sigma) ** 2)
    return TritTable(quantised_row(mass / mass.sum(), 1e-5, -radius))


@given(st.integers(1, 1 << 40))
def test_integer_logarithm_is_the_floor(value: int) -> None:
    exact = 2**16 * math.log2(value)
    assert exact - 1.001 <= integer_log2(value) <= exact + 0.001


@pytest.mark.parametrize("power", range(30))
def test_integer_logarithm_of_powers_of_two(power: int) -> None:
    assert integer_log2(1 << power) == power << 16


@pytest.mark.parametrize(("radius", "planes"), [(1, 3), (13, 3), (14, 4), (40, 4), (41, 5)])
def test_planes_reach_the_radius(radius: int, planes: int) -> None:
    assert planes_of(radius) == planes


@given(st.floats(0.2, 12.0))
def test_thirds_add_up_to_their_bin(sigma: float) -> None:
    table = gaussian(sigma, max(2, math.ceil(4 * sigma)))
    for plane in range(table.planes - 1):
        for bin_ in range(3 ** (table.planes - plane - 1)):
            above = table.thirds(plane + 1, bin_ // 3)[bin_ % 3]
            assert table.thirds(plane, bin_).sum() == above


@given(st.lists(st.integers(-13, 13), min_size=1, max_size=40))
def test_digits_coded_and_read_give_the_symbols(symbols: list[int]) -> None:
    table = gaussian(1.5, 6)
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
    assert table.centre(table.planes)[0] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(table.centre(0), np.arange(-table.limit, table.limit + 1))
    widest = table.centre(table.planes - 1)
    assert widest[0] == pytest.approx(-widest[2], rel=1e-3)


def test_priority_falls_from_plane_to_plane() -> None:
    table = gaussian(3.0, 14)
    middle = [3 ** (table.planes - plane - 1) // 2 for plane in range(table.planes)]
    found = [table.priorities[plane, bin_] for plane, bin_ in enumerate(middle)]
    assert found == sorted(found)
    assert found[0] > 0
