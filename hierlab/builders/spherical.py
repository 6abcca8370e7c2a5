"""Spherical k-means: flat per level, clusters by angle to their mean direction."""

from __future__ import annotations

import numpy as np

from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment, Matrix, centred, cluster_means, lloyd

__all__ = ["build_spherical"]


@register_builder("spherical", nested=False, seeded=True, large={"n_init": 1})
def build_spherical(
    inputs: BuildInput, *, k: tuple[int, ...], seed: int, n_init: int = 10
) -> list[Assignment]:
    """Group the classes anew at each level by angle to the cluster's direction; not nested.

    Args:
        seed: draws the classes that the search starts from.
        n_init: starts, of which the best is kept; by default one for more than 4,096 classes.

    Source: Dhillon and Modha, Machine Learning 42, 2001; starts: Arthur and Vassilvitskii,
        k-means++, SODA 2007.
    """
    vectors = centred(inputs.rows)
    random = np.random.default_rng(seed)
    return [_best(vectors, clusters, random, n_init) for clusters in k]


def _best(vectors: Matrix, clusters: int, random: np.random.Generator, starts: int) -> Assignment:
    if clusters == len(vectors):
        return np.arange(clusters)
    candidates = []
    for _ in range(starts):
        start = _nearest_start(vectors, clusters, random)
        labels = lloyd(vectors, start, clusters, spherical=True)
        sizes = np.bincount(labels, minlength=clusters)
        means = cluster_means(vectors, labels, clusters)
        candidates.append((float(sizes @ np.linalg.norm(means, axis=1)), labels))
    return max(candidates, key=lambda candidate: candidate[0])[1]


def _nearest_start(vectors: Matrix, clusters: int, random: np.random.Generator) -> Assignment:
    """Assign classes to `clusters` of them, drawn far from each other; none is left empty."""
    count = len(vectors)
    chosen = [int(random.integers(count))]
    labels = np.zeros(count, dtype=np.int64)
    nearest = np.maximum(0, 1 - vectors @ vectors[chosen[0]])
    for number in range(1, clusters):
        nearest[chosen] = 0
        total = nearest.sum()
        if total > 0:
            pick = int(random.choice(count, p=nearest / total))
        else:  # only copies of chosen classes are left
            pick = int(np.setdiff1d(np.arange(count), chosen)[0])
        chosen.append(pick)
        away = np.maximum(0, 1 - vectors @ vectors[pick])
        labels[away < nearest] = number
        nearest = np.minimum(nearest, away)
        labels[pick] = number
    labels[chosen] = np.arange(clusters)
    return labels
