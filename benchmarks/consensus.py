"""Compare ways to one hierarchy of seven variants: prints the last table of docs/study.md.

    python benchmarks/consensus.py            # every way
    python benchmarks/consensus.py method former-default

Halves are the 70 disjoint pairs of three of seven variants; pairs are the 21 of single variants.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hierlab.builders import BuildInput, get_builder
from hierlab.builders.consensus import consensus
from hierlab.clustering import (
    ConsensusSettings,
    diffused,
    mean_cosines,
    neighbour_ranks,
    rank_affinity,
)
from hierlab.clustering.vectors import lloyd, unit_rows
from hierlab.clustering.ward import ward_tree
from hierlab.datasets.class_lists import load_classes
from hierlab.datasets.shipped_maps import VARIANTS
from hierlab.embeddings.resolve import resolve
from hierlab.measures.groupings import load_groupings
from hierlab.measures.pair_statistics import class_means
from hierlab.measures.partition_scores import partition_agreement
from hierlab.wordnet.taxonomy import Taxonomy
from hierlab.wordnet.wu_palmer import wu_palmer

Labels = NDArray[np.int64]
K = (10, 100)
CLASSES = load_classes("imagenet-1k")


@cache
def vectors(variant: str) -> NDArray[np.float64]:
    """Prototypes of a variant from its shipped table."""
    return resolve(variant, CLASSES, source="table").vectors


def by_builder(method: str, variants: Sequence[str]) -> list[Labels]:
    """A builder on one variant, or on vectors whose cosines are the mean of several."""
    rows = vectors(variants[0])
    if len(variants) > 1:
        values, axes = np.linalg.eigh(mean_cosines(map(vectors, variants)) + np.eye(len(rows)))
        rows = unit_rows(axes * np.sqrt(np.clip(values, 0, None)))
    found = get_builder(method)(BuildInput(CLASSES, vectors=rows), k=K, seed=0)
    return [labels.astype(np.int64) for labels in found]


def kmeans(variants: Sequence[str]) -> list[Labels]:
    """The paper's k-means, one seed."""
    return by_builder("kmeans", variants)


def former_default(variants: Sequence[str]) -> list[Labels]:
    """The former default, `topdown`."""
    return by_builder("topdown", variants)


def without_exchanges(variants: Sequence[str]) -> list[Labels]:
    """The method's first level without exchanges; a hundred clusters in the same way."""
    ranks = [neighbour_ranks(vectors(one)) for one in variants]
    rows = diffused(rank_affinity(ranks, 20.0), 3.0)
    tree = ward_tree(rows)
    return [lloyd(rows, tree.cut(count), count) for count in K]


def shorter_reach(variants: Sequence[str]) -> list[Labels]:
    """The method with reach 15 at the first level."""
    return with_settings(variants, ConsensusSettings(top_reach=15.0))


def method(variants: Sequence[str]) -> list[Labels]:
    """**The method**."""
    return with_settings(variants, ConsensusSettings())


def with_settings(variants: Sequence[str], settings: ConsensusSettings) -> list[Labels]:
    """The method with other numbers."""
    made = consensus([vectors(one) for one in variants], K, settings=settings, runs=0)
    return [labels.astype(np.int64) for labels in made.labels]


WAYS: dict[str, Callable[[Sequence[str]], list[Labels]]] = {
    function.__name__.replace("_", "-"): function
    for function in (kmeans, former_default, without_exchanges, shorter_reach, method)
}


def row(build: Callable[[Sequence[str]], list[Labels]], similarity: NDArray[np.float64]) -> str:
    """One line of the table."""
    whole, single = build(VARIANTS), [build((one,)) for one in VARIANTS]
    threes = {three: build(three) for three in itertools.combinations(VARIANTS, 3)}
    halves = [
        (threes[one], threes[other])
        for one, other in itertools.combinations(threes, 2)
        if not set(one) & set(other)
    ]
    people = [
        f"{against(name, whole[at]):.2f} / {mean_against(name, single, at):.2f}"
        for at, name in ((0, "geirhos16"), (0, "entity13"), (1, "living17"), (1, "nonliving26"))
    ]
    by_class = [np.nanmean(class_means(labels.astype(np.int32), similarity)) for labels in whole]
    both = [
        [np.mean([partition_agreement(a[at], b[at]).ari for a, b in pairs]) for at in (0, 1)]
        for pairs in (halves, list(itertools.combinations(single, 2)))
    ]
    largest = [int(np.bincount(labels).max()) for labels in whole]
    cells = (*people, f"{by_class[0]:.3f} / {by_class[1]:.3f}")
    cells = (*cells, *(f"{a:.2f} / {b:.2f}" for a, b in both), f"{largest[0]} / {largest[1]}")
    return " | ".join(cells)


def against(name: str, labels: Labels) -> float:
    """ARI with a grouping over the classes that it covers."""
    rows, groups = load_groupings(name)[0].on(CLASSES)
    return partition_agreement(labels[rows], groups).ari


def mean_against(name: str, levels: Sequence[list[Labels]], at: int) -> float:
    """Mean of `against` over several hierarchies."""
    return float(np.mean([against(name, one[at]) for one in levels]))


def main() -> None:
    """Print the table, a line as soon as it is known."""
    similarity = wu_palmer(Taxonomy.shipped(), CLASSES.ids, "nltk")
    similarity = (similarity + similarity.T) / 2
    head = ("way", "Geirhos-16, K = 10, seven / single", "ENTITY-13, K = 10", "LIVING-17, K = 100")
    head = (*head, "NON-LIVING-26, K = 100", "Wu-Palmer by class, 10 / 100", "halves", "pairs")
    print(f"| {' | '.join((*head, 'largest'))} |")
    print("|---" * 9 + "|")
    for name in sys.argv[1:] or WAYS:
        about = (WAYS[name].__doc__ or "").rstrip(".")
        print(f"| {about} | {row(WAYS[name], similarity)} |", flush=True)


if __name__ == "__main__":
    main()
