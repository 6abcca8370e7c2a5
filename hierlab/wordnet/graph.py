"""A directed acyclic graph given as the rows above each row: cycles and depths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["depths", "find_cycle"]


def find_cycle(parents: NDArray[np.int64]) -> int | None:
    """First row in or below a cycle of (N, W) parents padded with -1, if there is one."""
    settled = np.zeros(len(parents) + 1, dtype=bool)
    settled[-1] = True  # where -1 points: nothing above
    while True:
        now = settled[parents].all(axis=1)
        if (now == settled[:-1]).all():
            return None if now.all() else int(np.argmin(now))
        settled[:-1] = now


def depths(parents: NDArray[np.int64], choose: np.ufunc) -> NDArray[np.int64]:
    """(N,) steps to a root through the parent that `choose` (np.minimum or np.maximum) prefers.

    Args:
        parents: (N, W) rows directly above, padded with -1; no cycles.
        choose: of two depths.

    Returns:
        Read-only.
    """
    # The guard row is what -1 points to: it never wins.
    depth = np.zeros(len(parents) + 1, dtype=np.int64)
    depth[-1] = 2**62 if choose is np.minimum else -1
    below = np.flatnonzero((parents >= 0).any(axis=1))
    while len(below):
        # After t rounds a depth is the true one or t, so a row that no longer grows is done.
        deeper = choose.reduce(depth[parents[below]], axis=1) + 1
        grows = deeper > depth[below]
        below = below[grows]
        depth[below] = deeper[grows]
    result: NDArray[np.int64] = depth[:-1]
    result.setflags(write=False)
    return result
