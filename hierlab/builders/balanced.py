"""Clusters of nearly equal sizes by constrained k-means; nested, seeded, an optional extra."""

from __future__ import annotations

from itertools import pairwise
from math import isqrt

import numpy as np

from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment, Matrix, centred
from hierlab.errors import BuilderError, MissingExtraError

__all__ = ["build_balanced"]

# Arcs of the flow network that one step solves; a split with more goes in two stages.
_ARCS = 2**19


@register_builder("balanced", seeded=True)
def build_balanced(
    inputs: BuildInput, *, k: tuple[int, ...], seed: int, slack: float = 0.0, steps: int = 100
) -> list[Assignment]:
    """Split the classes into clusters of nearly equal sizes, from the top; nested, seeded.

    A split with more than 524,288 pairs of class and cluster goes in two stages, first into about
    the square root of the clusters: 21,000 classes into 100 by way of 10.

    Args:
        seed: draws the first centres.
        slack: by which share a size may differ from equal within its parent, 0 to 1.
        steps: k-means steps of a split, at most; the assignment counts distances in thousandths,
            so that the steps on large lists may never settle.

    Raises:
        MissingExtraError: k-means-constrained is not installed.
        BuilderError: slack out of range, or no step.

    Source: Bradley, Bennett, Demiriz, Constrained k-means clustering, MSR-TR-2000-65.
    """
    if not 0 <= slack <= 1:
        raise BuilderError(f"expected a slack from 0 to 1, got {slack}")
    vectors = centred(inputs.rows)
    split = BalancedSplit(seed, slack, steps)
    levels = [split.partition(vectors, k[0])]
    for coarse, fine in pairwise(k):
        levels.append(split.refine(vectors, levels[-1], coarse, fine))
    return levels


class BalancedSplit:
    """Balanced splits with one set of parameters; one of more than `arcs` goes in stages."""

    def __init__(self, seed: int, slack: float, steps: int, arcs: int = _ARCS) -> None:
        self.seed, self.slack, self.steps, self.arcs = seed, slack, steps, arcs

    def refine(self, vectors: Matrix, parents: Assignment, coarse: int, fine: int) -> Assignment:
        """Split each of `coarse` clusters, so that there are `fine`: (C,) labels."""
        sizes = np.bincount(parents, minlength=coarse)
        labels = np.empty(len(parents), dtype=np.int64)
        start = 0
        for parent, parts in enumerate(_shares(sizes, fine)):
            inside = np.flatnonzero(parents == parent)
            labels[inside] = start + self.partition(vectors[inside], parts)
            start += parts
        return labels

    def partition(self, vectors: Matrix, clusters: int) -> Assignment:
        """(C,) labels of `clusters` clusters of nearly equal sizes."""
        count = len(vectors)
        if clusters in (1, count):
            return np.arange(count) if clusters == count else np.zeros(count, dtype=np.int64)
        if count * clusters > self.arcs and clusters > 3:
            above = isqrt(clusters)
            return self.refine(vectors, self.partition(vectors, above), above, clusters)
        try:
            from k_means_constrained import KMeansConstrained
        except ImportError as error:
            raise MissingExtraError(
                "k-means-constrained", "balanced", "method 'balanced'"
            ) from error
        model = KMeansConstrained(
            clusters,
            size_min=max(1, int(count // clusters * (1 - self.slack))),
            size_max=min(count, int(np.ceil(-(-count // clusters) * (1 + self.slack)))),
            n_init=1,
            max_iter=self.steps,
            random_state=self.seed,
            n_jobs=1,
        )
        labels: Assignment = np.asarray(model.fit_predict(vectors), dtype=np.int64)
        return labels


def _shares(sizes: Assignment, total: int) -> list[int]:
    """`total` parts over clusters in proportion to their sizes: each gets 1 up to its size."""
    parts = np.ones(len(sizes), dtype=np.int64)
    for _ in range(total - len(sizes)):
        load = np.where(parts < sizes, sizes / parts, -1.0)
        parts[np.argmax(load)] += 1
    shares: list[int] = parts.tolist()
    return shares
