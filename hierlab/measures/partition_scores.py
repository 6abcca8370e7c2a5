"""Agreement of two partitions as single numbers: Rand index, mutual information, V-measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.errors import HierlabError
from hierlab.labelmap import canonical_labels

__all__ = ["Contingency", "PartitionAgreement", "contingency", "partition_agreement"]


@dataclass(frozen=True)
class Contingency:
    """How many classes each pair of clusters shares; only pairs that share any.

    Args:
        first, second: (N,) cluster numbers.
        counts: (N,) classes in both.
        first_sizes, second_sizes: (K,) and (L,) cluster sizes.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    counts: NDArray[np.int64]
    first_sizes: NDArray[np.int64]
    second_sizes: NDArray[np.int64]


@dataclass(frozen=True)
class PartitionAgreement:
    """Agreement of two partitions of the same classes.

    Args:
        ari: adjusted Rand index, at most 1; 0 is what random partitions of these sizes give.
        ami: mutual information adjusted for chance, arithmetic mean of the entropies.
        homogeneity: share of the first's entropy that the second tells, 0..1.
        completeness: share of the second's entropy that the first tells, 0..1.
        v_measure: harmonic mean of both; equals `nmi` with the arithmetic mean.
        nmi: mutual information over the mean entropy, 0..1, *not* adjusted for chance.
        nmi_random: the `nmi` that random partitions of the same sizes give on average.
    """

    ari: float
    ami: float
    homogeneity: float
    completeness: float
    v_measure: float
    nmi: float
    nmi_random: float


def contingency(first: ArrayLike, second: ArrayLike) -> Contingency:
    """Cross two partitions given as (C,) labels; clusters are numbered by first appearance.

    Raises:
        HierlabError: not the same number of classes, or none.
    """
    a, b = canonical_labels(first).astype(np.int64), canonical_labels(second).astype(np.int64)
    if a.ndim != 1 or a.shape != b.shape or not len(a):
        raise HierlabError(
            f"expected two label arrays over the same classes, got shapes {a.shape} and {b.shape}"
        )
    width = int(b.max()) + 1
    cells, counts = np.unique(a * width + b, return_counts=True)
    return Contingency(cells // width, cells % width, counts, np.bincount(a), np.bincount(b))


def partition_agreement(first: ArrayLike, second: ArrayLike) -> PartitionAgreement:
    """Compare two partitions given as (C,) labels; the numbers of the clusters do not matter.

    Raises:
        HierlabError: not the same number of classes, or none.
    Source: Hubert & Arabie 1985 (ARI); Vinh, Epps & Bailey 2010 (AMI); Rosenberg & Hirschberg
        2007 (V-measure).
    """
    table = contingency(first, second)
    entropy_first, entropy_second = _entropy(table.first_sizes), _entropy(table.second_sizes)
    shared = _mutual_information(table)
    by_chance = _expected_information(table.first_sizes, table.second_sizes)
    mean = (entropy_first + entropy_second) / 2
    homogeneity = shared / entropy_first if entropy_first else 1.0
    completeness = shared / entropy_second if entropy_second else 1.0
    both = homogeneity + completeness
    return PartitionAgreement(
        ari=_adjusted_rand(table),
        ami=_adjusted(shared, by_chance, mean, table),
        homogeneity=homogeneity,
        completeness=completeness,
        v_measure=2 * homogeneity * completeness / both if both else 0.0,
        nmi=shared / mean if mean else 1.0,
        nmi_random=by_chance / mean if mean else 1.0,
    )


def _same(table: Contingency) -> bool:
    return len(table.counts) == len(table.first_sizes) == len(table.second_sizes)


def _adjusted_rand(table: Contingency) -> float:
    if _same(table):
        return 1.0

    def pairs(sizes: NDArray[np.int64]) -> int:
        return int((sizes * (sizes - 1) // 2).sum())

    a, b = pairs(table.first_sizes), pairs(table.second_sizes)
    total = int(table.counts.sum())
    expected = a * b / (total * (total - 1) / 2)
    largest = (a + b) / 2
    return (pairs(table.counts) - expected) / (largest - expected)


def _adjusted(shared: float, by_chance: float, mean: float, table: Contingency) -> float:
    if _same(table):
        return 1.0
    room = mean - by_chance
    # Where chance already explains everything (one cluster, or all alone) nothing is left to share.
    return (shared - by_chance) / room if abs(room) > 1e-12 else 0.0


def _entropy(sizes: NDArray[np.int64]) -> float:
    shares = sizes / sizes.sum()
    return max(0.0, float(-(shares * np.log(shares)).sum()))


def _mutual_information(table: Contingency) -> float:
    total = table.counts.sum()
    outer = table.first_sizes[table.first] * table.second_sizes[table.second]
    terms = table.counts / total * np.log(table.counts * total / outer)
    return max(0.0, float(terms.sum()))


def _expected_information(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Mean mutual information over partitions of these sizes: hypergeometric overlaps.

    Clusters of one size are alike, so each pair of sizes is worked out once.
    """
    total = int(first.sum())
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, total + 1)))))
    sizes_a, times_a = np.unique(first, return_counts=True)
    sizes_b, times_b = np.unique(second, return_counts=True)
    expected = 0.0
    for a, times in zip(sizes_a.tolist(), times_a.tolist(), strict=True):
        for b, also in zip(sizes_b.tolist(), times_b.tolist(), strict=True):
            overlap = np.arange(max(1, a + b - total), min(a, b) + 1)
            log_chance = (
                log_factorial[a]
                + log_factorial[b]
                + log_factorial[total - a]
                + log_factorial[total - b]
                - log_factorial[total]
                - log_factorial[overlap]
                - log_factorial[a - overlap]
                - log_factorial[b - overlap]
                - log_factorial[total - a - b + overlap]
            )
            terms = overlap / total * np.log(overlap * (total / (a * b))) * np.exp(log_chance)
            expected += times * also * math.fsum(terms.tolist())
    return expected
