"""Compare families of consensus methods: prints the table of docs/study.md.

    python benchmarks/consensus.py            # every family
    python benchmarks/consensus.py method mean-smoothed

Split halves are the ten 3/3 splits of six variants; pairs are the 21 of seven single variants.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import TypeAlias

import consensus_families as families
import numpy as np
from consensus_families import Matrix
from numpy.typing import NDArray

from hierlab.classlists import load_classes
from hierlab.measures.information import partition_agreement
from hierlab.measures.pairs import pair_means
from hierlab.taxonomy import Taxonomy
from hierlab.wupalmer import wu_palmer

Family: TypeAlias = Callable[[tuple[str, ...]], list[NDArray[np.int64]]]

SEVEN = (
    "RN50:openai@80",
    "ViT-B-32:openai@a",
    "ViT-B-32:laion400m@a",
    "ViT-B-32:datacomp_xl_s13b_b90k@80",
    "ViT-B-16:openai@photo",
    "ViT-L-14:openai@80",
    "ViT-H-14:laion2b_s32b_b79k@80",
)
SIX = tuple(name for name in SEVEN if "B-16" not in name)


FAMILIES: dict[str, Family] = {
    function.__name__.replace("_", "-"): function
    for function in (
        families.mean_ward,
        families.mean_smoothed,
        families.co_association,
        families.neighbour_graph,
        families.spectral,
        families.rank_flat,
        families.rank_near,
        families.rank_deeper,
        families.rank_balanced,
        families.loose_joins,
        families.rank_nested,
        families.one_tree,
        families.no_spare,
        families.spare_one,
        families.spare_three,
        families.method,
    )
}


def row(build: Family, similarity: Matrix) -> str:
    """One line of the table."""
    splits = [
        (half, tuple(name for name in SIX if name not in half))
        for half in itertools.combinations(SIX, 3)
        if SIX[0] in half
    ]
    halves = [(build(first), build(second)) for first, second in splits]
    single = [build((name,)) for name in SEVEN]
    both = [
        [np.mean([partition_agreement(a[at], b[at]).ari for a, b in pairs]) for at in (0, 1)]
        for pairs in (halves, list(itertools.combinations(single, 2)))
    ]
    whole = build(SIX)
    within = [pair_means(labels.astype(np.int32), similarity).within for labels in whole]
    classes = [mean_over_classes(labels, similarity) for labels in whole]
    largest = [int(np.bincount(labels).max()) for labels in whole]
    cells = (*(f"{a:.2f} / {b:.2f}" for a, b in both), f"{within[0]:.3f} / {within[1]:.3f}")
    cells = (*cells, f"{classes[0]:.3f} / {classes[1]:.3f}")
    return " | ".join((*cells, f"{largest[0]} / {largest[1]}"))


def mean_over_classes(labels: NDArray[np.int64], similarity: Matrix) -> float:
    """Mean over the classes that have companions of the mean Wu-Palmer with them."""
    found = []
    for label in range(int(labels.max()) + 1):
        inside = np.flatnonzero(labels == label)
        if len(inside) > 1:
            block = similarity[np.ix_(inside, inside)]
            found += ((block.sum(axis=1) - np.diag(block)) / (len(inside) - 1)).tolist()
    return float(np.mean(found))


def main() -> None:
    """Print the table, a line as soon as it is known."""
    classes = load_classes("imagenet-1k")
    similarity = wu_palmer(Taxonomy.shipped(), classes.ids, "nltk")
    head = ("family", "split halves, ARI 10 / 100", "single pairs", "Wu-Palmer of six", "by class")
    print(f"| {' | '.join((*head, 'largest'))} |")
    print("|---|---|---|---|---|---|")
    for name in sys.argv[1:] or FAMILIES:
        about = (FAMILIES[name].__doc__ or "").rstrip(".")
        print(f"| {about} | {row(FAMILIES[name], similarity)} |", flush=True)


if __name__ == "__main__":
    main()
