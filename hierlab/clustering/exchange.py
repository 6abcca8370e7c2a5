"""Out of a poor optimum: two clusters unite and a third is split, where that fits better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.vectors import cluster_means, lloyd
from hierlab.clustering.ward import ward_tree

__all__ = ["regrouped"]

_Rows = NDArray[np.float64]
_Labels = NDArray[np.int64]
_TRIES = 6  # exchanges tried before the partition counts as settled
_ROUNDS = 20
_GAIN = 1e-9  # of the sum of squares; less is rounding


def regrouped(rows: _Rows, labels: _Labels, clusters: int) -> _Labels:
    """Improve a k-means partition by exchanges that k-means steps cannot make.

    Steps move one class at a time, so that where a tree was cut decides which of several near
    optima is found, and encoders that agree on the classes disagree on the clusters. Here, over
    and over, the two clusters that are cheapest to unite do, another is halved for them, and the
    steps go on from there; the exchange stands if the sum of squares falls.

    Args:
        rows: (C, R) unit rows.
        labels: (C,) a partition into `clusters`, none empty.
        clusters: how many.

    Source: split and merge: Kaukoranta, Fränti and Nevalainen, Iterative split-and-merge
        algorithm for vector quantization codebook generation, Optical Engineering 37(10), 1998.
    """
    best = _spread(rows, labels, clusters)
    for _ in range(_ROUNDS if clusters > 2 else 0):
        for one, other, inside, halves in _exchanges(rows, labels, clusters):
            tried = labels.copy()
            tried[tried == other] = one
            tried[inside[halves == 1]] = other
            tried = lloyd(rows, tried, clusters)
            spread = _spread(rows, tried, clusters)
            if spread < best - _GAIN * len(rows):
                best, labels = spread, tried
                break
        else:
            break
    return labels


def _exchanges(
    rows: _Rows, labels: _Labels, clusters: int
) -> list[tuple[int, int, _Labels, _Labels]]:
    """The most promising: two clusters to unite, the classes of a third, and its halves."""
    sizes = np.bincount(labels, minlength=clusters).astype(np.float64)
    means = cluster_means(rows, labels, clusters)
    apart = ((means[:, None] - means[None]) ** 2).sum(axis=2)
    cost = apart * sizes[:, None] * sizes[None] / (sizes[:, None] + sizes[None])
    upper = np.stack(np.triu_indices(clusters, 1), axis=1)
    prices = cost[upper[:, 0], upper[:, 1]]
    cheap = np.argsort(prices, kind="stable")[:_TRIES]
    splits = []
    for cluster in range(clusters):
        inside = np.flatnonzero(labels == cluster)
        if len(inside) > 1:
            halves = lloyd(rows[inside], ward_tree(rows[inside]).cut(2), 2)
            whole = np.zeros(len(inside), dtype=np.int64)
            gain = _spread(rows[inside], whole, 1) - _spread(rows[inside], halves, 2)
            splits.append((gain, cluster, inside, halves))
    ranked = [
        (float(prices[at]) - gain, int(upper[at, 0]), int(upper[at, 1]), inside, halves)
        for at in cheap
        for gain, cluster, inside, halves in splits
        if cluster not in upper[at]
    ]
    ranked.sort(key=lambda one: one[0])
    return [(one, other, inside, halves) for _, one, other, inside, halves in ranked[:_TRIES]]


def _spread(rows: _Rows, labels: _Labels, clusters: int) -> float:
    """Sum of squared distances to the cluster means."""
    means = cluster_means(rows, labels, clusters)
    sizes = np.bincount(labels, minlength=clusters)
    squares = float(np.einsum("cr,cr->", rows, rows))
    return squares - float(sizes @ np.einsum("kr,kr->k", means, means))
