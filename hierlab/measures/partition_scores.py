"""Agreement of two partitions as single numbers: Rand index, mutual information, V-measure."""

from __future__ import annotations

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
    from scipy.stats import entropy
    from sklearn import metrics

    table = contingency(first, second)
    a, b = np.ravel(first), np.ravel(second)
    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(a, b)
    shared = metrics.mutual_info_score(a, b)
    by_chance = _expected_information(table.first_sizes, table.second_sizes)
    mean = float(entropy(table.first_sizes) + entropy(table.second_sizes)) / 2
    room = mean - by_chance
    # Where chance already explains everything (one cluster, or all alone) nothing is left to share.
    adjusted = (shared - by_chance) / room if abs(room) > 1e-12 else 0.0
    same = len(table.counts) == len(table.first_sizes) == len(table.second_sizes)
    return PartitionAgreement(
        ari=float(metrics.adjusted_rand_score(a, b)),
        ami=1.0 if same else float(adjusted),
        homogeneity=float(homogeneity),
        completeness=float(completeness),
        v_measure=float(v_measure),
        nmi=float(shared / mean) if mean else 1.0,
        nmi_random=float(by_chance / mean) if mean else 1.0,
    )


def _expected_information(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Mean mutual information over partitions of these sizes: hypergeometric overlaps.

    Clusters of one size are alike, so each pair of sizes is worked out once, which scikit-learn
    does not: a thousand clusters of one class are one case.
    """
    from scipy.stats import hypergeom

    total = int(first.sum())
    sizes_b, times_b = np.unique(second, return_counts=True)
    expected = 0.0
    for a, times in zip(*np.unique(first, return_counts=True), strict=True):
        for b, also in zip(sizes_b, times_b, strict=True):
            overlap = np.arange(max(1, a + b - total), min(a, b) + 1)
            information = overlap / total * np.log(overlap * (total / (a * b)))
            expected += times * also * float(information @ hypergeom.pmf(overlap, total, a, b))
    return expected
