"""How alike classes are on average over encoders: what holds a cluster together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import BuilderError

__all__ = ["mean_cosines", "united"]

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
    from hierlab.builders._vectors import centred

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


def united(labels: NDArray[np.int64], likeness: _Matrix, clusters: int) -> NDArray[np.int64]:
    """Unite two clusters at a time, those whose union is most alike inside, until few are left.

    Args:
        labels: (C,) a partition into at least `clusters`, none empty.
        likeness: (C, C) as from `mean_cosines`.
        clusters: how many to leave.
    """
    found = labels.copy()
    sizes = np.bincount(found).astype(np.float64)
    members = np.eye(len(sizes))[found]
    sums = members.T @ (likeness @ members)
    while len(sizes) > clusters:
        inside = np.diag(sums)
        both = sizes[:, None] + sizes[None, :]
        alike = (inside[:, None] + inside[None, :] + 2 * sums) / (both * (both - 1))
        np.fill_diagonal(alike, -np.inf)
        kept, gone = sorted(divmod(int(alike.argmax()), len(sizes)))
        sums[kept] += sums[gone]
        sums[:, kept] += sums[:, gone]
        sizes[kept] += sizes[gone]
        sums = np.delete(np.delete(sums, gone, axis=0), gone, axis=1)
        sizes = np.delete(sizes, gone)
        found[found == gone] = kept
        found[found > gone] -= 1
    return found
