"""The tree of one cluster: its joins, and how badly each holds together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Branch", "grow"]

_Matrix = NDArray[np.float64]
_Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Branch:
    """Average-linkage joins of n classes; node v < n is a class, n..2n − 2 are joins, root last.

    Args:
        members: (n,) the classes, in the order of the leaves: a node's classes stand together.
        start, size: (2n − 1,) a node's classes are members[start : start + size].
        children: (n − 1, 2) nodes that each join holds.
        incoherence: (2n − 1,) mean similarity of a join's classes to all others, less that to each
            other, never below that of a join inside it; −inf for a single class.
    """

    members: _Positions
    start: _Positions
    size: _Positions
    children: _Positions
    incoherence: _Matrix

    def classes(self, node: int) -> _Positions:
        """The classes below a node."""
        return self.members[self.start[node] : self.start[node] + self.size[node]]

    def parts(self, node: int) -> tuple[int, int]:
        """The two nodes that a join holds."""
        left, right = self.children[node - len(self.members)].tolist()
        return left, right


def grow(members: _Positions, closeness: _Matrix, similarity: _Matrix, everyone: _Matrix) -> Branch:
    """Join the classes of one cluster.

    Args:
        members: (n,) classes of the cluster.
        closeness: (n, n) what average linkage goes by, ones on the diagonal.
        similarity: (C, C) as from `mean_cosines`, zeros on the diagonal.
        everyone: (C,) sums of its rows.
    """
    count = len(members)
    children = _joins(closeness)
    size = np.ones(2 * count - 1, dtype=np.int64)
    for number, pair in enumerate(children, start=count):
        size[number] = size[pair].sum()
    start = np.zeros(2 * count - 1, dtype=np.int64)
    for number in range(2 * count - 2, count - 1, -1):
        left, right = children[number - count]
        start[left] = start[number]
        start[right] = start[number] + size[left]
    order = np.empty(count, dtype=np.int64)
    order[start[:count]] = np.arange(count)
    leaves = members[order]
    incoherence = _incoherence(leaves, start[count:], size[count:], similarity, everyone)
    for number, pair in enumerate(children):
        inner = incoherence[pair[pair >= count] - count]
        incoherence[number] = (
            max(incoherence[number], *inner) if len(inner) else incoherence[number]
        )
    return Branch(
        leaves, start, size, children, np.concatenate([np.full(count, -np.inf), incoherence])
    )


def _joins(closeness: _Matrix) -> _Positions:
    from scipy.cluster.hierarchy import linkage

    if len(closeness) < 2:
        return np.empty((0, 2), dtype=np.int64)
    upper = np.triu_indices(len(closeness), 1)
    distances = np.clip(1 - closeness[upper], 0, None)
    joins: _Positions = linkage(distances, "average")[:, :2].astype(np.int64)
    return joins


def _incoherence(
    leaves: _Positions, start: _Positions, size: _Positions, similarity: _Matrix, everyone: _Matrix
) -> _Matrix:
    """Sums over square blocks of neighbouring leaves come from one table of running sums."""
    count = len(leaves)
    table = np.zeros((count + 1, count + 1))
    table[1:, 1:] = similarity[np.ix_(leaves, leaves)].cumsum(axis=0).cumsum(axis=1)
    end = start + size
    inside = table[end, end] - table[start, end] - table[end, start] + table[start, start]
    running = np.concatenate([[0.0], everyone[leaves].cumsum()])
    outside = running[end] - running[start] - inside
    others = size * (len(everyone) - size)
    apart = np.divide(outside, others, out=np.zeros(len(size)), where=others > 0)
    return np.asarray(apart - inside / (size * (size - 1)))
