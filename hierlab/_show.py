"""A label map in words: its levels, clusters and classes, as data for printing and drawing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierlab.datasets.class_lists import find_class
from hierlab.errors import UnknownClassError
from hierlab.labelmap import LabelMap, Level
from hierlab.wordnet.taxonomy import Taxonomy, taxonomy_for

__all__ = [
    "ClassPath",
    "ClusterReport",
    "LevelReport",
    "ResolvedClass",
    "find_cluster",
    "resolution",
    "resolution_sentence",
    "show",
    "show_class",
]


@dataclass(frozen=True)
class ClusterReport:
    """One cluster with its members in class order; `coverage` is what its name holds for."""

    level: str
    number: int
    name: str
    size: int
    synset: str | None
    medoid: str
    confidence: float | None
    coverage: float | None
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
    resolved: ResolvedClass


@dataclass(frozen=True)
class ResolvedClass:
    """What one class is in WordNet: its synset, how that was found, and what the synset means.

    Args:
        id: the class's key.
        name: for people.
        synset: such as `dog.n.01`, or None.
        how: `synset` (given by the list), `key`, `name`, `form`, `alias`, `word key`, `head` or
            `unknown`; see `hierlab.wordnet.resolution.Resolution`.
        definition: of the synset.
    """

    id: str
    name: str
    synset: str | None
    how: str
    definition: str


def show(label_map: LabelMap, level: str | int | None = None) -> tuple[LevelReport, ...]:
    """Describe every level, or one.

    Raises:
        LabelMapError: there is no such level.
    """
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
        candidates = ", ".join(level.clusters[number].name for number in fits[:8]) or "none"
        raise UnknownClassError(
            f"expected one cluster of level {level.name!r} for {which!r}, found {candidates}; "
            f"give a number from 0 to {level.k - 1} or a whole name"
        )
    return _report(label_map, level, fits[0])


def show_class(label_map: LabelMap, query: str) -> tuple[ClassPath, ...]:
    """Tell where the classes that `query` names stand; key, name, alias or part of a name.

    Raises:
        UnknownClassError: no class fits.
    """
    positions = find_class(label_map.classes, query)
    if not positions:
        raise UnknownClassError(
            f"no class of {label_map.classes.set} is called {query!r}; try a part of its name"
        )
    table = resolution(label_map)
    return tuple(
        ClassPath(
            id=label_map.classes.ids[position],
            name=label_map.classes.names[position],
            clusters=tuple(
                _report(label_map, level, int(level.labels[position])) for level in label_map
            ),
            resolved=table[position],
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
        coverage=cluster.coverage,
        members=tuple(names[position] for position in level.members(number)),
    )


def resolution(label_map: LabelMap, wordnet: str | Path | None = None) -> tuple[ResolvedClass, ...]:
    """What each class is in WordNet, in class order.

    Args:
        label_map: any.
        wordnet: folder with a WordNet of one's own.
    """
    classes = label_map.classes
    taxonomy = taxonomy_for(classes, wordnet=wordnet) or Taxonomy.shipped()
    resolution = taxonomy.resolve(classes)
    rows = taxonomy.nouns.rows
    numbers = [None if wnid is None else rows[wnid] for wnid in resolution.wnids]
    return tuple(
        ResolvedClass(
            id=key,
            name=name,
            synset=None if row is None else taxonomy.nouns.name(row),
            how=how,
            definition="" if row is None else taxonomy.nouns.definitions[row],
        )
        for key, name, row, how in zip(
            classes.ids, classes.names, numbers, resolution.how, strict=True
        )
    )


WAYS = {
    "synset": "by the synset given",
    "key": "by key",
    "name": "by name",
    "form": "by a form of the name",
    "alias": "by another name",
    "word key": "by a key that is a word",
    "head": "by the last words of the name",
    "unknown": "unknown",
}


def resolution_sentence(label_map: LabelMap) -> str:
    """How many classes were found in WordNet which way; empty where keys say it all."""
    ways = Counter(label_map.classes.resolved_by)
    if not ways:
        return ""
    counts = ", ".join(f"{ways[way]} {words}" for way, words in WAYS.items() if ways[way])
    source = label_map.provenance.get("wordnet", "WordNet")
    return f"{source}: {counts}"
