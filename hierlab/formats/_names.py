"""Names for the ids of a hierarchy, from a file beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._files import decode_json, read_text
from hierlab.hierarchy.imported import ImportedHierarchy, ImportedLevel
from hierlab.utils.text_table import read_table, sniff_delimiter

__all__ = ["read_names", "with_names"]


def read_names(path: Path) -> dict[str, str]:
    """Id and name in each line, with a tab, comma or semicolon between, or the first blank.

    A JSON object of names by id is read too.

    Raises:
        FormatError: not such a file, or an id with two names.
    """
    text = read_text(path)
    if text.lstrip()[:1] == "{":
        decoded: dict[str, str] = decode_json(text, f"{path}: expected names by id", dict[str, str])
        return decoded
    names: dict[str, str] = {}
    for key, name in _pairs(path, text):
        if names.setdefault(key, name) != name:
            raise FormatError(f"{path}: id {key!r} has two names, {names[key]!r} and {name!r}")
    if not names:
        raise FormatError(f"{path}: expected an id and its name in each line, found none")
    return names


def _pairs(path: Path, text: str) -> list[tuple[str, str]]:
    if mark := sniff_delimiter(text):
        try:
            rows = read_table(text, delimiter=mark, header=False).rows
        except FormatError:
            rows = ()
        if rows and len(rows[0]) >= 2:
            return [(row[0], row[1]) for row in rows]
    parts = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    if short := next((part for part in parts if len(part) < 2), None):
        raise FormatError(f"{path}: expected an id and its name in each line, got {short[0]!r}")
    return [(part[0], part[1].strip()) for part in parts]


def with_names(hierarchy: ImportedHierarchy, names: Mapping[str, str]) -> ImportedHierarchy:
    """The same hierarchy with classes and clusters called by their names, where they have one.

    Raises:
        FormatError: no id of the hierarchy has a name.
    """
    classes, recut = hierarchy.classes, hierarchy.recut
    known = sum(key in names for key in classes.ids)
    if not known:
        raise FormatError(
            f"none of the {len(classes)} classes, such as {classes.ids[0]!r}, has a name in the "
            f"list of names, which has ids such as {next(iter(names), '')!r}"
        )

    def renamed(levels: Sequence[ImportedLevel]) -> tuple[ImportedLevel, ...]:
        return tuple(
            replace(level, names={n: names.get(old, old) for n, old in (level.names or {}).items()})
            for level in levels
        )

    return replace(
        hierarchy,
        classes=replace(
            classes,
            names=tuple(map(names.get, classes.ids, classes.names)),
        ),
        levels=renamed(hierarchy.levels),
        read_as=f"{hierarchy.read_as}, names of {known} of {len(classes)} classes from a list",
        recut=None if recut is None else lambda wanted: renamed(recut(wanted)),
    )
