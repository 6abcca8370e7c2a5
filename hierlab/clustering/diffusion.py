"""Similarity by rank, averaged over encoders and diffused along the graph of neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.vectors import centred, unit_rows
from hierlab.errors import BuilderError

__all__ = ["MAX_CLASSES", "closeness", "diffused", "neighbour_ranks", "rank_affinity", "ranks_of"]

MAX_CLASSES = 8000  # one dense eigenvalue problem: 0.5 GB a matrix and some minutes at this size
_NEGLIGIBLE = 1e-6  # of the largest eigenvalue's weight


def neighbour_ranks(vectors: NDArray[np.float64]) -> NDArray[np.int32]:
    """Rank every class as a neighbour of every other, after the common mean is taken out.

    Ranks, unlike cosines, have one scale in every encoder, and a class that is near everything
    (a hub) takes one place in each list, not all the weight.

    Args:
        vectors: (C, D) unit rows.
    Returns:
        (C, C); row i holds 0 for i itself, 1 for the class most like it, and so on; equal
        cosines rank by class order.
    Raises:
        BuilderError: more classes than the method can hold.
    """
    if len(vectors) > MAX_CLASSES:
        raise BuilderError(
            f"consensus compares all pairs and takes at most {MAX_CLASSES} classes, "
            f"got {len(vectors)}; use method 'topdown'"
        )
    rows = centred(vectors)
    similarity = rows @ rows.T
    np.fill_diagonal(similarity, np.inf)
    return ranks_of(np.argsort(-similarity, axis=1, kind="stable"))


def ranks_of(order: NDArray[np.int64]) -> NDArray[np.int32]:
    """(C, C) place of each class in each row of an order of the classes."""
    ranks = np.empty(order.shape, dtype=np.int32)
    np.put_along_axis(ranks, order, np.arange(len(order), dtype=np.int32)[None, :], axis=1)
    return ranks


def rank_affinity(
    ranks: Iterable[NDArray[np.int32]], reach: float, weights: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """Mean over encoders of exp(−rank / reach), made symmetric.

    Args:
        ranks: one (C, C) array an encoder, see `neighbour_ranks`.
        reach: ranks over which the weight falls by e.
        weights: of the encoders; equal if not given.
    Returns:
        (C, C) symmetric, 0..1, ones on the diagonal.
    """
    total: NDArray[np.float64] | None = None
    mass = 0.0
    for number, one in enumerate(ranks):
        weight = 1.0 if weights is None else weights[number]
        decay = np.exp(-np.arange(len(one)) / reach)
        term = weight * decay[one]
        total = term if total is None else total + term
        mass += weight
    if total is None or mass <= 0:
        raise BuilderError("a consensus needs at least one encoder, got none")
    mean: NDArray[np.float64] = (total + total.T) / (2 * mass)
    return mean


def diffused(affinity: NDArray[np.float64], steps: float) -> NDArray[np.float64]:
    """Place the classes so that their cosines tell how alike their random walks are.

    Rows are the eigenvectors of D^(−1/2) A D^(−1/2) times the eigenvalues to the power `steps`,
    scaled to unit length. Small eigenvalues, where encoders disagree, die out.

    Args:
        affinity: (C, C) symmetric, not negative, positive on the diagonal.
        steps: how long the walk is; need not be whole.
    Returns:
        (C, R) unit rows, R ≤ C.

    Source: Coifman and Lafon, Diffusion maps, Appl. Comput. Harmon. Anal. 21(1), 2006;
        unit rows: Ng, Jordan and Weiss, On spectral clustering, NIPS 2001.
    """
    return _placed(*_spectrum(affinity), steps)


def closeness(affinity: NDArray[np.float64], walks: Sequence[float]) -> NDArray[np.float64]:
    """Mean over walks of several lengths of the cosines that `diffused` gives.

    What is close on short walks, middle ones and long ones is close whatever the scale; no single
    length serves both the dense families and the loose ones.

    Args:
        affinity: as for `diffused`.
        walks: numbers of steps.
    Returns:
        (C, C) symmetric, −1..1, ones on the diagonal.
    """
    values, axes = _spectrum(affinity)
    total = np.zeros_like(affinity)
    for steps in walks:
        rows = _placed(values, axes, steps)
        total += rows @ rows.T
    total /= len(walks)
    np.fill_diagonal(total, 1)
    return total


def _spectrum(affinity: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scale = 1 / np.sqrt(affinity.sum(axis=1))
    values, axes = np.linalg.eigh(affinity * scale[:, None] * scale[None, :])
    return np.clip(values, 0, None), axes


def _placed(
    values: NDArray[np.float64], axes: NDArray[np.float64], steps: float
) -> NDArray[np.float64]:
    powers = values**steps
    kept = powers > _NEGLIGIBLE * powers.max()
    return unit_rows(axes[:, kept][:, ::-1] * powers[kept][::-1])
