"""Names for the ids of a hierarchy, from a file beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hierlab.errors import FormatError
from hierlab.formats._registry import read_text
from hierlab.hierarchy.imported import Foreign, ForeignLevel
from hierlab.utils.text_table import read_table, sniff_delimiter

__all__ = ["named", "read_names"]


def read_names(path: Path) -> dict[str, str]:
    """Id and name in each line, with a tab, comma or semicolon between, or the first blank.

    A JSON object of names by id is read too.

    Raises:
        FormatError: not such a file, or an id with two names.
    """
    import msgspec

    text = read_text(path)
    if text.lstrip()[:1] == "{":
        try:
            return msgspec.json.decode(text, type=dict[str, str])
        except (msgspec.DecodeError, RecursionError) as error:
            raise FormatError(f"{path}: expected names by id ({error})") from error
    found: dict[str, str] = {}
    for key, name in _pairs(path, text):
        if found.setdefault(key, name) != name:
            raise FormatError(f"{path}: id {key!r} has two names, {found[key]!r} and {name!r}")
    if not found:
        raise FormatError(f"{path}: expected an id and its name in each line, found none")
    return found


def _pairs(path: Path, text: str) -> list[tuple[str, str]]:
    mark = sniff_delimiter(text)
    if mark:
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


def named(foreign: Foreign, names: Mapping[str, str]) -> Foreign:
    """The same hierarchy with classes and clusters called by their names, where they have one.

    Raises:
        FormatError: no id of the hierarchy has a name.
    """
    classes = foreign.classes
    titles = tuple(
        names.get(key, name) for key, name in zip(classes.ids, classes.names, strict=True)
    )
    known = sum(key in names for key in classes.ids)
    if not known:
        raise FormatError(
            f"none of the {len(classes)} classes, such as {classes.ids[0]!r}, has a name in the "
            f"list of names, which has ids such as {next(iter(names), '')!r}"
        )

    def levels(found: tuple[ForeignLevel, ...]) -> tuple[ForeignLevel, ...]:
        return tuple(
            replace(
                level,
                names={
                    number: names.get(title, title) for number, title in (level.names or {}).items()
                },
            )
            for level in found
        )

    recut = foreign.recut

    def again(wanted: Sequence[str]) -> tuple[ForeignLevel, ...]:
        assert recut is not None
        return levels(recut(wanted))

    return replace(
        foreign,
        classes=replace(classes, names=titles),
        levels=levels(foreign.levels),
        told=f"{foreign.told}, names of {known} of {len(classes)} classes from a list",
        recut=again if recut is not None else None,
    )
