"""Consistency: are classes that share a cluster also alike in WordNet?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    "Discord",
    "LevelConsistency",
    "consistency",
]


@dataclass(frozen=True)
class Discord:
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
    discords: tuple[Discord, ...]


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
    drawn = _drawn(len(labels), rng, resamples)
    low, high = _bootstrap(clusters, similarity, drawn)
    own = class_means(labels, similarity)
    by_class, class_low, class_high = _over_classes(clusters, own, similarity, drawn)
    random_mean, random_sd = moments or (None, None)
    lift = z = None
    if by_class is not None and means.within is not None and random_mean is not None:
        lift = by_class - random_mean
        z = (means.within - random_mean) / random_sd if random_sd else None
    return LevelConsistency(
        level=level.name,
        k=level.k,
        pairs_within=means.pairs_within,
        by_class=by_class,
        by_class_low=class_low,
        by_class_high=class_high,
        within=means.within,
        within_low=low,
        within_high=high,
        between=means.between,
        random_mean=random_mean,
        random_sd=random_sd,
        lift=lift,
        z=z,
        discords=_discords(level, labels, clusters, similarity, names)[:discords],
    )


def _drawn(count: int, rng: np.random.Generator, resamples: int) -> NDArray[np.float64]:
    """(C, B) how often each class is drawn in each bootstrap sample."""
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return drawn.T.astype(np.float64)


def _bootstrap(
    clusters: list[NDArray[np.int64]],
    similarity: NDArray[np.float64],
    drawn: NDArray[np.float64],
) -> tuple[float | None, float | None]:
    """95 % interval of `within` when classes are drawn with replacement.

    A class drawn twice is not paired with itself.
    """
    sums = np.zeros(drawn.shape[1])
    pairs = np.zeros(drawn.shape[1])
    for members in clusters:
        if len(members) < 2:
            continue
        block = similarity[np.ix_(members, members)]
        np.fill_diagonal(block, 0)
        weights = drawn[members]
        sums += np.einsum("ib,ib->b", weights, block @ weights)
        pairs += weights.sum(axis=0) ** 2 - (weights**2).sum(axis=0)
    some = pairs > 0
    if not some.any():
        return None, None
    low, high = np.quantile(sums[some] / pairs[some], (0.025, 0.975))
    return float(low), float(high)


def _over_classes(
    clusters: list[NDArray[np.int64]],
    own: NDArray[np.float64],
    similarity: NDArray[np.float64],
    drawn: NDArray[np.float64],
) -> tuple[float | None, float | None, float | None]:
    """Mean over classes of the similarity to companions, and its 95 % interval.

    In a sample a class weighs as often as it is drawn, and so does each of its companions.
    """
    some = ~np.isnan(own)
    if not some.any():
        return None, None, None
    sums = np.zeros(drawn.shape[1])
    mass = np.zeros(drawn.shape[1])
    for members in clusters:
        if len(members) < 2:
            continue
        block = similarity[np.ix_(members, members)]
        np.fill_diagonal(block, 0)
        weights = drawn[members]
        others = weights.sum(axis=0)[None, :] - weights
        known = others > 0
        mean = np.divide(block @ weights, others, out=np.zeros_like(others), where=known)
        sums += (weights * mean).sum(axis=0)
        mass += (weights * known).sum(axis=0)
    told = mass > 0
    value = float(own[some].mean())
    if not told.any():
        return value, None, None
    low, high = np.quantile(sums[told] / mass[told], (0.025, 0.975))
    return value, float(low), float(high)


def _discords(
    level: Level,
    labels: NDArray[np.int32],
    clusters: list[NDArray[np.int64]],
    similarity: NDArray[np.float64],
    names: list[str],
) -> tuple[Discord, ...]:
    found = []
    for members in clusters:
        if len(members) < 2:
            continue
        block = similarity[np.ix_(members, members)]
        to_others = (block.sum(axis=1) - np.diagonal(block)) / (len(members) - 1)
        odd = int(to_others.argmin())
        number = int(labels[members[0]])
        found.append(
            Discord(
                cluster=number,
                name=level.clusters[number].name,
                size=len(members),
                within=float(to_others.mean()),
                odd_class=names[members[odd]],
                odd_similarity=float(to_others[odd]),
            )
        )
    return tuple(sorted(found, key=lambda discord: (discord.within, discord.cluster)))
