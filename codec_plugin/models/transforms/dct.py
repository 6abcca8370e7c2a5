"""The block DCT in an opponent colour space, as starting point of learned transforms."""

import numpy as np
import numpy.typing as npt

__all__ = ["PATCH", "opponent_dct"]

PATCH = 16

# Luma weighs most, so that its frequencies come before those of the two colour differences.
_OPPONENT = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (-0.5, 1.0, -0.5))
_COLOUR_DELAY = (1.0, 2.2, 3.0)


def _dct_matrix(size: int) -> npt.NDArray[np.float64]:
    """Orthonormal DCT-II, rows are frequencies: (size, size)."""
    frequency = np.arange(size)[:, None]
    sample = np.arange(size)[None, :]
    matrix = np.cos(np.pi * (2 * sample + 1) * frequency / (2 * size)) * np.sqrt(2 / size)
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix, dtype=np.float64)


def opponent_dct(channels: int, patch: int = PATCH) -> npt.NDArray[np.float64]:
    """First `channels` functions of an orthonormal basis of colour patches.

    Order: rising u + v + 1 of the frequency (u, v), with the colour differences delayed by the
    factors 2.2 and 3 (the eye's and natural images' colour spectra fall faster).

    Returns:
        (channels, 3, patch, patch), rows orthonormal over the last three axes.
    """
    dct = _dct_matrix(patch)
    colour = np.asarray(_OPPONENT)
    colour /= np.linalg.norm(colour, axis=1, keepdims=True)
    order = sorted(
        ((u + v + 1) * _COLOUR_DELAY[c], c, u, v)
        for c in range(3)
        for u in range(patch)
        for v in range(patch)
    )[:channels]
    return np.stack([np.einsum("c,y,x->cyx", colour[c], dct[u], dct[v]) for _, c, u, v in order])
