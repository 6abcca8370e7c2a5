"""What every importer returns, and how a label map is made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
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
    with_names,
)
from hierlab.hierarchy.level import MAX_LEVELS, Level, canonical_labels
from hierlab.wordnet.taxonomy import resolved

__all__ = ["ImportedHierarchy", "ImportedLevel", "assemble", "make_classes"]


@dataclass(frozen=True)
class ImportedLevel:
    """One partition as a file has it.

    Args:
        labels: (C,) any cluster numbers.
        name: of the level, if the file has one.
        names: cluster names by number, if the file has them.
    """

    labels: NDArray[np.int64]
    name: str | None = None
    names: dict[int, str] | None = None


@dataclass(frozen=True)
class ImportedHierarchy:
    """A hierarchy as a file has it.

    Args:
        classes: in the file's order.
        levels: in any order; of several with equal numbers of clusters the last is kept.
        ordered: whether the file says the order of the classes, rather than merely has one.
        read_as: how the file was read, in a line for people.
        nameless: whether keys are mere numbers, so that a class list says what they are.
        columns: the columns that the levels were taken from, where the user chose them.
        recut: levels over other nodes of the tree, by key, where the file holds a tree; so inner
            nodes may be classes.
    """

    classes: ClassList
    levels: tuple[ImportedLevel, ...]
    ordered: bool = True
    read_as: str = ""
    nameless: bool = False
    columns: tuple[str, ...] = ()
    recut: Callable[[Sequence[str]], tuple[ImportedLevel, ...]] | None = None


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
    hierarchy: ImportedHierarchy,
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
    read_as = [hierarchy.read_as] if hierarchy.read_as else []
    hierarchy = _ordered(hierarchy, classes)
    count = len(hierarchy.classes)
    kept, left_out = _one_of_each_size(hierarchy.levels)
    read_as += left_out
    if identity and (not kept or len(np.unique(kept[-1].labels)) < count):
        kept.append(ImportedLevel(np.arange(count)))
    if not kept:
        raise FormatError(
            "expected 1 to 16 levels, found 0: no grouping stands between one root and the "
            f"{count} classes; --identity takes the classes themselves as the level"
        )
    if len(kept) > MAX_LEVELS:
        raise FormatError(
            f"expected 1 to {MAX_LEVELS} levels, found {len(kept)}; name those to keep in --levels"
        )
    names = _level_names(kept, levels)
    known, taxonomy = resolved(hierarchy.classes)
    labels = [canonical_labels(level.labels) for level in kept]
    described = describe(known, labels, names, taxonomy=taxonomy)
    provenance = reading_provenance(known, taxonomy)
    provenance |= {"method": "import", "format": format, "tool": TOOL}
    if read_as:
        provenance["read"] = "; ".join(read_as)
    renamed = tuple(map(_renamed, described, kept))
    return MapParts(name, known, renamed, provenance)


def _one_of_each_size(levels: Sequence[ImportedLevel]) -> tuple[list[ImportedLevel], list[str]]:
    """Levels from coarse to fine, one for each number of clusters, and what was left out."""
    by_size: dict[int, list[ImportedLevel]] = {}
    for level in levels:
        by_size.setdefault(len(np.unique(level.labels)), []).append(level)
    left_out = []
    for size, equal in sorted(by_size.items()):
        for other in equal[:-1]:
            same = np.array_equal(
                canonical_labels(other.labels), canonical_labels(equal[-1].labels)
            )
            kind = "the same groups" if same else f"{size} clusters too"
            left_out.append(
                f"left out {other.name or 'a level'} ({kind} as {equal[-1].name or 'the next'})"
            )
    return [equal[-1] for _, equal in sorted(by_size.items())], left_out


def _ordered(hierarchy: ImportedHierarchy, classes: ClassList | None) -> ImportedHierarchy:
    """Put the classes in the asked or usual order; recognise a built-in list by its keys."""
    own = hierarchy.classes
    wanted = classes
    if wanted is None:
        usual = load_classes("imagenet-1k")
        if own.ids == usual.ids:
            return replace(hierarchy, classes=replace(usual, names=own.names))
        if hierarchy.ordered or len(own) != len(usual) or set(own.ids) != set(usual.ids):
            return hierarchy
        wanted = usual
    if hierarchy.nameless:
        if len(wanted) != len(own):
            raise FormatError(
                f"the file has {len(own)} leaves without names, the class list {len(wanted)} "
                "classes; give the list in the order of the leaves"
            )
        return replace(hierarchy, classes=wanted)
    rows = positions(wanted, own)
    if (rows < 0).any():
        if hierarchy.recut is not None:
            return replace(hierarchy, classes=wanted, levels=hierarchy.recut(wanted.ids))
        key = wanted.ids[int((rows < 0).argmax())]
        raise FormatError(
            f"class {key!r} is not in the file, which has {len(own)} classes such as "
            f"{own.ids[0]!r}; classes are matched by key, else by name"
        )
    levels = tuple(replace(level, labels=level.labels[rows]) for level in hierarchy.levels)
    return replace(hierarchy, classes=wanted, levels=levels)


def _level_names(levels: Sequence[ImportedLevel], given: Sequence[str] | None) -> list[str]:
    try:
        usual = list(level_names(len(levels), given))
    except HierlabError as error:
        raise FormatError(str(error)) from error
    if given:
        return usual
    own = {level.name for level in levels}
    names = [
        level.name or (usual[number] if usual[number] not in own else f"level{number + 1}")
        for number, level in enumerate(levels)
    ]
    return names if len(set(names)) == len(names) else usual


def _renamed(level: Level, own: ImportedLevel) -> Level:
    """Clusters called as the file calls them; the rest by WordNet or their central class."""
    numbers = own.labels[np.unique(level.labels, return_index=True)[1]].tolist()
    return with_names(level, [(own.names or {}).get(number) for number in numbers])
