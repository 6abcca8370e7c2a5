"""How often a class meets the same companions when encoders and classes are drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["class_confidence"]


def class_confidence(
    labels: NDArray[np.integer[Any]],
    runs: Sequence[tuple[NDArray[np.int64], NDArray[np.integer[Any]]]],
) -> NDArray[np.float64]:
    """Overlap of each class's cluster with its cluster in other runs, averaged over the runs.

    The overlap of two clusters is 2·|A ∩ B| / (|A| + |B|), counted over the other classes of a run
    and not the class itself; two clusters that are the class alone overlap wholly.

    Args:
        labels: (C,) the partition to judge.
        runs: positions (n,) of the classes that took part, and their (n,) labels, each run.
    Returns:
        (C,) 0..1; NaN for a class that took part in no run.
    """
    total = np.zeros(len(labels))
    seen = np.zeros(len(labels))
    for positions, found in runs:
        mine = np.unique(labels[positions], return_inverse=True)[1]
        theirs = np.unique(found, return_inverse=True)[1]
        width = int(theirs.max()) + 1
        joint = np.bincount(mine * width + theirs, minlength=(int(mine.max()) + 1) * width)
        shared = joint[mine * width + theirs] - 1
        sizes = np.bincount(mine)[mine] + np.bincount(theirs)[theirs] - 2
        overlap = np.divide(2.0 * shared, sizes, out=np.ones(len(positions)), where=sizes > 0)
        total[positions] += overlap
        seen[positions] += 1
    mean: NDArray[np.float64]
    mean = np.divide(total, seen, out=np.full(len(labels), np.nan), where=seen > 0)
    return mean
