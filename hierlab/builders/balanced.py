"""Clusters of nearly equal sizes by constrained k-means; nested, seeded, an optional extra."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hierlab.builders._registry import BuildInput, Labels, register_builder
from hierlab.builders._vectors import (
    Assignment,
    Matrix,
    canonical,
    centred,
    checked_vectors,
)
from hierlab.errors import BuilderError, MissingExtraError

__all__ = ["build_balanced"]


@register_builder("balanced", seeded=True)
def build_balanced(
    inputs: BuildInput, *, k: tuple[int, ...], seed: int, slack: float = 0.0
) -> Labels:
    """Split the classes into clusters of nearly equal sizes, from the top; nested, seeded.

    Args:
        inputs: classes and their unit vectors.
        k: numbers of clusters, rising.
        seed: draws the first centres.
        slack: by which share a size may differ from equal within its parent, 0 to 1.

    Raises:
        MissingExtraError: k-means-constrained is not installed.
        BuilderError: slack out of range.

    Source: Bradley, Bennett, Demiriz, Constrained k-means clustering, MSR-TR-2000-65.
    """
    if not 0 <= slack <= 1:
        raise BuilderError(f"expected a slack from 0 to 1, got {slack}")
    vectors = centred(checked_vectors(inputs, k))
    levels = [_partition(vectors, k[0], seed, slack)]
    for coarse, fine in pairwise(k):
        levels.append(_split(vectors, levels[-1], coarse, fine, seed, slack))
    return canonical(levels)


def _split(
    vectors: Matrix, parents: Assignment, coarse: int, fine: int, seed: int, slack: float
) -> Assignment:
    sizes = np.bincount(parents, minlength=coarse)
    labels = np.empty(len(parents), dtype=np.int64)
    start = 0
    for parent, parts in enumerate(_shares(sizes, fine)):
        inside = np.flatnonzero(parents == parent)
        labels[inside] = start + _partition(vectors[inside], parts, seed, slack)
        start += parts
    return labels


def _shares(sizes: Assignment, total: int) -> list[int]:
    """`total` parts over clusters in proportion to their sizes: each gets 1 up to its size."""
    parts = np.ones(len(sizes), dtype=np.int64)
    for _ in range(total - len(sizes)):
        load = np.where(parts < sizes, sizes / parts, -1.0)
        parts[np.argmax(load)] += 1
    shares: list[int] = parts.tolist()
    return shares


def _partition(vectors: Matrix, clusters: int, seed: int, slack: float) -> Assignment:
    count = len(vectors)
    if clusters in (1, count):
        return np.arange(count) if clusters == count else np.zeros(count, dtype=np.int64)
    try:
        from k_means_constrained import KMeansConstrained
    except ImportError as error:
        raise MissingExtraError("k-means-constrained", "balanced", "method 'balanced'") from error
    model = KMeansConstrained(
        clusters,
        size_min=max(1, int(count // clusters * (1 - slack))),
        size_max=min(count, int(np.ceil(-(-count // clusters) * (1 + slack)))),
        n_init=1,
        random_state=seed,
        n_jobs=1,
    )
    labels: Assignment = np.asarray(model.fit_predict(vectors), dtype=np.int64)
    return labels
