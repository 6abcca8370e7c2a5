"""Symbols to bytes and back: a range coder over integer tables, readable from any prefix.

The coder is constriction's queue (range) coder: 64-bit state, 32-bit words, 24-bit frequencies.
A prefix of a payload stands for every payload that begins with it, that is for an interval of
numbers; the symbols decoded from both its ends are the symbols decoded from all of it. Those are
*determined*; `StageReader` returns them and says where they end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from constriction import stream

from codec_plugin.errors import BitstreamError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_OVERSHOOT", "PRECISION_BITS", "Row", "Run", "StageReader", "StageWriter"]

PRECISION_BITS = 24
MAX_OVERSHOOT = (1 << 24) - 2  # largest escaped value, after folding the sign into the low bit
_STATE_BITS = 64
_CHUNK = 1 << 16  # escapes handled at once: bounds memory whatever the bytes claim
_RUN = 1 << 22  # symbols of one decode call, likewise


class Row:
    """One probability table: the symbols `low` … `low + n - 1`, then the escape.

    Args:
        frequencies: (n + 1,) integers >= 1 with sum 2**24; the last is the escape's.
        low: value of the first symbol.
    """

    def __init__(self, frequencies: NDArray[np.integer[Any]], low: int) -> None:
        counts = np.asarray(frequencies, dtype=np.int64)
        if counts.ndim != 1 or counts.size < 2 or counts.min() < 1:
            raise ValueError("a table is a row of two or more frequencies, each at least 1")
        if int(counts.sum()) != 1 << PRECISION_BITS:
            raise ValueError(f"frequencies sum to {counts.sum()}, not to 2**{PRECISION_BITS}")
        self.low = low
        self.size = counts.size - 1
        self.likeliest = low + int(np.argmax(counts[:-1]))
        self.model = _model(counts)
        self._frequencies = counts

    def __reduce__(self) -> tuple[type[Row], tuple[NDArray[np.int64], int]]:
        """Made anew where it is copied: the coder's model itself cannot be."""
        return Row, (self._frequencies, self.low)


class Run(NamedTuple):
    """Symbols of one run of equal table.

    `values` (n,) int32, zero where unknown; `known` (n,) bool: determined by the bytes received.
    """

    values: NDArray[np.int32]
    known: NDArray[np.bool_]


def _model(counts: NDArray[np.int64]) -> Any:
    """A constriction model whose frequencies are exactly `counts`.

    constriction gives each of n symbols 1 and shares 2**24 - n in proportion to the numbers given.
    Given `counts - 1`, whose sum is 2**24 - n, the factor is 1 and every sum is an integer below
    2**24: exact in floating point, and tested against an integer coder.
    """
    return stream.model.Categorical((counts - 1).astype(np.float64), perfect=False)


def _geometric(symbols: int) -> NDArray[np.int64]:
    """Frequencies of a count of leading zeros: a half, a quarter, … of 2**24."""
    halves = [1 << (PRECISION_BITS - 1 - i) for i in range(symbols - 1)]
    return np.array([*halves, (1 << PRECISION_BITS) - sum(halves)], dtype=np.int64)


_LENGTH = _model(_geometric(PRECISION_BITS))  # bits behind the first of an escaped number: 0 … 23
_BIT = _model(np.full(2, 1 << (PRECISION_BITS - 1), dtype=np.int64))


class StageWriter:
    """Collect runs of symbols and return the shortest payload that decodes to them."""

    def __init__(self) -> None:
        self._encoder = stream.queue.RangeEncoder()

    def put(self, row: Row, values: NDArray[np.int32]) -> None:
        """Append `values` (n,) under one table; those outside it as escapes.

        Raises:
            ValueError: a value lies more than 2**23 - 1 outside the table.
        """
        index = values - np.int32(row.low)
        outside = (index < 0) | (index >= row.size)
        if not outside.any():
            self._encoder.encode(index, row.model)
            return
        over = index[outside].astype(np.int64)
        index[outside] = row.size
        self._encoder.encode(index, row.model)
        folded = np.where(over < 0, -2 * over - 1, 2 * (over - row.size))
        if folded.max() > MAX_OVERSHOOT:
            raise ValueError(f"symbol {np.abs(values).max()} is beyond what an escape can carry")
        for start in range(0, folded.size, _CHUNK):
            self._put_escapes(folded[start : start + _CHUNK] + 1)

    def _put_escapes(self, numbers: NDArray[np.int64]) -> None:
        """Exp-Golomb code of `numbers` >= 1: all lengths first, then all low bits."""
        lengths = np.frexp(numbers.astype(np.float64))[1].astype(np.int64) - 1
        self._encoder.encode(lengths.astype(np.int32), _LENGTH)
        shifts = _descending(lengths)
        if shifts.size:
            bits = np.repeat(numbers, lengths) >> shifts & 1
            self._encoder.encode(bits.astype(np.int32), _BIT)

    def finish(self) -> bytes:
        """The payload: fewest bytes such that, zeros appended, it decodes to what was put."""
        if self._encoder.is_empty():
            return b""
        position: tuple[int, tuple[int, int]] = self._encoder.pos()
        words, (lower, width) = position
        sealed = self._encoder.get_compressed()
        total_bytes = 4 * words + _STATE_BITS // 8
        point = int.from_bytes(sealed.astype(">u4").tobytes(), "big")
        point <<= 8 * (total_bytes - 4 * len(sealed))
        # `point` is some number inside the final interval; the interval starts `offset` below it.
        low = point - ((point - lower) % (1 << _STATE_BITS))
        for dropped in range(_STATE_BITS // 8, -1, -1):
            candidate: int = -(-low >> 8 * dropped) << 8 * dropped
            if candidate < low + width:
                return candidate.to_bytes(total_bytes, "big").rstrip(b"\0")
        raise AssertionError("an interval holds at least its own start")


def _descending(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """length - 1, …, 1, 0 for each of `lengths`, one after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    return np.repeat(ends, lengths) - 1 - np.arange(total)


class StageReader:
    """Read runs back from a payload, or from a prefix of one.

    Args:
        payload: the bytes received.
        whole: they are all of the payload (then every symbol is determined).
    """

    def __init__(self, payload: bytes, *, whole: bool) -> None:
        self._low = _Decoder(payload, b"\0", careful=not whole)
        # The state reads at most 8 bytes ahead of the interval; four more keep the words aligned.
        self._high = None if whole else _Decoder(payload, b"\xff" * 12, careful=True)
        self.exhausted = not whole and not payload

    def take(self, row: Row, count: int) -> Run:
        """The next `count` symbols of one table; nothing is known once the bytes are used up.

        Raises:
            BitstreamError: a whole payload that no encoder writes.
        """
        values = np.zeros(count, dtype=np.int32)
        known = np.zeros(count, dtype=np.bool_)
        index = self._symbols(row.model, count)
        values[: index.size] = index + np.int32(row.low)
        known[: index.size] = True
        places = np.flatnonzero(index == row.size)
        for start in range(0, places.size, _CHUNK):
            at = places[start : start + _CHUNK]
            folded, complete = self._escapes(at.size)
            over = np.where(folded & 1, -(folded + 1) // 2, folded // 2 + row.size)
            values[at] = np.where(complete, over + row.low, 0)
            known[at] = complete
        return Run(values, known)

    def _escapes(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Folded values of `count` escapes, and which of them are determined."""
        folded = np.zeros(count, dtype=np.int64)
        lengths = self._symbols(_LENGTH, count).astype(np.int64)
        bits = self._symbols(_BIT, int(lengths.sum())).astype(np.int64)
        ends = np.cumsum(lengths)
        complete = np.zeros(count, dtype=np.bool_)
        complete[: lengths.size] = ends <= bits.size
        if lengths.size < count:  # lengths cut: no bits follow, but numbers of length 0 stand
            complete[: lengths.size] = lengths == 0
            bits = bits[:0]
        ready = np.flatnonzero(complete)
        owner = np.repeat(np.arange(lengths.size), lengths)[: bits.size]
        weights = bits << _descending(lengths)[: bits.size]
        sums = np.zeros(max(lengths.size, 1), dtype=np.int64)
        np.add.at(sums, owner, weights)
        folded[ready] = sums[ready] + (1 << lengths[ready]) - 1
        return folded, complete

    def _symbols(self, model: Any, count: int) -> NDArray[np.int32]:
        """At most `count` table indices: the determined ones."""
        if self.exhausted or count == 0:
            return np.zeros(0, dtype=np.int32)
        parts = []
        for start in range(0, count, _RUN):
            part = self._determined(model, min(_RUN, count - start))
            parts.append(part)
            if part.size < min(_RUN, count - start):
                break
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _determined(self, model: Any, count: int) -> NDArray[np.int32]:
        low = self._low.decode(model, count)
        if self._high is None:
            if low.size < count:
                raise BitstreamError(
                    "a payload holds no valid symbols although its check is right: "
                    "it was not written by this coder with these tables"
                )
            return low
        high = self._high.decode(model, count)
        shared = min(low.size, high.size)
        differ = np.flatnonzero(low[:shared] != high[:shared])
        shared = int(differ[0]) if differ.size else shared
        self.exhausted = shared < count
        return low[:shared]


class _Decoder:
    """constriction's decoder over `payload + tail`, stopping where no valid stream goes on.

    `careful` keeps a copy of the state before each call, to return what precedes an invalid symbol.
    """

    def __init__(self, payload: bytes, tail: bytes, *, careful: bool) -> None:
        data = payload + tail
        data += tail[-1:] * (-len(data) % 4)
        words = np.frombuffer(data, dtype=">u4").astype(np.uint32)
        self._decoder = stream.queue.RangeDecoder(words)
        self._careful = careful

    def decode(self, model: Any, count: int) -> NDArray[np.int32]:
        """`count` symbols, or fewer where the next one is invalid (none unless `careful`)."""
        start = self._decoder.clone() if self._careful else None
        try:
            return np.asarray(self._decoder.decode(model, count), dtype=np.int32)
        except AssertionError:
            if start is None:
                return np.zeros(0, dtype=np.int32)
            self._decoder = start
            return self._until_invalid(model, count)

    def _until_invalid(self, model: Any, count: int) -> NDArray[np.int32]:
        """The valid symbols before the first invalid one, found by halving."""
        parts = [np.zeros(0, dtype=np.int32)]
        while count > 1:
            half = count // 2
            start = self._decoder.clone()
            try:
                parts.append(np.asarray(self._decoder.decode(model, half), dtype=np.int32))
                count -= half
            except AssertionError:
                self._decoder = start
                count = half
        return np.concatenate(parts)
