"""Merges: the whole binary tree of a hierarchy with real heights, to be cut anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import HierlabError

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap

__all__ = ["merge_tree"]

_Matrix = NDArray[np.float64]


def merge_tree(label_map: LabelMap, similarity: _Matrix) -> _Matrix:
    """Join the classes two by two, never across a cluster that is not yet whole.

    Inside the finest clusters average linkage joins classes; then the clusters of each parent join
    by the mean over their pairs of classes, and so on up to one. A join's height is its mean
    distance, and never below that of a join inside it.

    Args:
        label_map: a nested hierarchy over C classes, C at least 2.
        similarity: (C, C) symmetric, 1 for equal; the distance is 1 less that.

    Returns:
        (C − 1, 4) a linkage matrix as scipy's: the two that join, height, classes; heights rise.
        `scipy.cluster.hierarchy.fcluster(tree, 25, "maxclust")` cuts it into 25.

    Raises:
        HierlabError: not nested, fewer than two classes, or a similarity of another shape.
    """
    count = len(label_map.classes)
    if not label_map.nested or count < 2:
        raise HierlabError(
            "a tree needs two classes and a hierarchy whose levels nest; "
            f"{label_map.name!r} has {count} and is {'' if label_map.nested else 'not '}nested"
        )
    if similarity.shape != (count, count):
        raise HierlabError(
            f"expected a similarity of shape {(count, count)}, got {similarity.shape}"
        )
    apart = np.clip(1 - similarity, 0, None)
    joins: list[tuple[int, int, float]] = []
    nodes = _Nodes(apart)
    levels = [level.labels for level in reversed(label_map.levels)]
    for labels in (*levels, np.zeros(count, dtype=np.int32)):
        groups: dict[int, list[int]] = {}
        for node in nodes.alive:
            groups.setdefault(int(labels[nodes.first[node]]), []).append(node)
        for inside in groups.values():
            joins += nodes.join(inside)
    return _sorted(joins, count)


class _Nodes:
    """Groups of classes that are not yet joined, with the sums of distances between them."""

    def __init__(self, apart: _Matrix) -> None:
        count = len(apart)
        self.alive = list(range(count))
        self.first = {node: node for node in range(count)}
        self.size = dict.fromkeys(range(count), 1)
        self.height = dict.fromkeys(range(count), 0.0)
        self.row = {node: node for node in range(count)}
        self.sums = apart.copy()

    def join(self, inside: list[int]) -> list[tuple[int, int, float]]:
        """Make one node of these, by average linkage; the joins in order."""
        from scipy.cluster.hierarchy import linkage

        if len(inside) < 2:
            return []
        rows = np.array([self.row[node] for node in inside])
        found = []
        if all(self.size[node] == 1 for node in inside):
            upper = np.triu_indices(len(rows), 1)
            tree = linkage(self.sums[np.ix_(rows, rows)][upper], "average")
            members = dict(enumerate(inside))
            for number, (left, right, height, _) in enumerate(tree.tolist(), len(inside)):
                one, other = members[int(left)], members[int(right)]
                members[number] = self._merge(one, other, height)
                found.append((one, other, self.height[members[number]]))
            return found
        left_over = list(inside)  # few: sizes count here, so the means are taken anew
        while len(left_over) > 1:
            rows = np.array([self.row[node] for node in left_over])
            sizes = np.array([self.size[node] for node in left_over], dtype=np.float64)
            means = self.sums[np.ix_(rows, rows)] / (sizes[:, None] * sizes[None, :])
            np.fill_diagonal(means, np.inf)
            at, to = divmod(int(means.argmin()), len(rows))
            one, other = left_over[min(at, to)], left_over[max(at, to)]
            node = self._merge(one, other, float(means[at, to]))
            left_over = [kept for kept in left_over if kept not in (one, other)] + [node]
            found.append((one, other, self.height[node]))
        return found

    def _merge(self, one: int, other: int, height: float) -> int:
        node = len(self.height)
        self.height[node] = max(height, self.height[one], self.height[other])
        self.size[node] = self.size[one] + self.size[other]
        self.first[node] = self.first[one]
        self.row[node] = self.row[one]
        kept, gone = self.row[one], self.row[other]
        self.sums[kept] += self.sums[gone]
        self.sums[:, kept] += self.sums[:, gone]
        self.alive.remove(one)
        self.alive.remove(other)
        self.alive.append(node)
        return node


def _sorted(joins: list[tuple[int, int, float]], count: int) -> _Matrix:
    """Number joins by rising height; a join stays behind those inside it, whose height it has."""
    order = np.argsort([height for _, _, height in joins], kind="stable")
    number = {count + int(old): count + new for new, old in enumerate(order)}
    sizes = dict.fromkeys(range(count), 1)
    tree = np.empty((count - 1, 4))
    for new, old in enumerate(order.tolist()):
        left, right = sorted(number.get(node, node) for node in joins[old][:2])
        sizes[count + new] = sizes[left] + sizes[right]
        tree[new] = left, right, joins[old][2], sizes[count + new]
    return tree
