"""Layout: the classes as points of a plane, alike ones near each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["class_positions"]

MAX_NEIGHBOURS = 30


def class_positions(similarity: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Place classes on a plane: (C, C) similarity -> (C, 2), centred, in -1..1.

    t-SNE on the distances, started from classical scaling, so that the far structure is kept and
    the same similarity gives the same picture on one machine.

    Source: van der Maaten & Hinton 2008; Kobak & Berens 2019 (the start matters).
    """
    count = len(similarity)
    start = _classical_scaling(similarity)
    if count < 5:
        return _framed(start)
    from sklearn.manifold import TSNE

    distances = np.maximum(similarity.max() - similarity, 0)
    np.fill_diagonal(distances, 0)
    tsne = TSNE(
        metric="precomputed",
        init=start / max(start[:, 0].std(), 1e-12) * 1e-4,
        perplexity=min(MAX_NEIGHBOURS, (count - 1) / 3),
        random_state=seed,
        max_iter=600,
    )
    return _framed(tsne.fit_transform(distances).astype(np.float64))


def _classical_scaling(similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two leading axes of the doubly centred similarity, signs fixed by the largest entry."""
    centred = similarity - similarity.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh((centred + centred.T) / 2)
    axes = np.zeros((len(similarity), 2))
    for axis in range(min(2, len(similarity))):
        vector = vectors[:, -1 - axis]
        sign = np.sign(vector[np.abs(vector).argmax()])
        axes[:, axis] = sign * vector * np.sqrt(max(values[-1 - axis], 0))
    return axes


def _framed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = points - (points.max(axis=0) + points.min(axis=0)) / 2
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-12))
