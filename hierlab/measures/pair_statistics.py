"""Means over pairs of classes: within and between clusters, and what chance would give."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import HierlabError

__all__ = [
    "PairMeans",
    "average_ranks",
    "class_means",
    "clusters_of",
    "cophenetic_correlation",
    "pair_means",
    "random_moments",
    "symmetric",
]

MAX_PAIRS = 2_000_000


@dataclass(frozen=True)
class PairMeans:
    """Mean similarity over pairs of distinct classes; every pair weighs the same.

    Args:
        within: over pairs that share a cluster; None if no cluster has two classes.
        between: over pairs that do not; None if there is only one cluster.
        pairs_within: number of pairs that share a cluster.
    """

    within: float | None
    between: float | None
    pairs_within: int


def pair_means(labels: NDArray[np.int32], similarity: NDArray[np.float64]) -> PairMeans:
    """Mean similarity within and between the clusters of one partition.

    Args:
        labels: (C,) cluster numbers.
        similarity: (C, C) symmetric; the diagonal is not looked at.
    """
    inside = pairs = 0.0
    for members in clusters_of(labels):
        block = similarity[np.ix_(members, members)]
        inside += (block.sum() - np.trace(block)) / 2
        pairs += len(members) * (len(members) - 1) // 2
    count = len(labels) * (len(labels) - 1) // 2
    total = (similarity.sum() - np.trace(similarity)) / 2
    return PairMeans(
        within=float(inside / pairs) if pairs else None,
        between=float((total - inside) / (count - pairs)) if count > pairs else None,
        pairs_within=int(pairs),
    )


def class_means(labels: NDArray[np.int32], similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean similarity of each class to its companions: (C,), NaN for a class without any.

    Averaged over classes, every class weighs the same, whatever the size of its cluster; a mean
    over pairs is owned by the largest clusters.

    Args:
        labels: (C,) cluster numbers.
        similarity: (C, C) symmetric; the diagonal is not looked at.
    """
    means = np.full(len(labels), np.nan)
    for members in clusters_of(labels):
        if len(members) > 1:
            block = similarity[np.ix_(members, members)]
            means[members] = (block.sum(axis=1) - np.diagonal(block)) / (len(members) - 1)
    return means


def random_moments(
    sizes: NDArray[np.int64], similarity: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Exact mean and standard deviation of `within` over all partitions of these sizes.

    Sums over pairs of pairs of classes that are equal, share one class, or share none; nothing
    is drawn at random. None if no cluster has two classes.

    Args:
        sizes: (K,) cluster sizes, summing to C.
        similarity: (C, C) symmetric; the diagonal is not looked at.
    Source: Mantel 1967, "The detection of disease clustering", permutation moments.
    """
    count = len(similarity)
    sizes = sizes.astype(np.float64)
    ordered = float((sizes * (sizes - 1)).sum())
    if not ordered:
        return None
    diagonal = np.diagonal(similarity)
    mean = float((similarity.sum() - diagonal.sum()) / (count * (count - 1)))
    # Centred, so that the square of the mean does not cancel the digits of the variance.
    row_sums = similarity.sum(axis=1) - diagonal - mean * (count - 1)
    squares = float(np.einsum("ij,ij->", similarity, similarity) - (diagonal**2).sum())
    squares -= mean**2 * count * (count - 1)
    row_squares = float((row_sums**2).sum())
    own_squares = float((sizes * (sizes - 1) ** 2).sum())
    variance = 2 * ordered * squares / _falling(count, 2)
    if count > 2:
        shared = 4 * (own_squares - ordered) * (row_squares - squares)
        variance += shared / _falling(count, 3)
    if count > 3:
        apart = (ordered**2 - 4 * own_squares + 2 * ordered) * (2 * squares - 4 * row_squares)
        variance += apart / _falling(count, 4)
    return mean, math.sqrt(max(variance, 0.0)) / ordered


def _falling(count: int, factors: int) -> float:
    return float(math.prod(range(count - factors + 1, count + 1)))


def symmetric(similarity: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Mean of a (count, count) similarity and its transpose, checked.

    Wu-Palmer as nltk has it may depend on the order of a pair where subsumers tie.

    Raises:
        HierlabError: wrong shape, or not finite.
    """
    matrix = np.asarray(similarity, dtype=np.float64)
    if matrix.shape != (count, count):
        raise HierlabError(
            f"expected a similarity of shape {(count, count)}, got {matrix.shape}; "
            "give one row and one column for each class"
        )
    if not np.isfinite(matrix).all():
        raise HierlabError("the similarity holds values that are not finite numbers")
    if np.array_equal(matrix, matrix.T):
        return matrix
    symmetric: NDArray[np.float64] = (matrix + matrix.T) / 2
    return symmetric


def clusters_of(labels: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """Positions of each cluster that has any class here, by cluster number."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def cophenetic_correlation(
    labels: NDArray[np.int32], similarity: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float | None, float | None]:
    """Pearson and Spearman correlation of similarity with the number of levels shared.

    Args:
        labels: (L, C) cluster numbers, one row a level.
        similarity: (C, C) symmetric.
        rng: draws two million pairs if there are more.
    Returns:
        None in place of a correlation with something constant.
    """
    count = labels.shape[1]
    if count * (count - 1) // 2 <= MAX_PAIRS:
        first, second = np.triu_indices(count, 1)
    else:
        first = rng.integers(0, count, MAX_PAIRS)
        second = (first + rng.integers(1, count, MAX_PAIRS)) % count
    shared = sum((row[first] == row[second] for row in labels), np.zeros(len(first)))
    alike = similarity[first, second]
    return _pearson(shared, alike), _pearson(average_ranks(shared), average_ranks(alike))


def average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 of (N,) numbers; equal ones share the mean of theirs.

    Not `scipy.stats.rankdata`, whose import takes longer than all that the app shows at first.
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2
    return means[place]


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
