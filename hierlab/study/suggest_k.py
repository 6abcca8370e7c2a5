"""Choosing K: how stable, how compact and how consistent the classes are at each number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.clustering.vectors import centred, unit_rows
from hierlab.errors import BuilderError, TaxonomyError
from hierlab.measures.bootstrap import bootstrap_ari
from hierlab.measures.cluster_shape import silhouette
from hierlab.measures.groupings import Grouping, groupings_for
from hierlab.measures.pair_statistics import class_means
from hierlab.measures.partition_stability import (
    DRAWS,
    MOST_LEVELS,
    diffused_rows,
    k_candidates,
    local_maxima,
    partitions,
    stability_scores,
)
from hierlab.wordnet.taxonomy import taxonomy_for
from hierlab.wordnet.wu_palmer import wu_palmer

__all__ = ["KReport", "KRow", "suggest_k", "table_csv", "wordnet_similarity"]

_REFERENCES = 3


@dataclass(frozen=True)
class KRow:
    """One number of clusters.

    Args:
        k: number of clusters.
        stability: mean ARI of the partition with those of draws of 80 % of the classes.
        stability_se: standard error of that mean over the draws.
        silhouette: mean over the classes by cosine of the centred vectors, −1..1; None
            where it has no meaning.
        gap: how much tighter than clusters of classes without structure, in log units.
        within: mean Wu-Palmer (nltk policy) of the classes to their companions; None without
            WordNet. It is shown and takes no part in the suggestion.
        largest: classes in the largest cluster.
        people: ARI with each grouping, in the order of the report's.
    """

    k: int
    stability: float
    stability_se: float
    silhouette: float | None
    gap: float
    within: float | None
    largest: int
    people: tuple[float, ...] = ()


@dataclass(frozen=True)
class KReport:
    """All numbers that were tried.

    Args:
        rows: by k.
        groupings: names of what people made of these classes.
        suggested: the k at which the partition holds better than at the numbers beside it.
        advice: one sentence.
    """

    rows: tuple[KRow, ...]
    suggested: tuple[int, ...]
    advice: str
    groupings: tuple[str, ...] = ()


def suggest_k(
    vectors: NDArray[np.float64],
    *,
    classes: ClassList,
    k: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    groupings: Sequence[Grouping] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> KReport:
    """Partition at many K by Ward's cut where `consensus` starts from, and judge each.

    Args:
        vectors: (C, D) unit rows.
        classes: the C classes.
        k: numbers to try, strictly increasing; 2 to C / 2 in even ratios if not given.
        draws: of 80 % of the classes, at least 2.
        seed: of the draws and of the structureless references.
        groupings: what people made, to compare with; those shipped for these classes if not given.
        progress: called with (done, total).

    Raises:
        BuilderError: fewer than four classes, fewer than two draws, or a k that cannot be.

    Source: gap statistic: Tibshirani, Walther and Hastie, J. R. Stat. Soc. B 63(2), 2001;
        stability over draws: Ben-Hur, Elisseeff and Guyon, Pac. Symp. Biocomput. 2002.
    """
    count = len(vectors)
    if count < 4 or draws < 2:
        raise BuilderError(
            f"expected at least 4 classes and 2 draws, got {count} classes and {draws} draws"
        )
    numbers = k_candidates(k, count)
    whole = partitions(diffused_rows(vectors), numbers)
    scores = stability_scores(
        (vectors,), whole, numbers, draws, seed, lambda done: progress(done, draws + 1)
    )
    against = groupings_for(classes) if groupings is None else groupings
    people = [_grouping_ari(whole, grouping, classes) for grouping in against]
    rows = centred(vectors)
    gaps = _gaps(rows, whole, numbers, seed)
    similarity = wordnet_similarity(classes)
    progress(draws + 1, draws + 1)
    table = tuple(
        KRow(
            k=number,
            stability=float(scores[:, at].mean()),
            stability_se=float(scores[:, at].std(ddof=1) / np.sqrt(draws)),
            silhouette=silhouette(labels, rows),
            gap=gaps[at],
            within=None if similarity is None else _within(labels, similarity),
            largest=int(np.bincount(labels).max()),
            people=tuple(values[at] for values in people),
        )
        for at, (number, labels) in enumerate(zip(numbers, whole, strict=True))
    )
    best = _peaks(table)
    names = tuple(grouping.name for grouping in against)
    return KReport(table, best, _advice(table, best, names), names)


def _grouping_ari(
    whole: Sequence[NDArray[np.int32]], grouping: Grouping, classes: ClassList
) -> list[float]:
    """ARI of each partition over the classes that a grouping covers."""
    rows, groups = grouping.on(classes)
    ones = np.ones((1, len(rows)))
    return [float(bootstrap_ari(labels[rows], groups, ones)[0]) for labels in whole]


def _gaps(
    rows: NDArray[np.float64],
    whole: list[NDArray[np.int32]],
    numbers: Sequence[int],
    seed: int,
) -> list[float]:
    """Log of the spread in clusters of structureless rows, less that of the (centred) rows.

    Both are measured where no diffusion has tightened anything.
    """
    rng = np.random.default_rng(seed)
    centre = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(centre, full_matrices=False)
    main = left * values
    total = np.zeros(len(numbers))
    for _ in range(_REFERENCES):
        # Each main direction shuffled by itself: the same spread along it, and no clusters.
        shuffled = np.column_stack([rng.permutation(column) for column in main.T])
        structureless = partitions(diffused_rows(unit_rows(shuffled)), numbers)
        total += [np.log(_spread(shuffled, labels)) for labels in structureless]
    own = [np.log(_spread(main, labels)) for labels in whole]
    return [float(gap) for gap in total / _REFERENCES - own]


def _spread(rows: NDArray[np.float64], labels: NDArray[np.int32]) -> float:
    sizes = np.bincount(labels)
    sums = np.zeros((len(sizes), rows.shape[1]))
    np.add.at(sums, labels, rows)
    inside = (rows**2).sum() - ((sums**2).sum(axis=1) / sizes).sum()
    return float(max(inside, 1e-12))


def wordnet_similarity(classes: ClassList) -> NDArray[np.float64] | None:
    """(C, C) Wu-Palmer by the nltk policy, or None where WordNet does not know every class."""
    try:
        taxonomy = taxonomy_for(classes)
        wnids = taxonomy.resolve(classes).wnids if taxonomy is not None else (None,)
        known = [wnid for wnid in wnids if wnid is not None]
        return wu_palmer(taxonomy, known) if taxonomy and len(known) == len(wnids) else None
    except TaxonomyError:
        return None


def _within(labels: NDArray[np.int32], similarity: NDArray[np.float64]) -> float | None:
    means = class_means(labels, similarity)
    return None if np.isnan(means).all() else float(np.nanmean(means))


def _peaks(rows: Sequence[KRow]) -> tuple[int, ...]:
    """Local maxima of the stability, the best three at most, by k."""
    scores = [row.stability for row in rows]
    best = sorted(local_maxima(scores), key=lambda at: -scores[at])[:MOST_LEVELS]
    return tuple(sorted(rows[at].k for at in best))


def _advice(rows: Sequence[KRow], best: Sequence[int], groupings: Sequence[str]) -> str:
    words = ", ".join(
        f"{row.k} (stability {row.stability:.2f} ± {row.stability_se:.2f})"
        for row in rows
        if row.k in best
    )
    people = ""
    for number, name in enumerate(groupings):
        row = max(rows, key=lambda row: row.people[number])
        people += f"; {name} is nearest at K = {row.k} (ARI {row.people[number]:.2f})"
    return (
        f"holds better than its neighbours at K = {words}; differences below two standard errors "
        f"are noise, and coarse partitions are stable more easily than fine ones{people}"
    )


def table_csv(report: KReport) -> str:
    """The rows as CSV."""
    names = "".join(f",{name}" for name in report.groupings)
    lines = [f"k,stability,stability_se,silhouette,gap,wu_palmer_within,largest{names}"]
    for row in report.rows:
        values = (row.stability, row.stability_se, row.silhouette, row.gap, row.within)
        cells = ",".join("" if value is None else f"{value:.6f}" for value in values)
        people = "".join(f",{ari:.6f}" for ari in row.people)
        lines.append(f"{row.k},{cells},{row.largest}{people}")
    return "\n".join(lines) + "\n"
