"""Kinds of things in a cluster: the few synsets that say best what its classes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hierlab.wordnet.taxonomy import Resolution, Taxonomy

__all__ = ["Kinds", "kinds"]

_WORTH = 0.75  # each further word must be worth this: two words beat one that is three quarters
_WORTH_OF_PARTIAL = 0.9  # where words hold for less than most, each further one is welcome
_PARTIAL = 0.5  # a name for less than most of the cluster counts half
_LEAST = 0.1  # of a cluster that a kind must hold to be named beside others
_VAGUE = 0.2  # worth of a word from the list below
_WIDTH = 40  # kinds looked at in each cluster, the best first
_KEPT = 8  # ways of one, of two, of three words kept, should a name be taken
_NEARLY = 0.7  # of the best score, for a name to take its place where it is taken


_UMBRELLAS = (
    "entity.n.01",
    "physical_entity.n.01",
    "abstraction.n.06",
    "object.n.01",
    "thing.n.12",
    "whole.n.02",
    "matter.n.03",
    "substance.n.01",
    "substance.n.07",
    "artifact.n.01",
    "commodity.n.01",
    "consumer_goods.n.01",
    "covering.n.02",
    "device.n.01",
    "instrumentality.n.03",
    "living_thing.n.01",
    "organism.n.01",
    "causal_agent.n.01",
    "psychological_feature.n.01",
    "attribute.n.02",
    "relation.n.01",
    "measure.n.02",
    "group.n.01",
    "unit.n.03",
    "part.n.03",
)


@dataclass(frozen=True)
class Kinds:
    """One to three synsets that have no class of a cluster in common.

    Args:
        synsets: their numbers in the taxonomy, the largest part of the cluster first.
        precision: share of the list's classes below them that lie in the cluster, 0..1.
        coverage: share of the cluster's classes that lie below them, 0..1.
        score: precision times coverage, times 3/4 for each word after the first; where they hold
            for less than most of the cluster half of that, with 9/10 for each such word; times
            0.2 with a word that tells nothing.
    """

    synsets: tuple[int, ...]
    precision: float
    coverage: float
    score: float


def kinds(
    labels: NDArray[np.int32], taxonomy: Taxonomy, resolution: Resolution, *, most: float
) -> list[tuple[Kinds, ...]]:
    """For each cluster the ways to say what is in it, best first, down to 70 % of the best score.

    Classes without a synset count against coverage. Ties go to fewer words, then to deeper
    synsets, then by name. Two or three kinds have no class of the cluster in common.

    Args:
        labels: (C,) cluster of each class, 0..K-1.
        taxonomy: WordNet.
        resolution: the synset of each class.
        most: coverage below which a score is halved.

    Returns:
        K tuples; empty where no class has a synset.
    """
    sizes = np.bincount(labels)
    lineage = taxonomy.lineage([wnid for wnid in resolution.wnids if wnid is not None])
    below = np.bincount(lineage.synsets, minlength=len(taxonomy))
    cluster = labels[resolution.known][lineage.positions]
    order = np.lexsort((lineage.positions, lineage.synsets, cluster))
    synsets, positions = lineage.synsets[order], lineage.positions[order]
    bounds = np.searchsorted(cluster[order], np.arange(len(sizes) + 1))
    return [
        _of_cluster(synsets[low:high], positions[low:high], int(size), below, taxonomy, most)
        for low, high, size in zip(bounds[:-1], bounds[1:], sizes, strict=True)
    ]


def _of_cluster(
    synsets: NDArray[np.int64],
    positions: NDArray[np.int64],
    size: int,
    below: NDArray[np.int64],
    taxonomy: Taxonomy,
    most: float,
) -> tuple[Kinds, ...]:
    if not len(synsets):
        return ()
    known, row, shared = np.unique(synsets, return_inverse=True, return_counts=True)
    worth = np.where(_umbrella(taxonomy)[known], _VAGUE, 1.0)
    # Compared as fractions of whole numbers: equal scores are equal bits on every machine.
    alone = worth * (shared * shared) / (below[known] * size)
    ranks = np.lexsort((taxonomy.name_ranks[known], -taxonomy.max_depths[known], -alone))
    ranks = ranks[shared[ranks] >= _LEAST * size][:_WIDTH]
    members = np.zeros((len(known), size), dtype=bool)
    members[row, np.unique(positions, return_inverse=True)[1]] = True
    kept = members[ranks].astype(np.int64)
    apart = kept @ kept.T == 0
    held, under, vague = shared[ranks], below[known[ranks]], worth[ranks]

    def scored(chosen: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Scores of (n, words) rows of places in `ranks`, and the rows, best first."""
        inside = held[chosen].sum(axis=1)
        score = inside * inside / (under[chosen].sum(axis=1) * size)
        score = score * vague[chosen].min(axis=1)
        more = chosen.shape[1] - 1
        whole = inside >= most * size
        score = score * np.where(whole, _WORTH**more, _PARTIAL * _WORTH_OF_PARTIAL**more)
        best = np.argsort(-score, kind="stable")
        return score[best], chosen[best]

    options = [scored(np.arange(len(ranks))[:, None])]
    if size > 1:
        pairs = scored(np.argwhere(np.triu(apart, 1)))
        first = pairs[1][:_WIDTH]
        free = apart[first[:, 0]] & apart[first[:, 1]] & (np.arange(len(ranks)) > first[:, 1:])
        base, third = np.nonzero(free)
        options += [pairs, scored(np.column_stack([first[base], third]))]
    ways = [
        (score, chosen)
        for scores, rows in options
        for score, chosen in zip(scores[:_KEPT].tolist(), rows[:_KEPT].tolist(), strict=True)
    ]
    ways.sort(key=lambda way: -way[0])
    return tuple(
        _kinds(
            sorted(chosen, key=lambda at: -int(held[at])), score, ranks, known, held, under, size
        )
        for score, chosen in ways
        if score >= _NEARLY * ways[0][0]
    )


def _kinds(
    chosen: list[int],
    score: float,
    ranks: NDArray[np.int64],
    known: NDArray[np.int64],
    held: NDArray[np.int64],
    under: NDArray[np.int64],
    size: int,
) -> Kinds:
    inside = int(held[chosen].sum())
    return Kinds(
        tuple(known[ranks[chosen]].tolist()),
        inside / int(under[chosen].sum()),
        inside / size,
        score,
    )


def _umbrella(taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """(N,) whether a synset is a word that stands above so much that it tells nothing."""
    vague = np.zeros(len(taxonomy), dtype=bool)
    for name in _UMBRELLAS:
        if name in taxonomy:
            vague[taxonomy.number(name)] = True
    return vague
