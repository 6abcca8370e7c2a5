"""How alike classes are on average over encoders: what holds a cluster together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.vectors import centred
from hierlab.errors import BuilderError

__all__ = ["mean_cosines"]

_Matrix = NDArray[np.float64]


def mean_cosines(encoders: Iterable[_Matrix]) -> _Matrix:
    """Mean over encoders of the cosines after each one's common mean is taken out.

    Ranks say who is near; only cosines say how near, so that a dense family can be told from a
    mixed group of the same size.

    Args:
        encoders: (C, D) unit rows each; D may differ.
    Returns:
        (C, C) symmetric, −1..1, zeros on the diagonal: a class is no evidence for itself.
    """
    total: _Matrix | None = None
    count = 0
    for vectors in encoders:
        rows = centred(vectors)
        cosines = rows @ rows.T
        total = cosines if total is None else np.add(total, cosines, out=total)
        count += 1
    if total is None:
        raise BuilderError("a consensus needs at least one encoder, got none")
    total /= count
    np.fill_diagonal(total, 0)
    return total
