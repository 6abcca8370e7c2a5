"""Nested top-down building: the default method."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hierlab.builders._registry import PAIRWISE, BuildInput, register_builder
from hierlab.clustering.vectors import (
    Assignment,
    Matrix,
    averaged,
    centred,
    lloyd,
    nearest_rows,
    scaled_neighbours,
    smoothed,
)
from hierlab.clustering.ward import SpanningTree, ward_tree

__all__ = ["build_topdown"]


@register_builder("topdown", most=PAIRWISE, least={"top_rounds": 0})
def build_topdown(
    inputs: BuildInput,
    *,
    k: tuple[int, ...],
    top_neighbours: int = 20,
    top_rounds: int = 2,
    neighbours: int = 15,
) -> list[Assignment]:
    """Split smoothed prototypes from the top: Ward's tree and k-means steps; nested, no seed.

        vectors ─ centre ─┬─ smooth 20 × 2 ─ Ward ─ k-means steps ─► coarsest level
                          └─ smooth 15 × 1 ─ Ward inside each cluster ─ the splits that gain
                                             most ─ k-means steps ─► next level, and so on

    Smoothing replaces a class by the mean direction of its nearest classes: what variants of
    CLIP disagree on is mostly noise of single names, and this takes it out.

    Args:
        top_neighbours: nearest classes averaged for the coarsest level.
        top_rounds: how often that is repeated.
        neighbours: nearest classes averaged, once, for the levels below.
    """
    vectors = centred(inputs.rows)
    wide = scaled_neighbours(top_neighbours, len(vectors))
    narrow = scaled_neighbours(neighbours, len(vectors))
    nearest = nearest_rows(vectors, max(wide, narrow))  # one search serves both
    inner = averaged(vectors, nearest[:, :narrow])
    outer = averaged(vectors, nearest[:, :wide]) if top_rounds else vectors
    for _ in range(top_rounds - 1):
        outer = smoothed(outer, wide)
    levels = [_first_level(outer, k[0])]
    for coarse, fine in pairwise(k):
        levels.append(_split_level(inner, levels[-1], coarse, fine))
    return levels


def _first_level(vectors: Matrix, clusters: int) -> Assignment:
    if clusters == len(vectors):
        return np.arange(clusters)
    return lloyd(vectors, ward_tree(vectors).cut(clusters), clusters)


def _split_level(vectors: Matrix, parents: Assignment, coarse: int, fine: int) -> Assignment:
    """Refine `coarse` clusters into `fine` by the splits that lower the variance most."""
    if fine == len(vectors):
        return np.arange(fine)
    members = [np.flatnonzero(parents == parent) for parent in range(coarse)]
    trees = [ward_tree(vectors[inside]) for inside in members]
    labels = np.empty(len(vectors), dtype=np.int64)
    start = 0
    for inside, tree, parts in zip(members, trees, _allot(trees, fine), strict=True):
        labels[inside] = start + lloyd(vectors[inside], tree.cut(parts), parts)
        start += parts
    return labels


def _allot(trees: list[SpanningTree], total: int) -> list[int]:
    """Number of parts of each tree, so that the costliest merges of all are undone."""
    owners = np.concatenate([np.full(len(tree.costs), at) for at, tree in enumerate(trees)])
    costs = np.concatenate([tree.costs for tree in trees])
    undone = np.argsort(-costs, kind="stable")[: total - len(trees)]
    parts: list[int] = (1 + np.bincount(owners[undone], minlength=len(trees))).tolist()
    return parts
