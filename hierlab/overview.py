"""Show: a label map in words, as data that the CLI prints and the app draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hierlab.errors import UnknownClassError

if TYPE_CHECKING:
    from hierlab.labelmap import LabelMap, Level

__all__ = ["ClassPath", "ClusterReport", "LevelReport", "find_cluster", "show", "show_class"]


@dataclass(frozen=True)
class ClusterReport:
    """One cluster with its members in class order."""

    level: str
    number: int
    name: str
    size: int
    synset: str | None
    medoid: str
    confidence: float | None
    members: tuple[str, ...]


@dataclass(frozen=True)
class LevelReport:
    """One level: how many clusters, how large, and each of them."""

    name: str
    k: int
    size_min: int
    size_median: float
    size_max: int
    clusters: tuple[ClusterReport, ...]


@dataclass(frozen=True)
class ClassPath:
    """Where one class stands: its cluster at every level, coarse to fine."""

    id: str
    name: str
    clusters: tuple[ClusterReport, ...]


def show(label_map: LabelMap, level: str | int | None = None) -> tuple[LevelReport, ...]:
    """Describe every level, or one.

    Raises:
        LabelMapError: there is no such level.
    """
    import numpy as np

    levels = label_map.levels if level is None else (label_map.level(level),)
    return tuple(
        LevelReport(
            name=one.name,
            k=one.k,
            size_min=int(one.sizes.min()),
            size_median=float(np.median(one.sizes)),
            size_max=int(one.sizes.max()),
            clusters=tuple(_report(label_map, one, number) for number in range(one.k)),
        )
        for one in levels
    )


def find_cluster(label_map: LabelMap, level: Level, which: str) -> ClusterReport:
    """Find a cluster by number or by name (whole, else the only one that contains the words).

    Raises:
        UnknownClassError: none or several fit.
    """
    if which.isdigit() and int(which) < level.k:
        return _report(label_map, level, int(which))
    words = which.casefold()
    names = [cluster.name.casefold() for cluster in level.clusters]
    fits = [number for number, name in enumerate(names) if name == words] or [
        number for number, name in enumerate(names) if words in name
    ]
    if len(fits) != 1:
        found = ", ".join(level.clusters[number].name for number in fits[:8]) or "none"
        raise UnknownClassError(
            f"expected one cluster of level {level.name!r} for {which!r}, found {found}; "
            f"give a number from 0 to {level.k - 1} or a whole name"
        )
    return _report(label_map, level, fits[0])


def show_class(label_map: LabelMap, query: str) -> tuple[ClassPath, ...]:
    """Tell where the classes that `query` names stand; key, name, alias or part of a name.

    Raises:
        UnknownClassError: no class fits.
    """
    from hierlab.classlists import find_class

    positions = find_class(label_map.classes, query)
    if not positions:
        raise UnknownClassError(
            f"no class of {label_map.classes.set} is called {query!r}; try a part of its name"
        )
    return tuple(
        ClassPath(
            id=label_map.classes.ids[position],
            name=label_map.classes.names[position],
            clusters=tuple(
                _report(label_map, level, int(level.labels[position])) for level in label_map
            ),
        )
        for position in positions
    )


def _report(label_map: LabelMap, level: Level, number: int) -> ClusterReport:
    cluster = level.clusters[number]
    names = label_map.classes.names
    return ClusterReport(
        level=level.name,
        number=number,
        name=cluster.name,
        size=cluster.size,
        synset=cluster.synset,
        medoid=names[label_map.classes.index[cluster.medoid]],
        confidence=cluster.confidence,
        members=tuple(names[position] for position in level.members(number)),
    )
