"""Symbols as balanced trits, highest first, with exact integer probabilities.

A symbol in -R … R, R = (3^L - 1) / 2, has L digits of three values. The frequencies of a digit,
given those above it, are sums of the checkpoint's integer table over the three thirds of the bin
that is left: integers on all machines. Elements of a narrow table have few digits, but never fewer
than a picture's largest symbol needs: its file tells how many that is.

    plane L-1 (bins of 3^(L-1)) ─► … ─► plane 0 (bins of 1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from codec_plugin.bitstream.range_coder import PRECISION_BITS, Row

if TYPE_CHECKING:
    from codec_plugin.entropy.cdf_tables import TableRow

__all__ = ["TritTable", "integer_log2", "planes_of", "quarter_power"]

_LOG_BITS = 16
_WEIGHT_BITS = 16
_QUARTERS = (65536, 77936, 92682, 110218)  # 2^16 · 2^(n/4), rounded
Integers = NDArray[np.int64]


def planes_of(radius: int) -> int:
    """Fewest digits, at least one, that reach ± `radius`."""
    planes = 1
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


def quarter_power(quarters: int) -> int:
    """About 2^(16 + quarters/4), equal on all machines; quarters within ± 64."""
    whole, part = divmod(quarters, 4)
    value = _QUARTERS[part]
    return value << whole if whole >= 0 else max(1, value >> -whole)


class TritTable:
    """Digits of the symbols of one scale index.

    Args:
        row: frequencies of the symbols, the escape's last; what lies outside it gets 1 each.
        least: digits at least; the row's own symbols may need more.
    Attributes:
        planes: digits of every symbol.
        limit: largest symbol that they can say.
    """

    def __init__(self, row: TableRow, least: int = 1) -> None:
        inner = row.frequencies[:-1].astype(np.int64)
        self.planes = max(least, planes_of(max(-row.low, row.low + len(inner) - 1)))
        self.limit = (3**self.planes - 1) // 2
        self._low = row.low
        values = row.low + np.arange(len(inner))
        self._sums = np.concatenate([[0], np.cumsum(inner)])
        self._moments = np.concatenate([[0], np.cumsum(inner * values)])
        self._rows: dict[tuple[int, int], Row] = {}
        self._tilted: dict[tuple[int, int, int, int], Row] = {}
        self._priorities: dict[tuple[int, int], int] = {}

    def thirds(self, plane: int, bin_: int) -> Integers:
        """Frequencies (3,) of the digit of `plane` in a bin, bins numbered from the lowest."""
        digits: Integers = np.diff(self._below(3**plane * (3 * bin_ + np.arange(4)))[0])
        return digits

    def row(self, plane: int, bin_: int) -> Row:
        """Coder's table of that digit: the same scaled to 2^24, none below 1; an escape unused."""
        key = (plane, bin_)
        if key not in self._rows:
            self._rows[key] = _three_way(self.thirds(plane, bin_))
        return self._rows[key]

    def tilted(self, plane: int, bin_: int, tilt: int, peak: int) -> Row:
        """That table with the outer digits 2^(∓tilt/4) and the middle one 2^(peak/4) as likely."""
        key = (plane, bin_, tilt, peak)
        if key not in self._tilted:
            weights = np.array([quarter_power(n) for n in (-tilt, peak, tilt)], dtype=np.int64)
            self._tilted[key] = _three_way(self.thirds(plane, bin_) * weights >> _WEIGHT_BITS)
        return self._tilted[key]

    def centre(self, plane: int, bins: Integers) -> NDArray[np.float64]:
        """Mean symbol of each of the `bins` (N,) of 3^plane symbols."""
        ends = [self._below(3**plane * (bins + side)) for side in (0, 1)]
        centre: NDArray[np.float64] = (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0])
        return centre

    def priority(self, plane: int, bin_: int) -> int:
        """Expected fall of the squared error per bit of a digit, in integer units.

        Source: Lee et al. 2022 (DPICT), eq. 8: ΔD / ΔR, here from integers alone.
        """
        key = (plane, bin_)
        if key not in self._priorities:
            self._priorities[key] = self._priority(plane, bin_)
        return self._priorities[key]

    def _priority(self, plane: int, bin_: int) -> int:
        sums = self._below(3**plane * (3 * bin_ + np.arange(4)))
        count, first = ([int(v) for v in np.diff(t)] for t in sums)
        total = sum(count)
        # The squares cancel: what a digit explains is the spread of its thirds' means.
        gain = sum(m * m * 256 // n for m, n in zip(first, count, strict=True))
        gain -= sum(first) ** 2 * 256 // total
        bits = total * integer_log2(total) - sum(n * integer_log2(n) for n in count)
        return (max(gain, 0) << 24) // max(bits, 1)

    def _below(self, edges: Integers) -> tuple[Integers, Integers]:
        """Sums of the frequencies, and of symbol times frequency, below `edges` (from the lowest).

        The row's own part is looked up; that of one a symbol, everywhere, is a formula.
        """
        inside = np.clip(edges - self.limit - self._low, 0, len(self._sums) - 1)
        ones = edges * (edges - 1 - 2 * self.limit) // 2
        return edges + self._sums[inside], ones + self._moments[inside]


def _three_way(counts: Integers) -> Row:
    """Coder's table of a digit: counts (3,) scaled to 2^24, none below 1; an escape unused."""
    total = 1 << PRECISION_BITS
    scaled = 1 + counts * (total - 4) // max(1, int(counts.sum()))
    scaled[int(np.argmax(counts))] += total - 1 - int(scaled.sum())
    return Row(np.append(scaled, 1), 0)
