"""Where class lists come from: the built-in one, files of many kinds, image folders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from pathlib import Path

import msgspec

from hierlab.classes import MAX_CLASSES, ClassList, folded, numbered
from hierlab.datasets.class_objects import decoded, listed_objects, looks_like_yaml
from hierlab.datasets.class_records import (
    WNID,
    Columns,
    Entry,
    Listed,
    listed_lines,
    one_line,
    spoken,
)
from hierlab.datasets.class_tables import listed_table
from hierlab.errors import ClassListError, FormatError, HierlabError
from hierlab.utils.files import data_path, read_bounded
from hierlab.utils.text_table import decode_text, sniff_delimiter
from hierlab.wordnet.taxonomy import Taxonomy

__all__ = ["BUILT_IN", "classes_of_words", "find_class", "given_classes", "load_classes"]

BUILT_IN = ("imagenet-1k",)
MAX_BYTES = 64 * 2**20
# A code in front of a name: a WordNet id, a number, or a machine identifier as in Open Images.
_CODED = re.compile(r"(?:n\d{8}|/[a-z]/\w+|\d+)\s*,")


class _BuiltIn(msgspec.Struct):
    wnid: str
    name: str
    aliases: tuple[str, ...]


def load_classes(
    spec: str | Path,
    *,
    key: str | None = None,
    name: str | None = None,
    synset: str | None = None,
) -> ClassList:
    """Read a list of classes.

    A text file has a class a line (a name, a WordNet id, an id and names, a number and a name; `#`
    begins a comment). A table has commas, semicolons or tabs, and columns for key (wnid, id, …),
    name (name, label, …), perhaps synset and synonyms; class_idx gives the order. JSON or YAML
    hold names, `[key, name]`, objects with such fields, `{key: name}`, `{number: name}`,
    `{name: number}`, any of these in a field such as `names` or `categories`, or a label map. An
    image folder has a sub-folder per class. A class without a key goes by its name; a WordNet id
    without a name gets its usual one. `read_as` of the result says what was taken for what.

    Args:
        spec: `imagenet-1k`, or the path of a file or folder.
        key: column or field of the keys, by name, or by number from 1.
        name: the same of the names.
        synset: the same of the synsets, `dog.n.01` or `n02084071`.

    Raises:
        ClassListError: nothing of that name or path, not such a list, empty, more than 10^6
            classes, or a key that stands twice.
        HierlabError: the file cannot be read or is larger than 64 MiB.
    """
    if str(spec) in BUILT_IN:
        return _built_in(str(spec))
    path = Path(spec)
    if not path.exists():
        raise ClassListError(
            f"no class list {str(spec)!r}; expected {', '.join(BUILT_IN)} or the path of "
            "a .txt, .csv, .json or .yaml file or of a folder with a sub-folder per class"
        )
    try:
        return _class_list(_listed(path, Columns(key, name, synset)))
    except (ClassListError, FormatError) as error:
        raise ClassListError(f"{path}: {error}") from error


def classes_of_words(words: Iterable[str]) -> ClassList:
    """A class list of names or WordNet ids, in order.

    Raises:
        ClassListError: something that is no text, or an empty list.
    """
    listed = [str(word) if isinstance(word, str) else word for word in words]
    if strange := next((word for word in listed if not isinstance(word, str)), None):
        raise ClassListError(f"expected names or WordNet ids as classes, got {strange!r}")
    return _class_list(Listed(spoken([one_line(word) for word in listed])))


def given_classes(classes: str | Path | ClassList | Iterable[str]) -> ClassList:
    """The classes that an argument means: a list of them, names or ids, or what a file says.

    Raises:
        ClassListError: not a class list.
    """
    if isinstance(classes, ClassList):
        return classes
    if isinstance(classes, str | Path):
        return load_classes(classes)
    return classes_of_words(classes)


def find_class(classes: ClassList, query: str) -> list[int]:
    """Positions of the classes that a person may mean, in class order.

    The first of these that finds any: key or name, alias, part of a name, part of an alias;
    capitals, accents, underscores and hyphens do not matter.
    """
    wanted = folded(query)
    if not wanted:
        return []
    names = [
        {folded(key), folded(name)} for key, name in zip(classes.ids, classes.names, strict=True)
    ]
    others = [set(map(folded, aliases)) for aliases in classes.aliases]
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


def _listed(path: Path, columns: Columns) -> Listed:
    if path.is_dir():
        return _from_folder(path)
    text, encoding = decode_text(read_bounded(path, MAX_BYTES))
    suffix = path.suffix.lower()
    if suffix in (".json", ".yaml", ".yml"):
        listed = listed_objects(decoded(text, suffix), columns)
    elif suffix in (".csv", ".tsv") or any(columns):
        listed = listed_table(text, columns)
    elif looks_like_yaml(text):
        listed = listed_objects(decoded(text, ".yaml"), columns)
    elif _is_table(text):
        listed = listed_table(text, columns)
    else:
        listed = listed_lines(text)
    if encoding in ("cp1252", "latin-1"):
        listed.notes.append("not UTF-8, read as Latin-1")
    return listed


def _is_table(text: str) -> bool:
    """Whether a text file is one: tabs or semicolons, or commas after a code in every line."""
    if sniff_delimiter(text, "\t;|"):
        return True
    lines = [line for line in text.splitlines() if line.strip() and line[:1] != "#"]
    coded = sum(bool(_CODED.match(line)) for line in lines)
    return sniff_delimiter(text, ",") != "" and coded >= len(lines) - 1 > 0


def _class_list(listed: Listed) -> ClassList:
    """Name the unnamed, tell apart what is called alike, recognise a built-in list by its keys."""
    rows = listed.entries[: MAX_CLASSES + 1]
    keys, again = numbered([row.key for row in rows], [row.by_name for row in rows])
    ids = tuple(keys)
    notes = list(listed.notes)
    if again:
        notes.append(f"{len(again)} names stand more than once, told apart as {again[0]!r}")
    names = tuple(_usual_name(row, key) for row, key in zip(rows, ids, strict=True))
    synsets = tuple(row.synset or None for row in rows) if any(r.synset for r in rows) else ()
    known = _built_in(BUILT_IN[0])
    if ids == known.ids:
        return ClassList(known.set, ids, names, known.aliases, synsets)
    aliases = tuple(row.aliases for row in rows) if any(row.aliases for row in rows) else ()
    return ClassList("custom", ids, names, aliases, synsets, "; ".join(notes))


def _usual_name(entry: Entry, key: str) -> str:
    """Its own name; for a bare wnid the canonical class name or WordNet's word."""
    if entry.name or not WNID.fullmatch(entry.key):
        return entry.name or key
    known = _built_in(BUILT_IN[0])
    if entry.key in known.index:
        return known.names[known.index[entry.key]]
    nouns = Taxonomy.wordnet()
    return nouns[entry.key].label if entry.key in nouns else entry.key


def _from_folder(path: Path) -> Listed:
    try:
        folders = (child.name for child in path.iterdir() if child.is_dir())
        names = sorted(islice((name for name in folders if name[0] != "."), MAX_CLASSES + 1))
    except OSError as error:
        raise HierlabError(f"cannot read {path}: {error.strerror or error}") from error
    if not names:
        raise ClassListError("expected a sub-folder per class, got none")
    return Listed(spoken([one_line(name) for name in names]), ["a class per sub-folder"])
