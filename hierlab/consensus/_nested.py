"""From two placements of the classes, a far-sighted and a near-sighted one, to nested levels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["nested_levels"]

_Rows = NDArray[np.float64]
_Labels = NDArray[np.int64]


def nested_levels(outer: _Rows, inner: _Rows, k: Sequence[int]) -> list[_Labels]:
    """Partition coarse to fine; every level refines the one before.

    The coarsest level is Ward's cut of `outer` after k-means steps. Below, each cluster is joined
    by average linkage on `inner`, and over all clusters the joins of greatest distance are undone.
    Average linkage goes by how unlike two groups are, not by how many classes they hold: dense
    families stay whole, and what is mixed is split, which is what encoders agree on.

    Args:
        outer: (C, R) unit rows for the coarsest level.
        inner: (C, S) unit rows for the others.
        k: numbers of clusters, rising, each at least 1 and at most C.
    """
    count = len(outer)
    levels = [_coarsest(outer, k[0])]
    for coarse, fine in pairwise(k):
        levels.append(
            np.arange(count) if fine == count else _split(inner, levels[-1], coarse, fine)
        )
    return levels


def _coarsest(rows: _Rows, clusters: int) -> _Labels:
    if clusters == len(rows):
        return np.arange(clusters)
    # Here and below: the builders import this package, so it cannot import them first.
    from hierlab.builders._vectors import lloyd
    from hierlab.builders._ward import ward_tree

    return lloyd(rows, ward_tree(rows).cut(clusters), clusters)


def _split(rows: _Rows, parents: _Labels, coarse: int, fine: int) -> _Labels:
    from hierlab.builders._vectors import lloyd

    members = [np.flatnonzero(parents == parent) for parent in range(coarse)]
    trees = [_average_tree(rows[inside]) for inside in members]
    labels = np.empty(len(rows), dtype=np.int64)
    start = 0
    for inside, tree, parts in zip(members, trees, _allot(trees, fine), strict=True):
        found = np.zeros(len(inside), dtype=np.int64)
        if parts > 1:
            found = lloyd(rows[inside], _cut(tree, parts), parts)
        labels[inside] = start + found
        start += parts
    return labels


def _average_tree(rows: _Rows) -> NDArray[np.float64]:
    """Joins as scipy tells them, (n − 1, 4); none for a single row."""
    from scipy.cluster.hierarchy import linkage

    if len(rows) < 2:
        return np.empty((0, 4))
    upper = np.triu_indices(len(rows), 1)
    distances = np.clip(1 - (rows @ rows.T)[upper], 0, None)
    tree: NDArray[np.float64] = linkage(distances, "average")
    return tree


def _cut(tree: NDArray[np.float64], parts: int) -> _Labels:
    """Undo the last `parts` − 1 joins; unlike a cut by height, exact where heights tie."""
    from scipy.cluster.hierarchy import cut_tree

    labels: _Labels = cut_tree(tree, n_clusters=parts)[:, 0].astype(np.int64)
    return labels


def _allot(trees: list[NDArray[np.float64]], total: int) -> list[int]:
    owners = np.concatenate([np.full(len(tree), at) for at, tree in enumerate(trees)])
    heights = np.concatenate([tree[:, 2] for tree in trees])
    undone = np.argsort(-heights, kind="stable")[: total - len(trees)]
    return [
        int(parts)
        for parts in 1 + np.bincount(owners[undone].astype(np.int64), minlength=len(trees))
    ]
