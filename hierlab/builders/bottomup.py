"""Nested bottom-up building: the finest level first, then its clusters are merged."""

from __future__ import annotations

import numpy as np

from hierlab.builders._registry import PAIRWISE, BuildInput, Labels, register_builder
from hierlab.clustering.vectors import (
    Assignment,
    canonical,
    centred,
    checked_count,
    checked_vectors,
    cluster_means,
    lloyd,
    scaled_neighbours,
    smoothed,
)
from hierlab.clustering.ward import ward_tree

__all__ = ["build_bottomup"]


@register_builder("bottomup", most=PAIRWISE)
def build_bottomup(
    inputs: BuildInput, *, k: tuple[int, ...], seed: int, neighbours: int = 15
) -> Labels:
    """Group smoothed prototypes at the finest level, then merge its clusters; nested, no seed.

    Args:
        inputs: classes and their unit vectors.
        k: numbers of clusters, rising; one per class is the classes themselves.
        seed: not used; the method is deterministic.
        neighbours: nearest classes averaged, once, before anything is grouped.
    """
    del seed
    checked_count("neighbours", neighbours)
    vectors = centred(checked_vectors(inputs, k))
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
    return canonical(levels)
