"""Variance shares of partitions, partial correlation of similarities, adjusted p-values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hierlab.measures.pair_statistics import average_ranks

__all__ = [
    "holm",
    "partial_correlation",
    "variance_shares",
]


def variance_shares(
    distances: NDArray[np.float64], factors: Sequence[Sequence[object]]
) -> NDArray[np.float64]:
    """Share of the spread of partitions that each factor explains, adjusted for chance (ω²).

    The sum of squares of a set is the sum of its pairwise squared distances over its size; a
    factor explains what is left when the sets are its levels. ω² takes off what a factor without
    any effect would explain by having levels; it is cut off at zero.

    Args:
        distances: (N, N) or (B, N, N) squared distances, here 1 − ARI.
        factors: for each factor the N levels.
    Returns:
        (F,) or (B, F) shares; zeros where all partitions are equal.
    Source: Anderson, A new method for non-parametric multivariate analysis of variance, Austral
        Ecology 26, 2001.
    """
    batch = distances if distances.ndim == 3 else distances[None]
    count = batch.shape[1]
    total = batch.sum(axis=(1, 2)) / (2 * count)
    coded = [
        np.unique([str(level) for level in levels], return_inverse=True)[1] for levels in factors
    ]
    explained = np.stack([total - _inside(batch, levels) for levels in coded], axis=1)
    freedom = np.array([levels.max(initial=0) for levels in coded])
    rest = max(1, count - 1 - int(freedom.sum()))
    error = np.clip(total - explained.sum(axis=1), 0, None) / rest
    adjusted = np.clip(explained - freedom[None] * error[:, None], 0, None)
    adjusted[:, freedom == 0] = 0
    scale = (total + error)[:, None]
    shares: NDArray[np.float64] = np.divide(
        adjusted, scale, out=np.zeros_like(adjusted), where=scale > 1e-12
    )
    return shares if distances.ndim == 3 else shares[0]


def _inside(batch: NDArray[np.float64], levels: NDArray[np.intp]) -> NDArray[np.float64]:
    parts = []
    for level in range(int(levels.max(initial=0)) + 1):
        rows = np.flatnonzero(levels == level)
        parts.append(batch[:, rows[:, None], rows[None, :]].sum(axis=(1, 2)) / (2 * len(rows)))
    total: NDArray[np.float64] = np.sum(parts, axis=0)
    return total


def partial_correlation(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    controls: Sequence[NDArray[np.float64]],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Correlation of two similarities over pairs of classes, with others held fixed.

    Values are ranked over the pairs first (Spearman); rows of weights resample classes, so a pair
    weighs the product of its classes.

    Args:
        first, second, controls: (C, C) symmetric; the diagonals are not looked at.
        weights: (B, C) not negative.
    Returns:
        (B,) values in −1..1; NaN where one is constant.
    """
    ranked = [_ranked(matrix) for matrix in (first, second, *controls)]
    size = len(ranked)
    moments = np.empty((len(weights), size + 1, size + 1))
    ones = 1.0 - np.eye(len(first))
    whole = [ones, *ranked]
    for i in range(size + 1):
        for j in range(i, size + 1):
            product = whole[i] * whole[j]
            moments[:, i, j] = moments[:, j, i] = np.einsum("bc,bc->b", weights @ product, weights)
    mass = moments[:, 0, 0]
    means = moments[:, 0, 1:] / mass[:, None]
    covariance = moments[:, 1:, 1:] / mass[:, None, None] - means[:, :, None] * means[:, None, :]
    return np.array([_partial(matrix) for matrix in covariance])


def _ranked(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of the pairs, centred and scaled to −0.5..0.5; zeros on the diagonal."""
    rows, columns = np.triu_indices(len(matrix), 1)
    ranks = average_ranks(matrix[rows, columns]) / max(1, len(rows)) - 0.5
    ranked = np.zeros_like(matrix, dtype=np.float64)
    ranked[rows, columns] = ranked[columns, rows] = ranks
    return ranked


def _partial(covariance: NDArray[np.float64]) -> float:
    kept = covariance[:2, :2]
    if len(covariance) > 2:
        cross = covariance[:2, 2:]
        kept = kept - cross @ np.linalg.pinv(covariance[2:, 2:]) @ cross.T
    scale = kept[0, 0] * kept[1, 1]
    return float(kept[0, 1] / np.sqrt(scale)) if scale > 1e-18 else float("nan")


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values for having asked several questions.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 1979.
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(order))
    highest = 0.0
    for step, at in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - step) * p_values[at]))
        adjusted[at] = highest
    return tuple(float(value) for value in adjusted)
