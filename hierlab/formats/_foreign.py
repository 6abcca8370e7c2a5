"""What every importer finds, and how a label map is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.errors import ClassListError, FormatError, HierlabError
from hierlab.labelmap import MAX_LEVELS, Cluster, LabelMap, Level, canonical_labels

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
        levels: in any order; equal numbers of clusters are refused later.
        ordered: whether the file says the order of the classes, rather than merely has one.
    """

    classes: ClassList
    levels: tuple[ForeignLevel, ...]
    ordered: bool = True


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
) -> LabelMap:
    """Make a label map: classes in order, levels from coarse to fine, clusters named.

    Raises:
        FormatError: no level, too many, two of one size, or classes that do not fit.
    """
    foreign = _ordered(foreign, classes)
    count = len(foreign.classes)
    found = sorted(foreign.levels, key=lambda level: len(np.unique(level.labels)))
    sizes = [len(np.unique(level.labels)) for level in found]
    if identity and (not sizes or sizes[-1] < count):
        found.append(ForeignLevel(np.arange(count)))
        sizes.append(count)
    if not 1 <= len(found) <= MAX_LEVELS:
        raise FormatError(f"expected 1 to {MAX_LEVELS} levels, found {len(found)}")
    if twice := next((a for a, b in pairwise(sizes) if a == b), None):
        raise FormatError(
            f"two levels have {twice} clusters each; "
            "a label map has more clusters from level to level: leave one out"
        )
    names = _level_names(found, levels)
    described = _describe(found, names, foreign.classes)
    return LabelMap(name, foreign.classes, described, _provenance(format))


def _provenance(format: str) -> dict[str, str]:
    from hierlab import __version__

    return {"method": "import", "format": format, "tool": f"hierlab {__version__}"}


def _ordered(foreign: Foreign, classes: ClassList | None) -> Foreign:
    """Put the classes in the asked or usual order; recognise a built-in list by its keys."""
    own = foreign.classes
    wanted = classes
    if wanted is None:
        from hierlab.classlists import load_classes

        usual = load_classes("imagenet-1k")
        if own.ids == usual.ids:
            return replace(foreign, classes=replace(usual, names=own.names))
        if foreign.ordered or len(own) != len(usual) or set(own.ids) != set(usual.ids):
            return foreign
        wanted = usual
    if missing := next((key for key in wanted.ids if key not in own.index), None):
        raise FormatError(
            f"class {missing!r} is not in the file, which has {len(own)} classes such as "
            f"{own.ids[0]!r}; classes are matched by key"
        )
    rows = np.array([own.index[key] for key in wanted.ids])
    levels = tuple(replace(level, labels=level.labels[rows]) for level in foreign.levels)
    return Foreign(wanted, levels)


def _level_names(found: Sequence[ForeignLevel], given: Sequence[str] | None) -> list[str]:
    from hierlab.assembly import level_names

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
    found: Sequence[ForeignLevel], names: Sequence[str], classes: ClassList
) -> tuple[Level, ...]:
    """Name clusters as the file does, the rest by WordNet or by their central class."""
    from hierlab.assembly import describe
    from hierlab.builders import BuildInput
    from hierlab.taxonomy import taxonomy_for

    inputs = BuildInput(classes, taxonomy=taxonomy_for(classes))
    labels = [canonical_labels(level.labels) for level in found]
    described = describe(inputs, labels, names)
    return tuple(
        replace(level, clusters=_renamed(level, told))
        for level, told in zip(described, found, strict=True)
    )


def _renamed(level: Level, told: ForeignLevel) -> tuple[Cluster, ...]:
    from msgspec.structs import replace as with_fields

    first = np.unique(level.labels, return_index=True)[1]
    own = [(told.names or {}).get(int(told.labels[row])) for row in first]
    return tuple(
        with_fields(cluster, name=name) if name else cluster
        for cluster, name in zip(level.clusters, own, strict=True)
    )
