"""Consistency: are classes that share a cluster also alike in WordNet?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hierlab.measures.pair_statistics import (
    class_means,
    clusters_of,
    cophenetic_correlation,
    pair_means,
    random_moments,
    symmetric,
)

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap, Level

__all__ = [
    "ConsistencyReport",
    "IncoherentCluster",
    "LevelConsistency",
    "consistency",
]

_Interval: TypeAlias = tuple[float | None, float | None]


@dataclass(frozen=True)
class IncoherentCluster:
    """A cluster whose classes WordNet finds unlike, and the class that fits it least."""

    cluster: int
    name: str
    size: int
    within: float
    odd_class: str
    odd_similarity: float


@dataclass(frozen=True)
class LevelConsistency:
    """Consistency of one level.

    Args:
        by_class: mean over classes of their mean similarity to their companions, 0..1; classes
            alone in their cluster have none and do not count. The figure to quote: every class
            weighs the same.
        by_class_low, by_class_high: its 95 % interval over resampled classes.
        within: mean similarity of pairs that share a cluster, 0..1; large clusters own it.
        within_low, within_high: 95 % interval of `within` over resampled classes.
        between: mean similarity of pairs that do not.
        random_mean, random_sd: of `within` over all partitions with the same cluster sizes; the
            mean is that of `by_class` too.
        lift: `by_class` minus `random_mean`.
        z: `within` minus `random_mean` in units of `random_sd`.
        discords: the clusters of lowest own mean, worst first.
    """

    level: str
    k: int
    pairs_within: int
    by_class: float | None
    by_class_low: float | None
    by_class_high: float | None
    within: float | None
    within_low: float | None
    within_high: float | None
    between: float | None
    random_mean: float | None
    random_sd: float | None
    lift: float | None
    z: float | None
    discords: tuple[IncoherentCluster, ...]


@dataclass(frozen=True)
class ConsistencyReport:
    """Consistency of a hierarchy with a similarity, such as Wu-Palmer in a named policy.

    Args:
        policy: which similarity: `nltk` or `textbook` Wu-Palmer, or the caller's own word.
        classes: number of classes that the similarity covers.
        cophenetic_pearson, cophenetic_spearman: correlation over pairs of classes between their
            similarity and the number of levels at which they share a cluster (the level where
            they part, in a nested map); None where either is constant.
    """

    policy: str
    classes: int
    levels: tuple[LevelConsistency, ...]
    cophenetic_pearson: float | None
    cophenetic_spearman: float | None


def consistency(
    label_map: LabelMap,
    similarity: NDArray[np.float64],
    *,
    policy: str,
    positions: NDArray[np.int64] | None = None,
    seed: int = 0,
    resamples: int = 200,
    discords: int = 10,
) -> ConsistencyReport:
    """Measure every level of a hierarchy against a similarity of its classes.

    Args:
        label_map: the hierarchy over C classes.
        similarity: (N, N), larger = more alike; the diagonal is not looked at.
        policy: name of the similarity, kept in the report.
        positions: (N,) class positions that the rows stand for; all C in order if not given.
        seed: of the bootstrap, and of the pairs drawn for the correlation if there are more
            than two million.
        resamples: bootstrap samples of classes; 0 leaves the interval out.
        discords: how many of the worst clusters to name.

    Raises:
        HierlabError: the similarity does not fit the classes.
    """
    rows = np.arange(len(label_map.classes)) if positions is None else positions
    matrix = symmetric(similarity, len(rows))
    names = [label_map.classes.names[row] for row in rows]
    rng = np.random.default_rng(seed)
    levels = tuple(
        _level(level, level.labels[rows], matrix, names, rng, resamples, discords)
        for level in label_map.levels
    )
    pearson, spearman = cophenetic_correlation(
        np.stack([level.labels[rows] for level in label_map.levels]), matrix, rng
    )
    return ConsistencyReport(policy, len(rows), levels, pearson, spearman)


def _level(
    level: Level,
    labels: NDArray[np.int32],
    similarity: NDArray[np.float64],
    names: list[str],
    rng: np.random.Generator,
    resamples: int,
    discords: int,
) -> LevelConsistency:
    means = pair_means(labels, similarity)
    clusters = clusters_of(labels)
    moments = random_moments(np.array([len(members) for members in clusters]), similarity)
    random_mean, random_sd = moments or (None, None)
    pairs, classes = _bootstrap(clusters, similarity, rng, resamples)
    own = class_means(labels, similarity)
    by_class = None if np.isnan(own).all() else float(np.nanmean(own))
    lift = z = None
    if by_class is not None and means.within is not None and random_mean is not None:
        lift = by_class - random_mean
        z = (means.within - random_mean) / random_sd if random_sd else None
    worst = [
        IncoherentCluster(
            cluster=(number := int(labels[members[0]])),
            name=level.clusters[number].name,
            size=len(members),
            within=float(own[members].mean()),
            odd_class=names[members[odd := int(own[members].argmin())]],
            odd_similarity=float(own[members[odd]]),
        )
        for members in clusters
        if len(members) > 1
    ]
    worst.sort(key=lambda cluster: (cluster.within, cluster.cluster))
    return LevelConsistency(
        level.name,
        level.k,
        means.pairs_within,
        by_class,
        *classes,
        means.within,
        *pairs,
        means.between,
        random_mean,
        random_sd,
        lift,
        z,
        tuple(worst[:discords]),
    )


def _bootstrap(
    clusters: list[NDArray[np.int64]],
    similarity: NDArray[np.float64],
    rng: np.random.Generator,
    resamples: int,
) -> tuple[_Interval, _Interval]:
    """95 % intervals of `within` and `by_class` when classes are drawn with replacement.

    A class drawn twice is not paired with itself. In the mean over classes a class weighs as often
    as it is drawn, and so does each of its companions.
    """
    count = sum(map(len, clusters))
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples).T.astype(np.float64)
    pair_sums, pairs, class_sums, classes = np.zeros((4, resamples))
    for members in clusters:
        if len(members) < 2:
            continue
        block = similarity[np.ix_(members, members)]
        np.fill_diagonal(block, 0)
        weights = drawn[members]
        sums, total = block @ weights, weights.sum(axis=0)
        pair_sums += np.einsum("ib,ib->b", weights, sums)
        pairs += total**2 - (weights**2).sum(axis=0)
        others = total[None, :] - weights
        known = others > 0
        mean = np.divide(sums, others, out=np.zeros_like(others), where=known)
        class_sums += (weights * mean).sum(axis=0)
        classes += (weights * known).sum(axis=0)
    return _interval(pair_sums, pairs), _interval(class_sums, classes)


def _interval(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> _Interval:
    some = counts > 0
    if not some.any():
        return None, None
    low, high = np.quantile(sums[some] / counts[some], (0.025, 0.975))
    return float(low), float(high)
