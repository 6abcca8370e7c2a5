"""The whole binary tree of a hierarchy, with heights, to be cut anywhere."""

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
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    distances = np.clip(1 - similarity, 0, None)
    np.fill_diagonal(distances, 0)
    # A step longer than any distance for each level that parts two classes: average linkage then
    # joins inside a cluster first, and the step is taken off the heights again.
    step = 2 * (1 + distances.max())
    parting = np.zeros((count, count))
    for level in label_map.levels:
        parting += level.labels[:, None] != level.labels[None, :]
    first = list(range(count))  # a class of each node
    heights = [0.0] * count
    joins: list[tuple[int, int, float]] = []
    tree = linkage(squareform(distances + step * parting, checks=False), "average")
    for left, right, height in zip(*tree[:, :2].astype(int).T.tolist(), tree[:, 2], strict=True):
        own = float(height - step * parting[first[left], first[right]])
        heights.append(max(own, heights[left], heights[right]))
        first.append(first[left])
        joins.append((left, right, heights[-1]))
    return _sorted(joins, count)


def _sorted(joins: list[tuple[int, int, float]], count: int) -> _Matrix:
    """Number joins by height; a join stays behind those inside it, whose height it has."""
    order = np.argsort([height for _, _, height in joins], kind="stable")
    number = {count + int(old): count + new for new, old in enumerate(order)}
    sizes = dict.fromkeys(range(count), 1)
    tree = np.empty((count - 1, 4))
    for new, old in enumerate(order.tolist()):
        left, right = sorted(number.get(node, node) for node in joins[old][:2])
        sizes[count + new] = sizes[left] + sizes[right]
        tree[new] = left, right, joins[old][2], sizes[count + new]
    return tree
