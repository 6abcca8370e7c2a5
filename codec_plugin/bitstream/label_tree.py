"""A label map as a tree of cluster numbers: children and siblings. Needs no torch."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from codec_plugin.errors import HierarchyMismatchError
from hierlab.errors import HierlabError
from hierlab.labelmap import load_label_map

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["LabelTree", "load_label_tree"]


class LabelTree:
    """Clusters of each level, coarse first, and the siblings among which each one is chosen.

    A level that refines the one above (every cluster inside one cluster there) is chosen among the
    children of the cluster above; any other level among all its clusters.

    Args:
        id: identity of the label map (SHA-256, hex).
        name: the label map's name.
        level_names: L names, coarse first.
        labels: (L, C) cluster of each class at each level, 0..K-1.
        cluster_names: for each level, the names of its K clusters.
    """

    def __init__(
        self,
        id: str,
        name: str,
        level_names: Sequence[str],
        labels: NDArray[np.integer],
        cluster_names: Sequence[Sequence[str]],
    ) -> None:
        self.id, self.name = id, name
        self.level_names = tuple(level_names)
        self.cluster_names = tuple(tuple(names) for names in cluster_names)
        self.sizes = tuple(len(names) for names in self.cluster_names)
        self._children = [
            _children(labels[level - 1], labels[level], self.sizes[level - 1], self.sizes[level])
            for level in range(1, len(self.sizes))
        ]

    @property
    def n_levels(self) -> int:
        """Number of levels L."""
        return len(self.sizes)

    def refines(self, level: int) -> bool:
        """Whether every cluster of a level (0-based, from 1 on) lies inside one of that above."""
        return self._children[level - 1] is not None

    def siblings(self, level: int, above: int) -> Sequence[int]:
        """Rising cluster numbers among which one of a level is chosen.

        Args:
            level: 0-based.
            above: cluster chosen at the level before; any number at the first.
        """
        children = self._children[level - 1] if level else None
        return range(self.sizes[level]) if children is None else children[above]

    @cached_property
    def products(self) -> tuple[int, ...]:
        """For each cluster of the first level, the most paths that a choice per level allows.

        The largest product of numbers of siblings at the levels below, over all paths from there.
        """
        below = [1] * self.sizes[-1]
        for level in range(self.n_levels - 1, 0, -1):
            children = self._children[level - 1]
            if children is None:
                below = [self.sizes[level] * max(below)] * self.sizes[level - 1]
            else:
                below = [len(group) * max(below[child] for child in group) for group in children]
        return tuple(below)


def _children(
    coarse: NDArray[np.integer], fine: NDArray[np.integer], k_coarse: int, k_fine: int
) -> list[list[int]] | None:
    """Children of each coarse cluster, or None where the fine level does not refine the coarse."""
    parent = np.zeros(k_fine, dtype=np.int64)
    parent[fine] = coarse
    if not np.array_equal(parent[fine], coarse):
        return None
    children: list[list[int]] = [[] for _ in range(k_coarse)]
    for cluster, above in enumerate(parent.tolist()):
        children[above].append(cluster)
    return children


def load_label_tree(path: str | Path) -> LabelTree:
    """Read a label map file, or a shipped one by name.

    Raises:
        HierarchyMismatchError: the file is missing or is not a sound label map.
    """
    try:
        label_map = load_label_map(path)
    except (HierlabError, OSError) as error:
        raise HierarchyMismatchError(f"label map {path}: {error}") from error
    return LabelTree(
        label_map.id,
        label_map.name,
        [level.name for level in label_map.levels],
        np.stack([level.labels for level in label_map.levels]),
        [[cluster.name for cluster in level.clusters] for level in label_map.levels],
    )
