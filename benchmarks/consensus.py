"""Compare families of consensus methods: prints the table of docs/study.md.

    python benchmarks/consensus.py            # every family
    python benchmarks/consensus.py rank-nested mean-smoothed

Split halves are the ten 3/3 splits of six variants; pairs are the 21 of seven single variants.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hierlab.builders._vectors import centred, lloyd, smoothed, unit_rows
from hierlab.builders._ward import ward_tree
from hierlab.builders.consensus import consensus
from hierlab.classlists import load_classes
from hierlab.consensus import diffused, neighbour_ranks, nested_levels, rank_affinity
from hierlab.consensus._nested import _allot, _average_tree, _split
from hierlab.measures.information import partition_agreement
from hierlab.measures.pairs import pair_means
from hierlab.prototypes import resolve
from hierlab.taxonomy import Taxonomy
from hierlab.wupalmer import wu_palmer

Matrix = NDArray[np.float64]
K = (10, 100)
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


@cache
def vectors(name: str) -> Matrix:
    """Prototypes of a variant from its shipped table."""
    return resolve(name, load_classes("imagenet-1k"), source="table").vectors


@cache
def ranks(name: str) -> NDArray[np.int32]:
    """Neighbour ranks of a variant."""
    return neighbour_ranks(vectors(name))


def mean_rows(names: tuple[str, ...]) -> Matrix:
    """Rows whose cosines are the mean of the variants' centred cosines."""
    mean = np.mean([rows @ rows.T for rows in (centred(vectors(name)) for name in names)], axis=0)
    values, axes = np.linalg.eigh(mean)
    return unit_rows(axes * np.sqrt(np.clip(values, 0, None)))


def flat(rows: Matrix) -> list[NDArray[np.int64]]:
    """Ward's cut and k-means steps at each K by itself."""
    tree = ward_tree(rows)
    return [lloyd(rows, tree.cut(number), number) for number in K]


def mean_ward(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Mean centred cosines."""
    return flat(mean_rows(names))


def mean_smoothed(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Mean centred cosines, neighbours smoothed 20 × 2."""
    return flat(smoothed(smoothed(mean_rows(names), 20), 20))


def neighbour_graph(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Diffusion on the ten-neighbour graph of the mean, 60 dimensions, eigenvalues to the 4th."""
    rows = mean_rows(names)
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -np.inf)
    graph = np.zeros_like(likeness)
    for row, near in enumerate(np.argsort(-likeness, axis=1)[:, :10]):
        graph[row, near] = np.clip(likeness[row, near], 1e-3, None)
    graph = (graph + graph.T) / 2
    scale = 1 / np.sqrt(graph.sum(axis=1))
    values, axes = np.linalg.eigh(graph * scale[:, None] * scale[None])
    return flat(unit_rows(axes[:, -60:] * np.clip(values[-60:], 0, None) ** 4))


def spectral(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Spectral clustering of the mean rank affinity: as many eigenvectors as clusters."""
    affinity = rank_affinity([ranks(name) for name in names], 15.0)
    scale = 1 / np.sqrt(affinity.sum(axis=1))
    axes = np.linalg.eigh(affinity * scale[:, None] * scale[None])[1]
    found = []
    for number in K:
        rows = unit_rows(axes[:, -number:])
        found.append(lloyd(rows, ward_tree(rows).cut(number), number))
    return found


def co_association(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """How often Ward's cuts at eleven K put two classes together."""
    count = len(vectors(names[0]))
    together = np.zeros((count, count))
    for name in names:
        tree = ward_tree(centred(vectors(name)))
        for number in (5, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200):
            labels = tree.cut(number)
            together += labels[:, None] == labels[None, :]
    together /= together[0, 0]
    values, axes = np.linalg.eigh(together)
    return flat(unit_rows(axes * np.sqrt(np.clip(values, 0, None))))


def rank_flat(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Rank affinity, reach 15, diffused 4 steps; Ward at each K."""
    return flat(diffused(rank_affinity([ranks(name) for name in names], 15.0), 4.0))


def rank_near(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Rank affinity, reach 7, diffused 4 steps; Ward at each K."""
    return flat(diffused(rank_affinity([ranks(name) for name in names], 7.0), 4.0))


def rank_deeper(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Nested: reach 15 × 4 at the top, reach 7 × 4 with average linkage inside."""
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 15.0), 4.0)
    return nested_levels(outer, diffused(rank_affinity(found, 7.0), 4.0), K)


def rank_balanced(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Top level balanced: reach 20 × 3, then moves that charge three times the mean likeness."""
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 20.0), 3.0)
    likeness = outer @ outer.T
    top = balanced(likeness, lloyd(outer, ward_tree(outer).cut(K[0]), K[0]), 3 * likeness.mean())
    inner = diffused(rank_affinity(found, 7.0), 3.0)
    return [top, _split(inner, top, *K)]


def balanced(likeness: Matrix, labels: NDArray[np.int64], charge: float) -> NDArray[np.int64]:
    """Move classes one by one to where likeness less a charge a class is highest, K held fixed."""
    labels = labels.copy()
    sums = np.stack([likeness[:, labels == at].sum(axis=1) for at in range(labels.max() + 1)], 1)
    sizes = np.bincount(labels)
    for _ in range(30):
        moved = 0
        for row in range(len(labels)):
            old = labels[row]
            gain = sums[row] - charge * sizes
            gain[old] -= likeness[row, row] - charge
            new = int(gain.argmax())
            if new != old and gain[new] > gain[old] + 1e-12 and sizes[old] > 1:
                sums[:, old] -= likeness[:, row]
                sums[:, new] += likeness[:, row]
                sizes[old] -= 1
                sizes[new] += 1
                labels[row] = new
                moved += 1
        if not moved:
            break
    return labels


def loose_joins(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """The method, but below the top the joins of lowest mean cosine are undone."""
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 20.0), 3.0)
    top = lloyd(outer, ward_tree(outer).cut(K[0]), K[0])
    inner = diffused(rank_affinity(found, 7.0), 3.0)
    mean = np.mean([rows @ rows.T for rows in (centred(vectors(name)) for name in names)], axis=0)
    members = [np.flatnonzero(top == at) for at in range(K[0])]
    trees = [_average_tree(inner[inside]) for inside in members]
    for inside, tree in zip(members, trees, strict=True):
        tree[:, 2] = join_distances(tree, 1 - mean[np.ix_(inside, inside)])
    labels, start = np.empty(len(top), dtype=np.int64), 0
    for inside, tree, parts in zip(members, trees, _allot(trees, K[1]), strict=True):
        order = tree[np.argsort(tree[:, 2], kind="stable")]
        found_here = components(tree, order[: len(inside) - parts], len(inside))
        labels[inside] = start + lloyd(inner[inside], found_here, parts)
        start += parts
    return [top, labels]


def join_distances(tree: Matrix, distances: Matrix) -> Matrix:
    """Mean distance between the two groups of each join, never less than of the joins inside."""
    count = len(tree) + 1
    groups = {at: [at] for at in range(count)}
    heights = dict.fromkeys(range(count), 0.0)
    for at, (left, right) in enumerate(tree[:, :2].astype(int).tolist(), start=count):
        apart = float(distances[np.ix_(groups[left], groups[right])].mean())
        heights[at] = max(apart, heights[left], heights[right])
        groups[at] = groups[left] + groups[right]
    return np.array([heights[at] for at in range(count, 2 * count - 1)])


def components(tree: Matrix, kept: Matrix, count: int) -> NDArray[np.int64]:
    """Labels of the groups that the kept joins of a tree leave."""
    alive = {tuple(join[:2]) for join in kept.tolist()}
    label = list(range(2 * count - 1))

    def root(at: int) -> int:
        while label[at] != at:
            at = label[at]
        return at

    for at, join in enumerate(tree.tolist(), start=count):
        if tuple(join[:2]) in alive:
            label[int(join[0])] = label[int(join[1])] = at
    roots = [root(at) for at in range(count)]
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def rank_nested(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Nested: reach 20 × 3 at the top, reach 7 × 3 with average linkage inside (the method)."""
    made = consensus([vectors(name) for name in names], K, runs=0)
    return [labels.astype(np.int64) for labels in made.labels]


FAMILIES: dict[str, Callable[[tuple[str, ...]], list[NDArray[np.int64]]]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        mean_ward,
        mean_smoothed,
        co_association,
        neighbour_graph,
        spectral,
        rank_flat,
        rank_near,
        rank_deeper,
        rank_balanced,
        loose_joins,
        rank_nested,
    )
}


def row(build: Callable[[tuple[str, ...]], list[NDArray[np.int64]]], similarity: Matrix) -> str:
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
    largest = [int(np.bincount(labels).max()) for labels in whole]
    cells = (*(f"{a:.2f} / {b:.2f}" for a, b in both), f"{within[0]:.3f} / {within[1]:.3f}")
    return " | ".join((*cells, f"{largest[0]} / {largest[1]}"))


def main() -> None:
    """Print the table, a line as soon as it is known."""
    classes = load_classes("imagenet-1k")
    similarity = wu_palmer(Taxonomy.shipped(), classes.ids, "nltk")
    print("| family | split halves, ARI 10 / 100 | single pairs | Wu-Palmer of six | largest |")
    print("|---|---|---|---|---|")
    for name in sys.argv[1:] or FAMILIES:
        about = (FAMILIES[name].__doc__ or "").rstrip(".")
        print(f"| {about} | {row(FAMILIES[name], similarity)} |", flush=True)


if __name__ == "__main__":
    main()
