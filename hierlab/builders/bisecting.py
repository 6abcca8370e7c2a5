"""Bisecting k-means: the loosest cluster is halved until there are K; nested, seeded."""

from __future__ import annotations

import heapq

import numpy as np

from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment, Matrix, centred, lloyd

__all__ = ["build_bisecting"]


@register_builder("bisecting", seeded=True)
def build_bisecting(
    inputs: BuildInput, *, k: tuple[int, ...], seed: int, tries: int = 4
) -> list[Assignment]:
    """Halve the cluster of largest scatter by 2-means until there are K; nested, seeded.

    Args:
        seed: draws the two classes that each halving starts from.
        tries: starts per halving, of which the tightest is kept.

    Source: Steinbach, Karypis, Kumar, KDD workshop on text mining, 2000.
    """
    vectors = centred(inputs.rows)
    random = np.random.default_rng(seed)
    labels = np.zeros(len(vectors), dtype=np.int64)
    # Largest scatter first; singles last, as they cannot be halved; ties by number of cluster.
    queue = [_entry(vectors, np.arange(len(vectors)), 0)]
    levels: list[Assignment] = []
    for clusters in k:
        while len(queue) < clusters:
            *_, number, members = heapq.heappop(queue)
            halves = _halve(vectors[members], random, tries)
            labels[members[halves == 1]] = len(queue) + 1
            heapq.heappush(queue, _entry(vectors, members[halves == 1], len(queue) + 1))
            heapq.heappush(queue, _entry(vectors, members[halves == 0], number))
        levels.append(labels.copy())
    return levels


def _entry(
    vectors: Matrix, members: Assignment, number: int
) -> tuple[bool, float, int, Assignment]:
    return len(members) == 1, -_scatter(vectors[members]), number, members


def _scatter(vectors: Matrix) -> float:
    """Sum of squared distances to the mean."""
    return float(np.square(vectors - vectors.mean(axis=0)).sum())


def _halve(vectors: Matrix, random: np.random.Generator, tries: int) -> Assignment:
    """(n,) of 0 and 1, both present: the tightest of several 2-means."""
    best = (np.arange(len(vectors)) > 0).astype(np.int64)  # what equal vectors end up with
    lowest = np.inf
    for _ in range(tries):
        first = int(random.integers(len(vectors)))
        away = np.square(vectors - vectors[first]).sum(axis=1)
        if away.max() <= 0:
            break
        second = int(random.choice(len(vectors), p=away / away.sum()))
        nearer = np.square(vectors - vectors[second]).sum(axis=1) < away
        halves = lloyd(vectors, nearer.astype(np.int64), 2)
        scatter = _scatter(vectors[halves == 0]) + _scatter(vectors[halves == 1])
        if scatter < lowest:
            best, lowest = halves, scatter
    return best
