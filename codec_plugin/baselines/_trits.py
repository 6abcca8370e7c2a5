"""Symbols as balanced trits, highest first, with exact integer probabilities.

A symbol in -R … R, R = (3^L - 1) / 2, has L digits of three values. The frequencies of a digit,
given those above it, are sums of the checkpoint's integer table over the three thirds of the bin
that is left: integers on all machines. Elements of a narrow table have few digits.

    plane L-1 (bins of 3^(L-1)) ─► … ─► plane 0 (bins of 1)
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from codec_plugin.bitstream.coder import PRECISION_BITS, Row

if TYPE_CHECKING:
    from codec_plugin.entropy.tables import TableRow

__all__ = ["MIN_PLANES", "TritTable", "integer_log2", "planes_of"]

MIN_PLANES = 3  # digits at least: values to ±13 can be said of an element thought to be zero
_LOG_BITS = 16
Integers = NDArray[np.int64]


def planes_of(radius: int) -> int:
    """Fewest digits, at least three, that reach ± `radius`."""
    planes = MIN_PLANES
    while (3**planes - 1) // 2 < radius:
        planes += 1
    return planes


def integer_log2(value: int) -> int:
    """floor(2^16 · log2(value)) for value >= 1, by squaring: equal on all machines."""
    whole = value.bit_length() - 1
    mantissa = value << 62 - whole  # 1 ≤ m < 2 with 62 fraction bits
    result = whole
    for _ in range(_LOG_BITS):
        mantissa = mantissa * mantissa >> 62
        result <<= 1
        if mantissa >> 63:
            mantissa >>= 1
            result |= 1
    return result


class TritTable:
    """Digits of the symbols of one rung of the scale ladder.

    Args:
        row: frequencies of the symbols, the escape's last; what lies outside it gets 1 each.
    """

    def __init__(self, row: TableRow) -> None:
        inner = row.frequencies[:-1].astype(np.int64)
        self.planes = planes_of(max(-row.low, row.low + len(inner) - 1))
        self.limit = (3**self.planes - 1) // 2
        counts = np.ones(2 * self.limit + 1, dtype=np.int64)
        counts[row.low + self.limit : row.low + self.limit + len(inner)] += inner
        self._sums = np.concatenate([[0], np.cumsum(counts)])
        values = np.arange(-self.limit, self.limit + 1)
        self._moments = np.concatenate([[0], np.cumsum(counts * values)])
        self._rows: dict[tuple[int, int], Row] = {}

    def thirds(self, plane: int, bin_: int) -> Integers:
        """Frequencies (3,) of the digit of `plane` in a bin, bins numbered from the lowest."""
        edges = 3**plane * (3 * bin_ + np.arange(4))
        digits: Integers = np.diff(self._sums[edges])
        return digits

    def row(self, plane: int, bin_: int) -> Row:
        """Coder's table of that digit: the same scaled to 2^24, none below 1; an escape unused."""
        key = (plane, bin_)
        if key not in self._rows:
            total = 1 << PRECISION_BITS
            counts = self.thirds(plane, bin_)
            scaled = 1 + counts * (total - 4) // int(counts.sum())
            scaled[int(np.argmax(counts))] += total - 1 - int(scaled.sum())
            self._rows[key] = Row(np.append(scaled, 1), 0)
        return self._rows[key]

    def centre(self, plane: int) -> NDArray[np.float64]:
        """Mean symbol of every bin of 3^plane, (3^(planes - plane),)."""
        edges = 3**plane * np.arange(3 ** (self.planes - plane) + 1)
        centre: NDArray[np.float64] = np.diff(self._moments[edges]) / np.diff(self._sums[edges])
        return centre

    @cached_property
    def priorities(self) -> dict[tuple[int, int], int]:
        """Expected fall of the squared error per bit of each digit, in integer units.

        Source: Lee et al. 2022 (DPICT), eq. 8: ΔD / ΔR, here from integers alone.
        """
        return {
            (plane, bin_): self._priority(plane, bin_)
            for plane in range(self.planes)
            for bin_ in range(3 ** (self.planes - plane - 1))
        }

    def _priority(self, plane: int, bin_: int) -> int:
        edges = 3**plane * (3 * bin_ + np.arange(4))
        count, first = ([int(v) for v in np.diff(t[edges])] for t in (self._sums, self._moments))
        total = sum(count)
        # The squares cancel: what a digit explains is the spread of its thirds' means.
        gain = sum(m * m * 256 // n for m, n in zip(first, count, strict=True))
        gain -= sum(first) ** 2 * 256 // total
        bits = total * integer_log2(total) - sum(n * integer_log2(n) for n in count)
        return (max(gain, 0) << 24) // max(bits, 1)
