"""A directed acyclic graph given as the parents of each node: order and depths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["depths", "parents_first"]

Parents = Sequence[tuple[int, ...]]


def parents_first(parents: Parents) -> list[int]:
    """Nodes with every node after its parents; those in or below a circle are left out."""
    waiting = [len(above) for above in parents]
    children: list[list[int]] = [[] for _ in parents]
    for low, above in enumerate(parents):
        for high in above:
            children[high].append(low)
    order = [node for node, count in enumerate(waiting) if not count]
    for high in order:
        for low in children[high]:
            waiting[low] -= 1
            if not waiting[low]:
                order.append(low)
    return order


def depths(
    parents: Parents, order: Sequence[int], choose: Callable[[Iterable[int]], int]
) -> NDArray[np.int64]:
    """(N,) steps to a root through the parent that `choose` (min or max) prefers; read-only."""
    found = [0] * len(parents)
    for node in order:
        if parents[node]:
            found[node] = 1 + choose(found[high] for high in parents[node])
    result = np.array(found, dtype=np.int64)
    result.setflags(write=False)
    return result
