"""From two placements of the classes, a far-sighted and a near-sighted one, to nested levels."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.dendrogram import Branch, grow
from hierlab.clustering.exchange import regrouped
from hierlab.clustering.vectors import lloyd
from hierlab.clustering.ward import ward_tree

__all__ = ["coarsest_level", "nested_levels"]

_Rows = NDArray[np.float64]
_Labels = NDArray[np.int64]
_CROWDED = 5  # classes a cluster, from which on a class alone does not count as one
_GAIN = 0.08  # of mean cosine, for which a class moves


def nested_levels(outer: _Rows, inner: _Rows, similarity: _Rows, k: Sequence[int]) -> list[_Labels]:
    """Partition coarse to fine; every level refines the one before.

    The coarsest level is `coarsest_level`. Below it, average linkage by `inner` joins the classes
    of each cluster, and the cluster that holds together worst is taken apart, over and over:
    the one whose classes are least alike, compared with how alike they are to all others. Dense
    families stay whole and what is mixed is split, which is what encoders agree on. Classes
    split off alone go to the cluster most like them, and then each class that is clearly more like
    another cluster of its parent moves there.

    Args:
        outer: (C, R) unit rows for the coarsest level.
        inner: (C, C) closeness for the others, ones on the diagonal.
        similarity: (C, C) as from `mean_cosines`.
        k: numbers of clusters, strictly increasing, each at least 1 and at most C.
    """
    count = len(outer)
    levels = [coarsest_level(outer, k[0])]
    for _, fine in pairwise(k):
        levels.append(
            np.arange(count) if fine == count else _split(inner, similarity, levels[-1], fine)
        )
    return levels


def coarsest_level(rows: _Rows, clusters: int) -> _Labels:
    """Ward's cut, k-means steps, and then exchanges until none fits better.

    Args:
        rows: (C, R) unit rows.
        clusters: how many, 1..C.
    """
    if clusters == len(rows):
        return np.arange(clusters)
    cut = lloyd(rows, ward_tree(rows).cut(clusters), clusters)
    return regrouped(rows, cut, clusters)


def _split(inner: _Rows, similarity: _Rows, parents: _Labels, fine: int) -> _Labels:
    everyone = similarity.sum(axis=1)
    members = [np.flatnonzero(parents == parent) for parent in range(int(parents.max()) + 1)]
    branches = [
        grow(inside, inner[np.ix_(inside, inside)], similarity, everyone) for inside in members
    ]
    smallest = 2 if fine * _CROWDED <= len(inner) else 1
    labels = _taken_apart(branches, similarity, fine, smallest)
    if labels is None:  # chains of single classes: too few clusters have two
        smallest = 1
        labels = _taken_apart(branches, similarity, fine, smallest)
    assert labels is not None
    for inside in members:
        labels[inside] = _moved(labels[inside], similarity[np.ix_(inside, inside)], smallest)
    return labels


def _taken_apart(
    branches: list[Branch], similarity: _Rows, total: int, smallest: int
) -> _Labels | None:
    """Undo joins, the worst first, until `total` clusters of at least `smallest` classes are left.

    None if there are not so many. A part that is too small goes to the cluster most like it.
    """
    whole = [(number, len(branch.size) - 1) for number, branch in enumerate(branches)]
    heap = [(-branches[number].incoherence[node], number, node) for number, node in whole]
    heapq.heapify(heap)
    clusters = set(whole)
    lone: list[tuple[int, int]] = []
    while len(clusters) < total:
        if not heap:
            return None
        _, number, node = heapq.heappop(heap)
        branch = branches[number]
        if branch.size[node] <= smallest:
            continue
        clusters.remove((number, node))
        for part in branch.parts(node):
            if branch.size[part] < smallest:
                lone.append((number, part))
                continue
            clusters.add((number, part))
            if branch.size[part] > 1:
                heapq.heappush(heap, (-branch.incoherence[part], number, part))
    labels = np.full(len(similarity), -1)
    for label, (number, node) in enumerate(sorted(clusters)):
        labels[branches[number].classes(node)] = label
    for number, node in lone:
        _take_in(labels, branches[number], branches[number].classes(node), similarity)
    return labels


def _take_in(labels: _Labels, branch: Branch, lone: _Labels, similarity: _Rows) -> None:
    placed = branch.members[labels[branch.members] >= 0]
    known, at = np.unique(labels[placed], return_inverse=True)
    sums = np.bincount(at, similarity[np.ix_(lone, placed)].sum(axis=0))
    labels[lone] = known[int((sums / np.bincount(at)).argmax())]


def _moved(labels: _Labels, similarity: _Rows, smallest: int) -> _Labels:
    """Move each class to the cluster that it is more like than its companions, by a clear gain.

    All at once, from the same look at the clusters; a class alone stays, and so do the classes of
    a cluster that would keep fewer than `smallest`.
    """
    known, at = np.unique(labels, return_inverse=True)
    if len(known) < 2:
        return labels
    members = np.eye(len(known))[at]
    others = members.sum(axis=0)[None, :] - members  # how many, the class itself not counted
    alone = np.full(members.shape, np.inf)
    alike = np.divide(similarity @ members, others, out=alone, where=others > 0)
    now = np.take_along_axis(alike, at[:, None], axis=1)[:, 0]
    moved = np.where(alike.max(axis=1) > now + _GAIN, alike.argmax(axis=1), at)
    while True:
        short = np.flatnonzero(np.bincount(moved, minlength=len(known)) < smallest)
        back = np.isin(at, short) & (moved != at)
        if not back.any():
            break
        moved[back] = at[back]
    return np.asarray(known[moved])
