"""A label map as the codec sees it: cluster numbers per level, and sums of probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from codec_plugin.bitstream.answer import LabelPath
from codec_plugin.bitstream.label_tree import LabelTree
from codec_plugin.errors import ConfigError, HierarchyMismatchError
from hierlab.classes import folded
from hierlab.errors import HierlabError
from hierlab.labelmap import LabelMap, load_label_map

__all__ = ["Hierarchy", "hierarchy_of", "level_ends", "levels_of_stages", "load_hierarchy"]


@dataclass(frozen=True)
class Hierarchy:
    """Levels of clusters over one class list, coarse first.

    Args:
        id: identity of the label map (SHA-256, hex).
        name: the label map's name.
        class_ids: C distinct keys, in the order of the columns that `sum_posteriors` expects.
        class_names: C names for people.
        level_names: L names, coarse first.
        labels: (L, C) int64 cluster of each class at each level.
        cluster_names: for each level, the names of its clusters.
        synsets: what each class is in WordNet, as far as the label map says; empty or C entries.
    """

    id: str
    name: str
    class_ids: tuple[str, ...]
    class_names: tuple[str, ...]
    level_names: tuple[str, ...]
    labels: Tensor
    cluster_names: tuple[tuple[str, ...], ...]
    synsets: tuple[str | None, ...] = ()

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of clusters K of each level."""
        return tuple(len(names) for names in self.cluster_names)

    @property
    def n_levels(self) -> int:
        """Number of levels L."""
        return len(self.level_names)

    @cached_property
    def index(self) -> dict[str, int]:
        """Column of each class key."""
        return {key: number for number, key in enumerate(self.class_ids)}

    @cached_property
    def lookup(self) -> dict[str, int]:
        """Column of each class by key, and by folded key or name where one class alone has it."""
        named: dict[str, set[int]] = {}
        for number, words in enumerate(zip(self.class_ids, self.class_names, strict=True)):
            for word in words:
                named.setdefault(folded(word), set()).add(number)
        single = {word: min(columns) for word, columns in named.items() if len(columns) == 1}
        return {**single, **self.index}

    def path(self, label: str) -> LabelPath:
        """Clusters of a class that goes by a key or name, each for sure.

        Raises:
            ConfigError: no class, or more than one, goes by that name.
        """
        wanted = folded(label)
        number = self.lookup.get(label.strip(), self.lookup.get(wanted))
        if number is None:
            words = list(zip(self.class_ids, self.class_names, strict=True))
            called = [key for key, name in words if wanted in (folded(key), folded(name))]
            if called:
                raise ConfigError(
                    f"{len(called)} classes of label map {self.name} are called {label!r}; give "
                    f"a key: {', '.join(called)}"
                )
            near = [name for name in self.class_names if wanted in folded(name)]
            near = near or list(self.class_names)
            some = ", ".join(near[:6]) + (", …" if len(near) > 6 else "")
            raise ConfigError(
                f"label map {self.name} has no class {label!r}; a class goes by its key or "
                f"name: {some}"
            )
        clusters = tuple(self.labels[:, number].tolist())
        return LabelPath(clusters, (1.0,) * len(clusters), self.tree)

    @cached_property
    def tree(self) -> LabelTree:
        """The levels as a tree of cluster numbers."""
        return LabelTree(
            self.id, self.name, self.level_names, self.labels.numpy(), self.cluster_names
        )

    @cached_property
    def memberships(self) -> tuple[Tensor, ...]:
        """For each level the (C, K) float matrix of zeros and ones."""
        eye = torch.nn.functional.one_hot
        return tuple(
            eye(row, size).float() for row, size in zip(self.labels, self.sizes, strict=True)
        )

    def sum_posteriors(self, probabilities: Tensor, level: int) -> Tensor:
        """Probabilities of the clusters of a level: (B, C) -> (B, K), rows keep their sum.

        Source: the paper, section 4 (posterior of a cluster = sum over its classes).
        """
        membership = self.memberships[level].to(probabilities)
        return probabilities @ membership


def load_hierarchy(path: str | Path) -> Hierarchy:
    """Read a label map file, or a shipped one by name.

    Raises:
        CodecError: the file is missing or is not a sound label map.
    """
    try:
        label_map = load_label_map(path)
    except (HierlabError, OSError) as error:
        said = str(error)
        if not Path(path).exists():
            said = "neither a file nor a shipped one; give its file with --hierarchy"
        raise HierarchyMismatchError(f"label map {path}: {said}") from error
    return hierarchy_of(label_map)


def hierarchy_of(label_map: LabelMap) -> Hierarchy:
    """A label map in memory, as the codec sees it."""
    return Hierarchy(
        id=label_map.id,
        name=label_map.name,
        class_ids=tuple(label_map.classes.ids),
        class_names=tuple(label_map.classes.names),
        level_names=tuple(level.name for level in label_map.levels),
        labels=torch.stack([torch.tensor(level.labels.tolist()) for level in label_map.levels]),
        cluster_names=tuple(
            tuple(cluster.name for cluster in level.clusters) for level in label_map.levels
        ),
        synsets=label_map.classes.synsets,
    )


def level_ends(n_levels: int, n_blocks: int, wanted: Sequence[int] = ()) -> tuple[int, ...]:
    """Block with which each level ends, 0-based, strictly increasing.

    Args:
        n_levels: L, at most `n_blocks`.
        n_blocks: B.
        wanted: the same for another number of levels: the first and the last stay, those between
            are spread evenly; empty is one level a block from the first on, the last at the end. A
            single level is the first.
    Raises:
        HierarchyMismatchError: more levels than blocks.
    """
    if n_levels > n_blocks:
        raise HierarchyMismatchError(
            f"the label map has {n_levels} levels, the codec {n_blocks} blocks: every level needs "
            "a block of its own; choose a preset with more blocks, or a map with fewer levels"
        )
    if len(wanted) == n_levels:
        return tuple(wanted)
    first, last = (wanted[0], wanted[-1]) if wanted else (0, n_blocks - 1)
    if n_levels == 1:  # the first bytes should tell it
        return (first,)
    first = min(first, n_blocks - n_levels)
    last = max(last, first + n_levels - 1)
    step = (last - first) / (n_levels - 1)
    return tuple(first + int(number * step + 0.5) for number in range(n_levels))


def levels_of_stages(ends: Sequence[int], n_blocks: int) -> tuple[int, ...]:
    """Level that each block works towards; blocks beyond the last level's end serve that one.

    Without ends, one level a block.
    """
    last = len(ends) - 1
    if not ends:
        return tuple(range(n_blocks))
    return tuple(
        next((level for level, end in enumerate(ends) if k <= end), last) for k in range(n_blocks)
    )
