"""Nested bottom-up building: the finest level first, then its clusters are merged."""

from __future__ import annotations

import numpy as np

from hierlab.builders._registry import PAIRWISE, BuildInput, register_builder
from hierlab.clustering.vectors import (
    Assignment,
    centred,
    cluster_means,
    lloyd,
    scaled_neighbours,
    smoothed,
)
from hierlab.clustering.ward import ward_tree

__all__ = ["build_bottomup"]


@register_builder("bottomup", most=PAIRWISE)
def build_bottomup(
    inputs: BuildInput, *, k: tuple[int, ...], neighbours: int = 15
) -> list[Assignment]:
    """Group smoothed prototypes at the finest level, then merge its clusters; nested, no seed.

    Args:
        neighbours: nearest classes averaged, once, before anything is grouped.
    """
    vectors = centred(inputs.rows)
    count = len(vectors)
    vectors = smoothed(vectors, scaled_neighbours(neighbours, count))
    levels: list[Assignment] = [np.arange(count)] if k[-1] == count else []
    merged = [clusters for clusters in k if clusters < count]
    if merged:
        finest = lloyd(vectors, ward_tree(vectors).cut(merged[-1]), merged[-1])
        levels.insert(0, finest)
        # Clusters weigh as many classes as they hold: Ward's criterion on the classes below.
        sizes = np.bincount(finest).astype(np.float64)
        tree = ward_tree(cluster_means(vectors, finest, merged[-1]), sizes)
        for clusters in reversed(merged[:-1]):
            levels.insert(0, tree.cut(clusters)[finest])
    return levels
