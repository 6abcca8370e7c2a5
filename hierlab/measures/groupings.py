"""Groupings: which classes people put together, to hold a hierarchy against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList, folded
from hierlab.errors import HierlabError
from hierlab.labelmap import loads_label_map
from hierlab.utils.files import data_path, read_bounded
from hierlab.utils.text_table import decode_text, read_table

__all__ = ["Grouping", "grouping_names", "groupings_for", "load_groupings"]

MAX_BYTES = 64 * 2**20
_CLASS_COLUMNS = ("wnid", "id", "class", "key", "name")
_GROUP_COLUMNS = ("group", "superclass", "category")
_ENOUGH = 0.9  # of a shipped grouping's classes must be in a list for it to be about that list


class _File(msgspec.Struct, forbid_unknown_fields=True):
    about: str
    source: str
    licence: str
    groups: dict[str, str]


@dataclass(frozen=True)
class Grouping:
    """Groups of some classes of a list; each class is in one of them.

    Args:
        name: such as `geirhos16`.
        about: what it is, in a line.
        source, licence: where it comes from.
        groups: class key (a WordNet id, or a name) -> name of its group.
    """

    name: str
    about: str
    source: str
    licence: str
    groups: Mapping[str, str]

    def on(self, classes: ClassList) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Positions (N,) of the classes that it covers, in class order, and their groups (N,).

        A class is found by its key, else by its name, compared as `folded` has them.
        """
        wanted = {folded(key): group for key, group in self.groups.items()}
        numbers = {group: number for number, group in enumerate(sorted(set(wanted.values())))}
        placed = [
            (position, numbers[group])
            for position, (key, name) in enumerate(zip(classes.ids, classes.names, strict=True))
            if (group := wanted.get(folded(key), wanted.get(folded(name)))) is not None
        ]
        table = np.array(placed, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1].astype(np.int32)


def grouping_names() -> tuple[str, ...]:
    """Names of the groupings that are shipped, sorted."""
    return tuple(sorted(path.stem for path in data_path("groupings").glob("*.json")))


@lru_cache
def _shipped(name: str) -> Grouping:
    content = read_bounded(data_path("groupings", f"{name}.json"), MAX_BYTES)
    file = msgspec.json.decode(content, type=_File)
    return Grouping(name, file.about, file.source, file.licence, file.groups)


def groupings_for(classes: ClassList) -> tuple[Grouping, ...]:
    """The shipped groupings that are about these classes: nine tenths of theirs are among them."""
    shipped = (_shipped(name) for name in grouping_names())
    return tuple(one for one in shipped if len(one.on(classes)[0]) >= _ENOUGH * len(one.groups))


def load_groupings(which: str | Path) -> tuple[Grouping, ...]:
    """Read a shipped grouping by its name, or groupings of your own from a file.

    Args:
        which: a name; a JSON object `{class: group}`, bare or under `groups`; a label map, of
            which each level below the classes themselves is one; or a table (csv, tsv, txt) whose
            first column holds classes (WordNet ids or names) and whose last their groups, after a
            line of headings. A class without a group is left out.

    Raises:
        HierlabError: no such name or file, or not such content.
    """
    if str(which) in grouping_names():
        return (_shipped(str(which)),)
    path = Path(which)
    if not path.is_file():
        raise HierlabError(
            f"no grouping {str(which)!r}; expected {', '.join(grouping_names())}, or a json or "
            "csv file of classes and their groups"
        )
    if path.suffix.lower() == ".json":
        return _from_json(path)
    return (_checked(path, _from_table(path)),)


def _from_json(path: Path) -> tuple[Grouping, ...]:
    content = read_bounded(path, MAX_BYTES)
    try:
        fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        if "levels" in fields:
            return _from_label_map(path, content)
        groups = msgspec.json.decode(fields.get("groups", content), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HierlabError(
            f"{path}: expected a JSON object of classes and their groups, or a label map ({error})"
        ) from error
    return (_checked(path, groups),)


def _from_label_map(path: Path, content: bytes) -> tuple[Grouping, ...]:
    label_map = loads_label_map(content, source=str(path))
    ids = label_map.classes.ids
    return tuple(
        Grouping(
            f"{label_map.name}: {level.name}",
            f"{level.k} clusters of a label map",
            path.name,
            "",
            {key: f"cluster {label}" for key, label in zip(ids, level.labels, strict=True)},
        )
        for level in label_map.levels
        if level.k < len(ids)
    )


def _from_table(path: Path) -> dict[str, str]:
    text = decode_text(read_bounded(path, MAX_BYTES))[0]
    table = read_table(text, known=(*_CLASS_COLUMNS, *_GROUP_COLUMNS))
    if len(table.columns) < 2:
        raise HierlabError(f"{path}: expected a column of classes and one of groups, got one")
    first, last = table.find(_CLASS_COLUMNS), table.find(_GROUP_COLUMNS)
    keys = table.cells(0 if first is None else first)
    names = table.cells(-1 if last is None else last)
    groups: dict[str, str] = {}
    for key, group in zip(keys, names, strict=True):
        if groups.get(key, group) != group:
            raise HierlabError(
                f"{path}: class {key!r} is in two groups, {groups[key]!r} and {group!r}"
            )
        groups[key] = group
    return groups


def _checked(path: Path, groups: Mapping[str, str]) -> Grouping:
    known = {key: group for key, group in groups.items() if key and group}
    if len(set(known.values())) < 2:
        raise HierlabError(
            f"{path}: expected classes in at least two groups, got {len(set(known.values()))}"
        )
    return Grouping(path.stem, "groups of your own", path.name, "", known)
