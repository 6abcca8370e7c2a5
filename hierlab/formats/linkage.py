"""Linkage matrices: the dendrograms of scipy and fastcluster, as .npy or .csv."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import FormatError
from hierlab.formats._files import MAX_BYTES, is_number, only_file, read_text
from hierlab.formats._registry import register_exporter, register_importer
from hierlab.hierarchy.imported import ImportedHierarchy, ImportedLevel, make_classes
from hierlab.hierarchy.level import MAX_LEVELS
from hierlab.labelmap import LabelMap
from hierlab.utils.files import read_bounded
from hierlab.utils.text_table import read_table, sniff_delimiter

__all__ = ["read_linkage", "write_linkage"]

_SUMMARY = "scipy's linkage matrix, .npy or .csv: two clusters, a height and a count in each row"


@register_exporter("linkage", _SUMMARY)
def write_linkage(label_map: LabelMap, path: Path) -> dict[Path, bytes]:
    """(C - 1, 4) as `LabelMap.to_linkage` gives it; CSV where the name ends so, else npy.

    Raises:
        FormatError: the map is not nested.
    """
    matrix = label_map.to_linkage()
    stream = io.BytesIO()
    if path.suffix.lower() == ".csv":
        np.savetxt(stream, matrix, fmt="%.17g", delimiter=",")
    else:
        np.save(stream, matrix)
    return {path: stream.getvalue()}


@register_importer("linkage", _SUMMARY, options=("k",))
def read_linkage(paths: Sequence[Path], *, k: Sequence[int] | None = None) -> ImportedHierarchy:
    """Read a linkage matrix and cut it; leaves go by their numbers where no classes are given.

    Args:
        k: increasing numbers of clusters. If not given: every height, where at most 16 differ, else
            10, 100, … clusters.

    Raises:
        FormatError: not such a matrix, or numbers that it cannot be cut into.
    """
    path = only_file(paths, "linkage")
    matrix = _load(path)
    if problem := _problem(matrix):
        raise FormatError(f"{path}: not a linkage matrix: {problem}")
    count = len(matrix) + 1
    counts = _usual_counts(matrix) if k is None else list(k)
    shown = ",".join(map(str, counts))
    if counts != sorted(set(counts)) or not counts or not 1 <= counts[0] <= counts[-1] <= count:
        raise FormatError(f"{path}: k must rise from 1 to at most the {count} leaves, got {shown}")
    levels = tuple(ImportedLevel(_cut(matrix, clusters)) for clusters in counts)
    keys = [str(number) for number in range(count)]
    read_as = (
        f"a linkage matrix of {count} leaves, cut into {', '.join(map(str, counts))} clusters"
        f"{'' if k else '; --k cuts it elsewhere'}"
    )
    return ImportedHierarchy(make_classes(path, keys, keys), levels, True, read_as, nameless=True)


def _problem(matrix: NDArray[np.float64]) -> str:
    """What speaks against an array as a linkage matrix; empty if nothing does."""
    if matrix.ndim != 2 or matrix.shape[1] != 4 or not len(matrix):
        return f"expected the shape (leaves - 1, 4), got {matrix.shape}"
    if not np.isfinite(matrix).all() or (matrix[:, 2] < 0).any():
        return "heights must be finite and not negative"
    count = len(matrix) + 1
    pairs, sizes = matrix[:, :2], matrix[:, 3]
    if (pairs != pairs.round()).any() or np.unique(pairs).size != pairs.size or (pairs < 0).any():
        return "each cluster must stand once, by its number"
    if (pairs.max(axis=1) >= count + np.arange(count - 1)).any():
        return "a row unites a cluster that a later row makes"
    held = np.concatenate([np.ones(count), sizes])
    if (held[pairs.astype(np.int64)].sum(axis=1) != sizes).any():
        return "the last column must count the leaves below"
    return ""


def _cut(matrix: NDArray[np.float64], clusters: int) -> NDArray[np.int64]:
    """(C,) labels after the merges that leave so many clusters."""
    count = len(matrix) + 1
    parent = np.arange(2 * count - 1)
    for row, (first, second) in enumerate(matrix[: count - clusters, :2].astype(np.int64)):
        parent[first] = parent[second] = count + row
    # A parent's number is above its children's: from the top down, each finds its root at once.
    for node in range(2 * count - 2, -1, -1):
        parent[node] = parent[parent[node]]
    labels: NDArray[np.int64] = parent[:count]
    return labels


def _usual_counts(matrix: NDArray[np.float64]) -> list[int]:
    count = len(matrix) + 1
    heights = matrix[:, 2]
    increasing = bool((np.diff(heights) >= 0).all())
    levels = np.unique(heights)
    if increasing and len(levels) <= MAX_LEVELS:
        # Below each height so many merges are done; the topmost height leaves one cluster.
        sizes = {count - int(np.searchsorted(heights, level, "right")) for level in levels}
        return sorted(sizes - {1}) or [1]
    return [10**power for power in range(1, 6) if 10**power < count] or [max(2, count // 3)]


def _load(path: Path) -> NDArray[np.float64]:
    try:
        if path.suffix.lower() == ".npy":
            array = np.load(io.BytesIO(read_bounded(path, MAX_BYTES)), allow_pickle=False)
        else:
            array = _from_text(read_text(path))
        return np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError, EOFError) as error:
        raise FormatError(f"{path}: not a linkage matrix ({error})") from error


def _from_text(text: str) -> NDArray[np.float64]:
    """Numbers with any mark between; a header and a column of row numbers may stand."""
    mark = sniff_delimiter(text) or " "
    lines = "\n".join(" ".join(line.split()) if mark == " " else line for line in text.splitlines())
    rows = list(read_table(lines, delimiter=mark, header=False).rows)
    if not all(map(is_number, rows[0])):
        rows = rows[1:]
    if rows and len(rows[0]) == 5:
        rows = [row[1:] for row in rows]
    return np.array(rows, dtype=np.float64)
