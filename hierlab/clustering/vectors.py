"""Rows of vectors: unit length, centring, smoothing over nearest neighbours, k-means steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import BuilderError
from hierlab.hierarchy.level import canonical_labels

__all__ = [
    "Assignment",
    "Matrix",
    "averaged",
    "canonical",
    "centred",
    "centred_cosines",
    "cluster_means",
    "lloyd",
    "mean_cosines",
    "nearest_rows",
    "scaled_neighbours",
    "smoothed",
    "unit_rows",
]

Matrix: TypeAlias = NDArray[np.float64]
Assignment: TypeAlias = NDArray[np.int64]

_NEGLIGIBLE = 1e-9  # shorter than this beside unit vectors is rounding, not a direction
_BLOCK_BYTES = 128 * 2**20
_CHUNK = 64
_SINGLE_PRECISION_ABOVE = 4096  # rows; neighbours of larger sets are ranked in float32


def canonical(levels: Sequence[NDArray[Any]]) -> list[NDArray[np.int32]]:
    """Number every level's clusters by first appearance."""
    return [canonical_labels(labels) for labels in levels]


def unit_rows(vectors: Matrix) -> Matrix:
    """Scale each row to length one; rows that are nothing but rounding become zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Matrix
    scaled = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > _NEGLIGIBLE)
    return scaled


def centred(vectors: Matrix) -> Matrix:
    """Subtract the mean that all text vectors share, then scale to unit length again."""
    return unit_rows(vectors - vectors.mean(axis=0))


def centred_cosines(vectors: Matrix) -> Matrix:
    """(C, C) cosines of the rows of `centred`."""
    rows = centred(vectors)
    return rows @ rows.T


def mean_cosines(encoders: Iterable[Matrix]) -> Matrix:
    """Mean over encoders of the cosines after each one's common mean is taken out.

    Ranks say who is near; only cosines say how near, so that a dense family can be told from a
    mixed group of the same size.

    Args:
        encoders: (C, D) unit rows each; D may differ.
    Returns:
        (C, C) symmetric, −1..1, zeros on the diagonal: a class is no evidence for itself.
    """
    total: Matrix | None = None
    count = 0
    for vectors in encoders:
        cosines = centred_cosines(vectors)
        total = cosines if total is None else np.add(total, cosines, out=total)
        count += 1
    if total is None:
        raise BuilderError("a consensus needs at least one encoder, got none")
    total /= count
    np.fill_diagonal(total, 0)
    return total


def scaled_neighbours(neighbours: int, count: int) -> int:
    """Fewer neighbours for short class lists: at most one in twenty-five classes."""
    return max(1, min(neighbours, count // 25))


def smoothed(vectors: Matrix, neighbours: int) -> Matrix:
    """Replace each unit row by the direction of the mean of its nearest rows, itself among them.

    Args:
        vectors: (C, D) unit rows.
        neighbours: how many nearest rows by cosine; one leaves the vectors as they are.
    """
    return averaged(vectors, nearest_rows(vectors, neighbours))


def averaged(vectors: Matrix, nearest: Assignment) -> Matrix:
    """Direction of the mean of the (C, n) rows that `nearest` lists for each row."""
    if nearest.shape[1] <= 1:
        return vectors
    total = np.zeros_like(vectors)
    for column in np.sort(nearest, axis=1).T:  # one gather a neighbour: never (C, n, D) at once
        total += vectors[column]
    return unit_rows(total / nearest.shape[1])


def nearest_rows(vectors: Matrix, count: int) -> Assignment:
    """(C, count) positions of the rows of highest cosine, the nearest first."""
    rows = len(vectors)
    count = min(count, rows)
    if count <= 1:
        return np.arange(rows)[:, None]
    padded = -(-rows // _CHUNK) * _CHUNK
    keys: NDArray[np.floating[Any]] = np.zeros((padded, vectors.shape[1]), _precision(rows))
    keys[:rows] = vectors
    height = max(1, _BLOCK_BYTES // (padded * keys.itemsize))
    highest = [
        _highest(keys[start : min(start + height, rows)] @ keys.T, rows, count)
        for start in range(0, rows, height)
    ]
    return np.concatenate(highest)


def _precision(rows: int) -> type[np.float32] | type[np.float64]:
    return np.float32 if rows > _SINGLE_PRECISION_ABOVE else np.float64


def _highest(values: NDArray[Any], width: int, count: int) -> Assignment:
    """Columns of the `count` highest of the first `width` values of each row, highest first.

    They lie in the `count` chunks of highest maximum, so only those are searched: ten times
    quicker than a selection over whole rows.
    """
    values[:, width:] = -np.inf
    chunked = values.reshape(len(values), -1, _CHUNK)
    if chunked.shape[1] > count:
        chunks = np.argpartition(-chunked.max(axis=2), count - 1, axis=1)[:, :count]
    else:
        chunks = np.tile(np.arange(chunked.shape[1]), (len(values), 1))
    columns = (chunks[:, :, None] * _CHUNK + np.arange(_CHUNK)).reshape(len(values), -1)
    candidates = np.take_along_axis(values, columns, axis=1)
    best = np.sort(np.argpartition(-candidates, count - 1, axis=1)[:, :count], axis=1)
    columns = np.take_along_axis(columns, best, axis=1)
    candidates = np.take_along_axis(candidates, best, axis=1)
    order = np.argsort(-candidates, axis=1, kind="stable")
    highest: Assignment = np.take_along_axis(columns, order, axis=1)
    return highest


def cluster_means(vectors: Matrix, labels: Assignment, k: int) -> Matrix:
    """Mean of each of the `k` clusters, none of them empty: (K, D)."""
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels, minlength=k)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    sums: Matrix = np.add.reduceat(vectors[order], starts, axis=0)
    return sums / sizes[:, None]


def lloyd(
    vectors: Matrix, labels: Assignment, k: int, *, steps: int = 100, spherical: bool = False
) -> Assignment:
    """Improve a partition by k-means steps; it keeps exactly `k` clusters.

    Args:
        vectors: (C, D).
        labels: (C,) a partition into `k` clusters, none empty.
        k: number of clusters.
        steps: at most so many; it ends sooner when nothing moves.
        spherical: go by the angle to the mean, not by the distance.

    Source: Lloyd, IEEE Trans. Inf. Theory 28(2), 1982.
    """
    for _ in range(steps if k > 1 else 0):
        centres = cluster_means(vectors, labels, k)
        scores = vectors @ (unit_rows(centres) if spherical else centres).T
        if not spherical:
            scores -= 0.5 * np.einsum("kd,kd->k", centres, centres)
        moved = np.argmax(scores, axis=1)
        for emptied in np.setdiff1d(np.arange(k), moved):
            members = np.flatnonzero(labels == emptied)
            moved[members[np.argmax(scores[members, emptied])]] = emptied
        if np.array_equal(moved, labels) or np.bincount(moved, minlength=k).min() == 0:
            break
        labels = moved
    return labels
