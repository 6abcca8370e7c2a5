"""Bootstrap over classes: draws as weights, the Rand index under them, percentile intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hierlab.errors import StudyError

__all__ = ["Interval", "bootstrap_ari", "class_weights", "interval"]

_LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with the 95 % percentile interval of its bootstrap."""

    value: float
    low: float
    high: float


def interval(value: float, replicates: ArrayLike) -> Interval:
    """Percentile interval of bootstrap replicates around an estimate."""
    tail = 100 * (1 - _LEVEL) / 2
    low, high = np.percentile(np.asarray(replicates, dtype=np.float64), [tail, 100 - tail])
    return Interval(float(value), float(low), float(high))


def class_weights(count: int, replicates: int, seed: int) -> NDArray[np.float64]:
    """How often each class is drawn: (B, C) bootstrap counts, after a first row of ones."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=replicates)
    return np.vstack([np.ones(count), drawn]).astype(np.float64)


def bootstrap_ari(
    first: NDArray[np.int32], second: NDArray[np.int32], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Adjusted Rand index of two partitions under each row of class weights.

    Only pairs of distinct classes count: a class drawn twice is no evidence that it agrees with
    itself. Classes labelled −1 in either are left out.

    Args:
        first, second: (C,) labels.
        weights: (B, C) not negative.
    Returns:
        (B,) values, at most 1; 1 where both put every pair together, or every pair apart.
    Source: Hubert and Arabie, Comparing partitions, J. Classification 2, 1985.
    """
    if first.shape != second.shape or weights.shape[1:] != first.shape:
        raise StudyError(
            f"expected labels over the same {weights.shape[1]} classes, "
            f"got {first.shape} and {second.shape}"
        )
    both = (first >= 0) & (second >= 0)
    if not both.all():
        first, second, weights = first[both], second[both], weights[:, both]
    own = (weights**2).sum(axis=1)
    joint = first.astype(np.int64) * (int(second.max(initial=0)) + 1) + second
    together, mine, theirs = (_pairs(labels, weights, own) for labels in (joint, first, second))
    total = (weights.sum(axis=1) ** 2 - own) / 2
    expected = np.divide(mine * theirs, total, out=np.zeros_like(total), where=total > 0)
    span = (mine + theirs) / 2 - expected
    # Nothing to be adjusted: all together, all apart; then they agree if they are equal.
    index: NDArray[np.float64] = np.divide(
        together - expected, span, out=np.ones_like(span), where=span > 1e-9
    )
    return index


def _pairs(
    labels: NDArray[np.int64] | NDArray[np.int32],
    weights: NDArray[np.float64],
    own: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weight of pairs of distinct classes inside clusters, per row of weights."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=labels[order][:1] - 1))
    sums = np.add.reduceat(weights[:, order], starts, axis=1)
    pairs: NDArray[np.float64] = ((sums**2).sum(axis=1) - own) / 2
    return pairs
