"""Families of consensus methods that were tried; benchmarks/consensus.py compares them."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cut_tree, linkage

from hierlab.builders._vectors import centred, lloyd, smoothed, unit_rows
from hierlab.builders._ward import ward_tree
from hierlab.builders.consensus import consensus
from hierlab.classlists import load_classes
from hierlab.consensus import _nested as nested
from hierlab.consensus import diffused, mean_cosines, neighbour_ranks, rank_affinity
from hierlab.consensus._branch import grow
from hierlab.consensus._likeness import united
from hierlab.prototypes import resolve

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]
K = (10, 100)


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
    return farthest_joins(outer, diffused(rank_affinity(found, 7.0), 4.0))


def rank_balanced(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Top level balanced: reach 20 × 3, then moves that charge three times the mean likeness."""
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 20.0), 3.0)
    likeness = outer @ outer.T
    top = balanced(likeness, lloyd(outer, ward_tree(outer).cut(K[0]), K[0]), 3 * likeness.mean())
    inner = diffused(rank_affinity(found, 7.0), 3.0)
    return [top, farthest_split(inner, top, *K)]


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
    """Nested: reach 20 × 3, then 7 × 3, the joins of lowest mean cosine undone."""
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 20.0), 3.0)
    top = lloyd(outer, ward_tree(outer).cut(K[0]), K[0])
    inner = diffused(rank_affinity(found, 7.0), 3.0)
    mean = np.mean([rows @ rows.T for rows in (centred(vectors(name)) for name in names)], axis=0)
    members = [np.flatnonzero(top == at) for at in range(K[0])]
    trees = [average_tree(inner[inside]) for inside in members]
    for inside, tree in zip(members, trees, strict=True):
        tree[:, 2] = join_distances(tree, 1 - mean[np.ix_(inside, inside)])
    labels, start = np.empty(len(top), dtype=np.int64), 0
    for inside, tree, parts in zip(members, trees, allot(trees, K[1]), strict=True):
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
    """Nested: reach 20 × 3 at the top; reach 7 × 3 with average linkage, farthest joins undone."""
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 20.0), 3.0)
    return farthest_joins(outer, diffused(rank_affinity(found, 7.0), 3.0))


def farthest_joins(outer: Matrix, inner: Matrix) -> list[NDArray[np.int64]]:
    """Ward and k-means steps at the top; below, the joins of greatest distance are undone."""
    levels = [lloyd(outer, ward_tree(outer).cut(K[0]), K[0])]
    for coarse, fine in pairwise(K):
        levels.append(farthest_split(inner, levels[-1], coarse, fine))
    return levels


def farthest_split(rows: Matrix, parents: Labels, coarse: int, fine: int) -> Labels:
    """Average linkage in each parent; over all, the joins of greatest distance undone."""
    members = [np.flatnonzero(parents == parent) for parent in range(coarse)]
    trees = [average_tree(rows[inside]) for inside in members]
    labels, start = np.empty(len(rows), dtype=np.int64), 0
    for inside, tree, parts in zip(members, trees, allot(trees, fine), strict=True):
        found = np.zeros(len(inside), dtype=np.int64)
        if parts > 1:
            cut = cut_tree(tree, n_clusters=parts)[:, 0].astype(np.int64)
            found = lloyd(rows[inside], cut, parts)
        labels[inside] = start + found
        start += parts
    return labels


def average_tree(rows: Matrix) -> Matrix:
    """Joins as scipy tells them, (n − 1, 4); none for a single row."""
    if len(rows) < 2:
        return np.empty((0, 4))
    upper = np.triu_indices(len(rows), 1)
    tree: Matrix = linkage(np.clip(1 - (rows @ rows.T)[upper], 0, None), "average")
    return tree


def allot(trees: list[Matrix], total: int) -> list[int]:
    """How many clusters each tree is cut into, if the farthest joins of all are undone."""
    owners = np.concatenate([np.full(len(tree), at) for at, tree in enumerate(trees)])
    heights = np.concatenate([tree[:, 2] for tree in trees])
    undone = np.argsort(-heights, kind="stable")[: total - len(trees)]
    counts = np.bincount(owners[undone].astype(np.int64), minlength=len(trees))
    return [int(parts) for parts in 1 + counts]


def one_tree(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """One average tree, reach 20, 1.5 steps: the least alike inside is split, at each K."""
    rows = diffused(rank_affinity([ranks(name) for name in names], 20.0), 1.5)
    likeness = mean_cosines(vectors(name) for name in names)
    # Without what each is to all others: the mean inside alone.
    tree = grow(np.arange(len(rows)), rows, likeness, likeness.sum(axis=1) * 0)
    found = [nested._taken_apart([tree], likeness, number, 1) for number in K]
    return [
        lloyd(rows, labels, k) for labels, k in zip(found, K, strict=True) if labels is not None
    ]


def _united_from(names: tuple[str, ...], more: int) -> list[NDArray[np.int64]]:
    found = [ranks(name) for name in names]
    outer = diffused(rank_affinity(found, 20.0), 3.0)
    likeness = mean_cosines(vectors(name) for name in names)
    top = united(lloyd(outer, ward_tree(outer).cut(more), more), likeness, K[0])
    return [top, nested._split(diffused(rank_affinity(found, 12.0), 3.0), likeness, top, K[1])]


def no_spare(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """The method from Ward's cut at ten: nothing unites."""
    return _united_from(names, 10)


def spare_one(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """The method from Ward's cut at eleven."""
    return _united_from(names, 11)


def spare_three(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """The method from Ward's cut at thirteen."""
    return _united_from(names, 13)


def method(names: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """**The method: from Ward's cut at twelve the most alike unite, the least alike split**."""
    made = consensus([vectors(name) for name in names], K, runs=0)
    return [labels.astype(np.int64) for labels in made.labels]
