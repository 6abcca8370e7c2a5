"""Levels described: clusters with names and medoids, and what provenance says of the classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hierlab import __version__
from hierlab.errors import BuilderError
from hierlab.hierarchy.cluster_names import name_clusters
from hierlab.hierarchy.level import Level, canonical_labels

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.wordnet.taxonomy import Taxonomy

__all__ = ["TOOL", "MapParts", "describe", "level_names", "reading_provenance", "with_names"]

TOOL = f"hierlab {__version__}"


class MapParts(NamedTuple):
    """What a `LabelMap` is made of, in the order of its fields."""

    name: str
    classes: ClassList
    levels: tuple[Level, ...]
    provenance: Mapping[str, Any]


def reading_provenance(classes: ClassList, taxonomy: Taxonomy | None) -> dict[str, Any]:
    """What provenance says of a list of one's own: how it was read, and in which WordNet."""
    provenance: dict[str, Any] = {}
    if classes.read_as:
        provenance["read"] = classes.read_as
    if taxonomy is not None and classes.resolved_by:
        provenance["wordnet"] = taxonomy.source
    return provenance


def level_names(count: int, given: Sequence[str] | None = None) -> tuple[str, ...]:
    """Names for `count` levels: those given, or coarse, mid, fine where they fit.

    Raises:
        BuilderError: the given names are not one per level, or repeat.
    """
    if given:
        if len(given) != count or len(set(given)) != count:
            raise BuilderError(f"expected {count} different level names, got {', '.join(given)}")
        if bad := next((name for name in given if not re.fullmatch(r"[\w.-]{1,64}", name)), None):
            raise BuilderError(
                f"a level name has 1 to 64 letters, digits, '.', '_', '-': got {bad!r}"
            )
        return tuple(given)
    usual = {1: ("coarse",), 2: ("coarse", "fine"), 3: ("coarse", "mid", "fine")}
    return usual.get(count) or tuple(f"level{number}" for number in range(1, count + 1))


def describe(
    classes: ClassList,
    labels: Sequence[NDArray[np.integer[Any]]],
    names: Sequence[str],
    *,
    taxonomy: Taxonomy | None = None,
    vectors: NDArray[np.float64] | None = None,
    similarity: NDArray[np.float64] | None = None,
    confidence: Sequence[NDArray[np.float64] | None] | None = None,
) -> tuple[Level, ...]:
    """Turn label arrays into levels with named clusters and medoids.

    Args:
        classes: the C classes.
        labels: one (C,) array a level.
        names: one a level.
        taxonomy: WordNet, for the names.
        vectors: (C, D), for the medoids.
        similarity: (C, C), for the medoids where there are no vectors.
        confidence: per level (C,) values 0..1, or None.
    """
    levels = []
    for name, raw, sure in zip(names, labels, confidence or [None] * len(names), strict=True):
        canonical = canonical_labels(raw)
        clusters = name_clusters(
            canonical, classes, taxonomy, vectors=vectors, similarity=similarity
        )
        own = None
        if sure is not None:
            # What is beyond four digits is rounding, and files must be equal.
            own = tuple(round(float(value), 4) for value in sure)
            means = np.bincount(canonical, sure) / np.bincount(canonical)
            clusters = tuple(
                replace(cluster, confidence=round(float(mean), 4))
                for cluster, mean in zip(clusters, means, strict=True)
            )
        levels.append(Level(name, canonical, clusters, own))
    return tuple(levels)


def with_names(level: Level, names: Sequence[str | None]) -> Level:
    """The level with other names of its clusters, where one is given."""
    clusters = (
        replace(cluster, name=name) if name else cluster
        for cluster, name in zip(level.clusters, names, strict=True)
    )
    return Level(level.name, level.labels, tuple(clusters), level.class_confidence)
