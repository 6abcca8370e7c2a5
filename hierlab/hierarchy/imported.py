"""What every importer finds, and how a label map is made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec.structs import replace as with_fields
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.datasets.class_matching import positions
from hierlab.errors import ClassListError, FormatError, HierlabError
from hierlab.hierarchy.description import (
    TOOL,
    MapParts,
    describe,
    level_names,
    reading_provenance,
)
from hierlab.hierarchy.level import MAX_LEVELS, Cluster, Level, canonical_labels
from hierlab.wordnet.taxonomy import Taxonomy, resolved

__all__ = ["Foreign", "ForeignLevel", "assemble", "make_classes"]


@dataclass(frozen=True)
class ForeignLevel:
    """One partition as a file tells it.

    Args:
        labels: (C,) any cluster numbers.
        name: of the level, if the file has one.
        names: cluster names by number, if the file has them.
    """

    labels: NDArray[np.int64]
    name: str | None = None
    names: dict[int, str] | None = None


@dataclass(frozen=True)
class Foreign:
    """A hierarchy as a file tells it.

    Args:
        classes: in the file's order.
        levels: in any order; of several with equal numbers of clusters the last is kept.
        ordered: whether the file says the order of the classes, rather than merely has one.
        told: how the file was read, in a line for people.
        nameless: whether keys are mere numbers, so that a class list tells what they are.
        columns: the columns that the levels were taken from, where the user chose them.
        recut: levels over other nodes of the tree, by key, where the file holds a tree; so inner
            nodes may be classes.
    """

    classes: ClassList
    levels: tuple[ForeignLevel, ...]
    ordered: bool = True
    told: str = ""
    nameless: bool = False
    columns: tuple[str, ...] = ()
    recut: Callable[[Sequence[str]], tuple[ForeignLevel, ...]] | None = None


def make_classes(source: object, ids: Sequence[str], names: Sequence[str]) -> ClassList:
    """Class list of an imported file.

    Raises:
        FormatError: no class, too many, an empty key or one given twice.
    """
    if not all(ids):
        raise FormatError(f"{source}: class {list(ids).index('')} has an empty key")
    try:
        return ClassList("custom", tuple(ids), tuple(names))
    except ClassListError as error:
        raise FormatError(f"{source}: {error}") from error


def assemble(
    foreign: Foreign,
    *,
    name: str,
    format: str,
    classes: ClassList | None = None,
    identity: bool = False,
    levels: Sequence[str] | None = None,
) -> MapParts:
    """Make the parts of a label map: classes in order, levels from coarse to fine, clusters named.

    The map's provenance says under `read` how the file was understood and what was left out.

    Raises:
        FormatError: no level, too many, or classes that do not fit.
    """
    told = [foreign.told] if foreign.told else []
    foreign = _ordered(foreign, classes)
    count = len(foreign.classes)
    found, left_out = _rising(foreign.levels)
    told += left_out
    if identity and (not found or len(np.unique(found[-1].labels)) < count):
        found.append(ForeignLevel(np.arange(count)))
    if not found:
        raise FormatError(
            "expected 1 to 16 levels, found 0: no grouping stands between one root and the "
            f"{count} classes; --identity takes the classes themselves as the level"
        )
    if len(found) > MAX_LEVELS:
        raise FormatError(
            f"expected 1 to {MAX_LEVELS} levels, found {len(found)}; name those to keep in --levels"
        )
    names = _level_names(found, levels)
    known, taxonomy = resolved(foreign.classes)
    described = _describe(found, names, known, taxonomy)
    provenance = {"method": "import", "format": format, "tool": TOOL}
    if told:
        provenance["read"] = "; ".join(told)
    reading = reading_provenance(known, taxonomy)
    return MapParts(name, known, described, {**reading, **provenance})


def _rising(levels: Sequence[ForeignLevel]) -> tuple[list[ForeignLevel], list[str]]:
    """Levels from coarse to fine, one for each number of clusters, and what was left out."""
    by_size: dict[int, list[ForeignLevel]] = {}
    for level in levels:
        by_size.setdefault(len(np.unique(level.labels)), []).append(level)
    told = []
    for size, equal in sorted(by_size.items()):
        for other in equal[:-1]:
            kind = "the same groups" if _same(other, equal[-1]) else f"{size} clusters too"
            told.append(
                f"left out {other.name or 'a level'} ({kind} as {equal[-1].name or 'the next'})"
            )
    return [equal[-1] for _, equal in sorted(by_size.items())], told


def _same(first: ForeignLevel, second: ForeignLevel) -> bool:
    return bool(np.array_equal(canonical_labels(first.labels), canonical_labels(second.labels)))


def _ordered(foreign: Foreign, classes: ClassList | None) -> Foreign:
    """Put the classes in the asked or usual order; recognise a built-in list by its keys."""
    own = foreign.classes
    wanted = classes
    if wanted is None:
        usual = load_classes("imagenet-1k")
        if own.ids == usual.ids:
            return replace(foreign, classes=replace(usual, names=own.names))
        if foreign.ordered or len(own) != len(usual) or set(own.ids) != set(usual.ids):
            return foreign
        wanted = usual
    if foreign.nameless:
        if len(wanted) != len(own):
            raise FormatError(
                f"the file has {len(own)} leaves without names, the class list {len(wanted)} "
                "classes; give the list in the order of the leaves"
            )
        return replace(foreign, classes=wanted)
    rows = positions(wanted, own)
    if (rows < 0).any():
        if foreign.recut is not None:
            return replace(foreign, classes=wanted, levels=foreign.recut(wanted.ids))
        key = wanted.ids[int((rows < 0).argmax())]
        raise FormatError(
            f"class {key!r} is not in the file, which has {len(own)} classes such as "
            f"{own.ids[0]!r}; classes are matched by key, else by name"
        )
    levels = tuple(replace(level, labels=level.labels[rows]) for level in foreign.levels)
    return replace(foreign, classes=wanted, levels=levels)


def _level_names(found: Sequence[ForeignLevel], given: Sequence[str] | None) -> list[str]:
    try:
        usual = level_names(len(found), given)
    except HierlabError as error:
        raise FormatError(str(error)) from error
    if given:
        return list(usual)
    names: list[str] = []
    told = {level.name for level in found}
    for number, level in enumerate(found):
        fallback = usual[number] if usual[number] not in told else f"level{number + 1}"
        names.append(level.name or fallback)
    return names if len(set(names)) == len(names) else list(usual)


def _describe(
    found: Sequence[ForeignLevel],
    names: Sequence[str],
    classes: ClassList,
    taxonomy: Taxonomy | None,
) -> tuple[Level, ...]:
    """Name clusters as the file does, the rest by WordNet or by their central class."""
    labels = [canonical_labels(level.labels) for level in found]
    described = describe(classes, labels, names, taxonomy=taxonomy)
    return tuple(
        replace(level, clusters=_renamed(level, told))
        for level, told in zip(described, found, strict=True)
    )


def _renamed(level: Level, told: ForeignLevel) -> tuple[Cluster, ...]:
    first = np.unique(level.labels, return_index=True)[1]
    own = [(told.names or {}).get(int(told.labels[row])) for row in first]
    return tuple(
        with_fields(cluster, name=name) if name else cluster
        for cluster, name in zip(level.clusters, own, strict=True)
    )
