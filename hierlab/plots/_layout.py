"""Where things stand in a picture of a hierarchy: classes in cluster order, clusters as runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hierlab.labelmap import LabelMap, Level

__all__ = ["Block", "Layout"]


@dataclass(frozen=True)
class Block:
    """A run of classes of one cluster inside one block of the level above.

    Args:
        column: 0 for the coarsest level.
        cluster: its number.
        start, stop: first place and the place after the last.
        colour: number of the coarsest cluster that holds most of the cluster.
        whole: whether this is all of the cluster; parts occur in maps that are not nested.
        largest: whether it is the cluster's largest part, the one to put its name on.
    """

    column: int
    cluster: int
    start: int
    stop: int
    colour: int
    whole: bool
    largest: bool

    @property
    def size(self) -> int:
        """Number of classes."""
        return self.stop - self.start


@dataclass(frozen=True)
class Layout:
    """Classes ordered so that each cluster is one run, or a few where levels cross."""

    label_map: LabelMap

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Levels that group classes; an identity groups nothing."""
        count = len(self.label_map.classes)
        return tuple(level for level in self.label_map.levels if level.k < count)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """(C,) class at each place."""
        places = np.arange(len(self.label_map.classes))
        keys = np.stack([places, *(level.labels for level in reversed(self.levels))])
        order: NDArray[np.int64] = np.lexsort(keys)
        return order

    def blocks(self, column: int) -> tuple[Block, ...]:
        """Runs of one level, from the top."""
        labels = np.stack([level.labels[self.order] for level in self.levels[: column + 1]])
        starts = np.flatnonzero(np.any(np.diff(labels, axis=1, prepend=-1) != 0, axis=0))
        stops = np.append(starts[1:], labels.shape[1])
        level = self.levels[column]
        clusters = labels[-1][starts]
        sizes = stops - starts
        best = np.zeros(level.k, dtype=np.int64)
        np.maximum.at(best, clusters, sizes)
        colours = self._colours(level)
        named: set[int] = set()
        blocks = []
        for cluster, start, stop in zip(
            clusters.tolist(), starts.tolist(), stops.tolist(), strict=True
        ):
            size = stop - start
            largest = bool(size == best[cluster]) and cluster not in named
            if largest:
                named.add(cluster)
            whole = bool(size == level.sizes[cluster])
            colour = int(colours[cluster])
            blocks.append(Block(column, cluster, start, stop, colour, whole, largest))
        return tuple(blocks)

    def _colours(self, level: Level) -> NDArray[np.int64]:
        top = self.levels[0]
        table = np.zeros((level.k, top.k), dtype=np.int64)
        np.add.at(table, (level.labels, top.labels), 1)
        majority: NDArray[np.int64] = table.argmax(axis=1)
        return majority
