"""The order of symbols in a payload, so that a cut keeps the most informative ones.

z:      channel by channel, each under its own table, rows from top to bottom.
block:  all elements of one scale in one run, the widest scale first; within a run by channel, then
        row, then column. Every run covers the whole picture. Both sides know the scales.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from codec_plugin.bitstream.range_coder import Row, Run, StageReader, StageWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from codec_plugin.entropy.cdf_tables import CodingTables

__all__ = ["SYMBOL_LIMIT", "CodingRows", "put_block", "put_hyper", "take_block", "take_hyper"]


SYMBOL_LIMIT = 1 << 20  # symbols are clipped to ± this by both sides


class CodingRows(NamedTuple):
    """All tables of a model: one a channel of z, one a scale (narrow first)."""

    hyper: tuple[Row, ...]
    scales: tuple[Row, ...]

    @classmethod
    def of(cls, tables: CodingTables) -> CodingRows:
        """Coder models of a checkpoint's tables, built once."""
        return cls(
            tuple(Row(*tables.hyper(channel)) for channel in range(tables.n_hyper)),
            tuple(Row(*tables.scale(index)) for index in range(tables.n_scales)),
        )


def put_hyper(writer: StageWriter, z: NDArray[np.int32], rows: CodingRows) -> None:
    """Append z (Z, h, w)."""
    for channel, row in zip(
        z.reshape(z.shape[0], z.shape[1] * z.shape[2]), rows.hyper, strict=True
    ):
        writer.put(row, np.ascontiguousarray(channel))


def take_hyper(reader: StageReader, shape: tuple[int, int, int], rows: CodingRows) -> Run:
    """Read z of `shape` (Z, h, w): values and which of them are known, in that shape."""
    runs = [reader.take(row, shape[1] * shape[2]) for row in rows.hyper]
    values = np.concatenate([run.values for run in runs]).reshape(shape)
    return Run(values, np.concatenate([run.known for run in runs]).reshape(shape))


def put_block(
    writer: StageWriter,
    symbols: NDArray[np.int32],
    index: NDArray[np.uint8],
    rows: CodingRows,
    *,
    sort: bool = True,
) -> None:
    """Append one block's `symbols` (C, h, w), each under the table its `index` names."""
    flat = symbols.reshape(-1)
    order, runs = _runs(index, sort=sort)
    ordered = flat if order is None else flat[order]
    for scale, start, end in runs:
        writer.put(rows.scales[scale], ordered[start:end])


def take_block(
    reader: StageReader, index: NDArray[np.uint8], rows: CodingRows, *, sort: bool = True
) -> Run:
    """Read one block: values and which of them are known, in the shape of `index` (C, h, w)."""
    values = np.zeros(index.size, dtype=np.int32)
    known = np.zeros(index.size, dtype=np.bool_)
    order, runs = _runs(index, sort=sort)
    for scale, start, end in runs:
        if reader.exhausted:
            break
        values[start:end], known[start:end] = reader.take(rows.scales[scale], end - start)
    if order is not None:
        values, known = _scattered(values, order), _scattered(known, order)
    return Run(values.reshape(index.shape), known.reshape(index.shape))


def _scattered(ordered: NDArray[Any], order: NDArray[np.intp]) -> NDArray[Any]:
    """Put element i of `ordered` back at place `order[i]`."""
    out = np.empty_like(ordered)
    out[order] = ordered
    return out


def _runs(
    index: NDArray[np.uint8], *, sort: bool
) -> tuple[NDArray[np.intp] | None, Iterator[tuple[int, int, int]]]:
    """Coding order of the flattened elements (None: as they stand) and (scale, start, end)."""
    flat = index.reshape(-1)
    order = None
    if sort:
        # 255 - index: a stable sort of bytes is a radix sort, and equal scales keep their order.
        order = np.argsort(np.uint8(255) - flat, kind="stable")
        flat = flat[order]
    bounds = [0, *(np.flatnonzero(flat[1:] != flat[:-1]) + 1).tolist(), flat.size]
    return order, ((int(flat[s]), s, e) for s, e in pairwise(bounds) if e > s)
