"""Where class lists come from: the built-in one, text, CSV and JSON files, image folders."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hierlab._files import data_path, read_bounded
from hierlab.classes import MAX_CLASSES, ClassList
from hierlab.errors import ClassListError, HierlabError

__all__ = ["BUILT_IN", "classes_of_words", "find_class", "load_classes"]

BUILT_IN = ("imagenet-1k",)
MAX_BYTES = 64 * 2**20
KEY_COLUMNS = ("wnid", "id")
NAME_COLUMNS = ("name", "label")
ORDER_COLUMNS = ("class_idx", "class_index")
_WNID = re.compile(r"n\d{8}")


class _Entry(NamedTuple):
    key: str
    name: str
    aliases: tuple[str, ...] = ()


class _BuiltIn(msgspec.Struct):
    wnid: str
    name: str
    aliases: tuple[str, ...]


def load_classes(spec: str | Path) -> ClassList:
    """Read a list of classes.

    Args:
        spec: `imagenet-1k`, or a path: text (one name, wnid, or wnid and names a line), CSV
            (columns wnid or id, name or label; class_idx gives the order), JSON (a list of names
            or objects, `{key: name}`, `{position: [wnid, name]}`, or a label map), or a folder
            with a sub-folder per class. A WordNet id without a name gets its usual one.

    Raises:
        ClassListError: nothing of that name or path, not such a list, empty, more than 10^6
            classes, or two classes with one key.
        HierlabError: the file cannot be read or is larger than 64 MiB.
    """
    if str(spec) in BUILT_IN:
        return _built_in(str(spec))
    path = Path(spec)
    if not path.exists():
        raise ClassListError(
            f"no class list {str(spec)!r}; expected {', '.join(BUILT_IN)} or the path of "
            "a .txt, .csv or .json file or of a folder with a sub-folder per class"
        )
    try:
        return _class_list(_entries(path))
    except ClassListError as error:
        raise ClassListError(f"{path}: {error}") from error


def classes_of_words(words: Iterable[str]) -> ClassList:
    """A class list of names or WordNet ids, in order.

    Raises:
        ClassListError: something that is no text, an empty list, or a class twice.
    """
    listed = [str(word) if isinstance(word, str) else word for word in words]
    if strange := next((word for word in listed if not isinstance(word, str)), None):
        raise ClassListError(f"expected names or WordNet ids as classes, got {strange!r}")
    return _class_list(_from_item(word) for word in listed)


def find_class(classes: ClassList, query: str) -> list[int]:
    """Positions of the classes that a person may mean, in class order.

    The first of these that finds any: key or name, alias, part of a name, part of an alias;
    capitals, accents, underscores and hyphens do not matter.
    """
    wanted = _folded(query)
    if not wanted:
        return []
    names = [
        {_folded(key), _folded(name)} for key, name in zip(classes.ids, classes.names, strict=True)
    ]
    others = [set(map(_folded, aliases)) for aliases in classes.aliases]
    for words in (names, others):
        if exact := [position for position, known in enumerate(words) if wanted in known]:
            return exact
    for words in (names, others):
        if partial := [
            position
            for position, known in enumerate(words)
            if any(wanted in word for word in known)
        ]:
            return partial
    return []


@lru_cache
def _built_in(name: str) -> ClassList:
    content = read_bounded(data_path("classes", f"{name}.json"), MAX_BYTES)
    rows = msgspec.json.decode(content, type=list[_BuiltIn])
    return ClassList(
        name,
        tuple(row.wnid for row in rows),
        tuple(row.name for row in rows),
        tuple(row.aliases for row in rows),
    )


def _entries(path: Path) -> Iterable[_Entry]:
    if path.is_dir():
        return _from_folder(path)
    text = _text(path)
    readers = {".csv": _from_csv, ".tsv": _from_csv, ".json": _from_json}
    return readers.get(path.suffix.lower(), _from_lines)(text)


def _class_list(entries: Iterable[_Entry]) -> ClassList:
    """Name the unnamed, recognise a built-in list by its keys."""
    rows = list(islice(entries, MAX_CLASSES + 1))
    ids = tuple(row.key for row in rows)
    known = _built_in(BUILT_IN[0])
    if ids == known.ids:
        return ClassList(known.set, ids, tuple(map(_usual_name, rows)), known.aliases)
    aliases = tuple(row.aliases for row in rows) if any(row.aliases for row in rows) else ()
    return ClassList("custom", ids, tuple(map(_usual_name, rows)), aliases)


def _usual_name(entry: _Entry) -> str:
    """Its own name; for a bare wnid the canonical class name or WordNet's word, if shipped."""
    if entry.name or not _WNID.fullmatch(entry.key):
        return entry.name or entry.key
    known = _built_in(BUILT_IN[0])
    if entry.key in known.index:
        return known.names[known.index[entry.key]]
    from hierlab.taxonomy import Taxonomy

    shipped = Taxonomy.shipped()
    return shipped[entry.key].label if entry.key in shipped else entry.key


def _text(path: Path) -> str:
    try:
        return read_bounded(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClassListError(f"expected text in UTF-8 ({error.reason})") from error


def _from_folder(path: Path) -> Iterable[_Entry]:
    try:
        folders = (child.name for child in path.iterdir() if child.is_dir())
        names = sorted(islice((name for name in folders if name[0] != "."), MAX_CLASSES + 1))
    except OSError as error:
        raise HierlabError(f"cannot read {path}: {error.strerror or error}") from error
    if not names:
        raise ClassListError("expected a sub-folder per class, got none")
    return (_named(name, "") if _WNID.fullmatch(name) else _named("", name) for name in names)


def _from_lines(text: str) -> Iterable[_Entry]:
    for line in text.splitlines():
        words = line.strip()
        if not words:
            continue
        key, rest = words[:9], words[9:]
        if words[0] == "n" and _WNID.fullmatch(key) and rest[:1].strip() == "":
            # "n01440764 tench, Tinca tinca": the first name is the usual one.
            name, *aliases = (part.strip() for part in rest.split(","))
            yield _Entry(key, name, tuple(aliases))
        else:
            yield _Entry(words, words)


def _from_csv(text: str) -> Iterable[_Entry]:
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = max(",;\t", key=head.count)
    columns = [
        column.strip().lower() for column in next(csv.reader([head], delimiter=delimiter), [])
    ]
    if len(set(columns)) != len(columns):
        raise ClassListError(f"a column stands twice in {', '.join(columns)}")
    key, name, order = (
        next((columns.index(column) for column in wanted if column in columns), None)
        for wanted in (KEY_COLUMNS, NAME_COLUMNS, ORDER_COLUMNS)
    )
    if key is None and name is None:
        raise ClassListError(
            f"expected a column {', '.join((*KEY_COLUMNS, *NAME_COLUMNS))} in the first line, "
            f"got {', '.join(columns) or 'an empty file'}"
        )
    try:
        rows = [
            row
            for row in csv.reader(lines[1:], delimiter=delimiter, strict=True)
            if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise ClassListError(f"not a CSV table ({error})") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise ClassListError(
                f"row {number} has {len(row)} fields, the first line has {len(columns)}"
            )
    if order is not None:
        rows = _ordered(rows, order, columns[order])
    return (_named(_field(row, key), _field(row, name)) for row in rows)


def _field(row: list[str], column: int | None) -> str:
    return "" if column is None else row[column].strip()


def _ordered(rows: list[list[str]], order: int, column: str) -> list[list[str]]:
    try:
        return sorted(rows, key=lambda row: int(row[order]))
    except ValueError as error:
        raise ClassListError(f"{column} must hold whole numbers ({error})") from error


def _from_json(text: str) -> Iterable[_Entry]:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ClassListError(f"not JSON ({error})") from error
    if isinstance(content, dict) and isinstance(content.get("classes"), (dict, list)):
        content = content["classes"]
    if isinstance(content, dict) and isinstance(content.get("ids"), list):
        names = content.get("names") or content["ids"]
        if not isinstance(names, list) or len(names) != len(content["ids"]):
            raise ClassListError("expected as many names as ids")
        content = [[key, name] for key, name in zip(content["ids"], names, strict=True)]
    if isinstance(content, list):
        return (_from_item(item) for item in content)
    if isinstance(content, dict):
        return _from_mapping(content)
    raise ClassListError("expected a list of names or {key: name}")


def _from_mapping(content: dict[str, Any]) -> Iterable[_Entry]:
    """Torch and Keras count classes ("0": name or [wnid, name]); others give keys."""
    if {str(position) for position in range(len(content))} == content.keys():
        return (_from_item(content[str(position)]) for position in range(len(content)))
    return (_from_item([key, name]) for key, name in content.items())


def _from_item(item: Any) -> _Entry:
    if isinstance(item, dict):
        folded = {str(column).lower(): value for column, value in item.items()}
        key, name = (
            next((folded[column] for column in wanted if column in folded), "")
            for wanted in (KEY_COLUMNS, NAME_COLUMNS)
        )
        item = [str(key) if isinstance(key, int) else key, name]
    fields = item if isinstance(item, list) and len(item) == 2 else ["", item]
    if not all(isinstance(field, str) for field in fields) or not any(fields):
        raise ClassListError(
            "expected a name, [wnid, name], or an object with "
            f"{', '.join((*KEY_COLUMNS, *NAME_COLUMNS))}, got {str(item)[:80]!r}"
        )
    return _named(*fields)


def _named(key: str, name: str) -> _Entry:
    """A class without a key goes by its name."""
    return _Entry(key or name, name)


def _folded(word: str) -> str:
    if not word.isascii():  # é as e: not every keyboard has it
        parts = unicodedata.normalize("NFKD", word)
        word = "".join(part for part in parts if not unicodedata.combining(part))
    return re.sub(r"[\s_-]+", " ", word).strip().casefold()
