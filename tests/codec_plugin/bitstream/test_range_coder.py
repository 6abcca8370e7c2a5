"""The range coder: exact tables, shortest payloads, and symbols from every prefix."""

import numpy as np
import pytest
from constriction import stream as constriction_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_plugin.bitstream.range_coder import (
    MAX_OVERSHOOT,
    PRECISION_BITS,
    Row,
    StageReader,
    StageWriter,
)
from codec_plugin.errors import BitstreamError

TOTAL = 1 << PRECISION_BITS


def frequencies(rng: np.random.Generator, symbols: int, *, steep: float = 3.0) -> np.ndarray:
    """Random integers >= 1 with sum 2**24; `steep` makes most of them tiny."""
    weights = rng.random(symbols) ** steep
    counts = np.floor(weights / weights.sum() * (TOTAL - symbols)).astype(np.int64) + 1
    counts[int(np.argmax(counts))] += TOTAL - int(counts.sum())
    return counts


class IntegerCoder:
    """The same coder in Python integers, written from docs/format.md: an interval, never words."""

    def __init__(self) -> None:
        self.low, self.width, self.words = 0, (1 << 64) - 1, 0

    def put(self, cumulative: int, frequency: int) -> None:
        unit = self.width >> PRECISION_BITS
        self.low += unit * cumulative
        self.width = unit * frequency
        if self.width < 1 << 32:
            self.low <<= 32
            self.width <<= 32
            self.words += 1

    def holds(self, payload: bytes) -> bool:
        total = 4 * self.words + 8
        return (
            self.low <= int.from_bytes(payload.ljust(total, b"\0"), "big") < self.low + self.width
        )


def runs_of(rng: np.random.Generator, runs: int) -> list[tuple[Row, np.ndarray, np.ndarray]]:
    """(row, its frequencies, symbols) with a few escapes in each."""
    out = []
    for _ in range(runs):
        size = int(rng.integers(2, 40))
        counts = frequencies(rng, size + 1, steep=float(rng.integers(1, 12)))
        low = int(rng.integers(-20, 20))
        values = rng.choice(size, int(rng.integers(1, 30)), p=counts[:-1] / counts[:-1].sum()) + low
        far = rng.random(values.size) < 0.05
        values = np.where(far, rng.integers(-5000, 5000, values.size), values).astype(np.int32)
        out.append((Row(counts, low), counts, values))
    return out


def write(runs: list[tuple[Row, np.ndarray, np.ndarray]]) -> bytes:
    writer = StageWriter()
    for row, _, values in runs:
        writer.put(row, values)
    return writer.finish()


@pytest.mark.parametrize("seed", range(30))
def test_a_table_is_represented_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 300))
    counts = frequencies(rng, size, steep=float(rng.integers(1, 30)))
    row = Row(counts, 0)
    symbols = rng.integers(0, size - 1, 400).astype(np.int32)  # rare ones too, never the escape
    exact, sums = IntegerCoder(), np.concatenate([[0], np.cumsum(counts)])
    for s in symbols:
        exact.put(int(sums[s]), int(counts[s]))
    encoder = constriction_stream.queue.RangeEncoder()
    encoder.encode(symbols, row.model)
    words, (lower, width) = encoder.pos()
    assert (words, lower, width) == (exact.words, exact.low % (1 << 64), exact.width)
    writer = StageWriter()
    writer.put(row, symbols)
    assert exact.holds(writer.finish())


@pytest.mark.parametrize("seed", range(5))
def test_cost_is_the_tables_own_information(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = frequencies(rng, 50)
    symbols = rng.choice(49, 20_000, p=counts[:-1] / counts[:-1].sum()).astype(np.int32)
    writer = StageWriter()
    writer.put(Row(counts, 0), symbols)
    ideal_bits = float(-np.log2(counts[symbols] / TOTAL).sum())
    payload_bits = 8 * len(writer.finish())
    # Rounded to bytes, zeros trimmed; above it the coder's own truncation of `width >> 24`.
    assert ideal_bits - 16 <= payload_bits <= ideal_bits * 1.0001 + 16


@pytest.mark.parametrize("seed", range(60))
def test_every_prefix_gives_the_encoders_first_symbols(seed: int) -> None:
    rng = np.random.default_rng(seed)
    runs = runs_of(rng, int(rng.integers(1, 8)))
    payload = write(runs)
    before = -1
    for length in range(len(payload) + 1):
        reader = StageReader(payload[:length], whole=length == len(payload))
        known_count = 0
        for row, _, values in runs:
            got = reader.take(row, values.size)
            np.testing.assert_array_equal(got.values[got.known], values[got.known])
            assert not got.values[~got.known].any()
            known_count += int(got.known.sum())
        assert known_count >= before
        before = known_count
    assert before == sum(values.size for _, _, values in runs)


def test_a_prefix_wastes_few_bits() -> None:
    rng = np.random.default_rng(0)
    counts = frequencies(rng, 30)
    values = rng.choice(29, 4000, p=counts[:-1] / counts[:-1].sum()).astype(np.int32)
    row = Row(counts, 0)
    payload = write([(row, counts, values)])
    bits = np.cumsum(-np.log2(counts[values] / TOTAL))
    for length in range(0, len(payload), 7):
        known = int(StageReader(payload[:length], whole=False).take(row, values.size).known.sum())
        affordable = int(np.searchsorted(bits, 8 * length - 24))
        assert known >= affordable


@pytest.mark.parametrize("seed", range(40))
def test_no_shorter_payload_decodes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    runs = runs_of(rng, 3)
    payload = write(runs)
    assert not payload.endswith(b"\0")
    number, size = int.from_bytes(payload[:-1], "big"), len(payload) - 1
    for shorter in (number, min(number + 1, 256**size - 1)):
        reader = StageReader(shorter.to_bytes(size, "big"), whole=True)
        try:
            same = all((reader.take(r, v.size).values == v).all() for r, _, v in runs)
        except BitstreamError:
            same = False
        assert not same


@pytest.mark.parametrize(
    "value", [0, 3, 4, -1, -2, 100, -100, 4 + MAX_OVERSHOOT // 2, -(MAX_OVERSHOOT // 2)]
)
def test_escapes_at_the_edges(value: int) -> None:
    row = Row(np.array([1, 1, TOTAL - 5, 1, 2]), 0)  # symbols 0 … 3, then the escape
    writer = StageWriter()
    values = np.array([2, value, 2, value, 1], dtype=np.int32)
    writer.put(row, values)
    got = StageReader(writer.finish(), whole=True).take(row, 5)
    np.testing.assert_array_equal(got.values, values)
    assert got.known.all()


def test_a_symbol_beyond_an_escape_is_refused() -> None:
    row = Row(np.array([TOTAL - 1, 1]), 0)
    with pytest.raises(ValueError, match="beyond what an escape"):
        StageWriter().put(row, np.array([1 << 25], dtype=np.int32))


@pytest.mark.parametrize(
    "counts", [[TOTAL], [TOTAL, 0], [TOTAL - 1, 2], [[TOTAL - 1, 1]], [TOTAL + 1, -1]]
)
def test_a_table_that_is_no_distribution_is_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"table is a row|sum to"):
        Row(np.array(counts), 0)


def test_nothing_put_is_nothing_written() -> None:
    assert StageWriter().finish() == b""
    got = StageReader(b"", whole=True).take(Row(np.array([TOTAL - 1, 1]), 0), 0)
    assert got.values.size == 0


def test_sure_symbols_cost_no_byte() -> None:
    row = Row(np.array([TOTAL - 1, 1]), 7)
    writer = StageWriter()
    writer.put(row, np.full(1000, 7, dtype=np.int32))
    payload = writer.finish()
    assert payload == b""
    assert (StageReader(payload, whole=True).take(row, 1000).values == 7).all()


@given(st.binary(max_size=80), st.booleans(), st.integers(0, 1000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes, whole: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reader = StageReader(data, whole=whole)
    try:
        for row, _, values in runs_of(rng, 4):
            got = reader.take(row, values.size)
            assert np.abs(got.values.astype(np.int64)).max() <= MAX_OVERSHOOT
            assert whole <= bool(got.known.all())
    except BitstreamError:
        assert whole
