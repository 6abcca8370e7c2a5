"""Classes as a file lists them, one a line; and the names that columns and fields go by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "ALIAS_COLUMNS", "KEY_COLUMNS", "NAME_COLUMNS", "ORDER_COLUMNS", "SYNSET_COLUMNS", "WNID",
    "Columns", "Entry", "Listed", "are_counts", "listed_lines", "one_line", "split_names", "spoken",
]  # fmt: skip

KEY_COLUMNS = (
    "wnid", "id", "key", "class_id", "category_id", "label_id", "mid", "labelname", "code",
)  # fmt: skip
NAME_COLUMNS = (
    "name", "class_name", "category_name", "display_name", "displayname", "label", "class",
    "category", "names", "labels", "classes", "title",
)  # fmt: skip
ORDER_COLUMNS = ("class_idx", "class_index", "idx", "index")
SYNSET_COLUMNS = ("synset", "synset_name", "wordnet", "wordnet_synset", "wordnet_id", "wn_synset")
ALIAS_COLUMNS = ("synonyms", "aliases", "synonym", "other_names")

WNID = re.compile(r"n\d{8}")
_WNID_FIRST = re.compile(r"(n\d{8})[\s_.:,-]+(\S.*)")
_NUMBER_FIRST = re.compile(r"(\d+)\s*[:.,)\]\s-]\s*(\S.*)")


class Entry(NamedTuple):
    """One class as a file tells it; empty where it tells nothing."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    synset: str = ""
    by_name: bool = False  # the key is made of the name


class Columns(NamedTuple):
    """Columns that a person names: a header's word, or a number from 1."""

    key: str | None = None
    name: str | None = None
    synset: str | None = None


@dataclass
class Listed:
    """What a file holds, and sentences on how it was read."""

    entries: list[Entry]
    notes: list[str] = field(default_factory=list)


def listed_lines(text: str) -> Listed:
    """A class a line: a name, a WordNet id, an id and names, or a number and a name.

    A line of a number alone in front of each name counts the classes; `001.Black_footed_Albatross`
    stays the key of "Black footed Albatross".
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) == 1 and lines[0].count(",") > 1:
        lines = [part.strip() for part in lines[0].split(",") if part.strip()]
    notes = []
    numbered = [_NUMBER_FIRST.fullmatch(line) for line in lines]
    if lines and all(numbered):
        order = [int(match[1]) for match in numbered if match]
        if are_counts(order):
            # Numbers that belong to the names, as folders have them, are kept in the keys.
            stuck = all(re.match(r"\d+[._-]\S", line) for line in lines)
            rest = lines if stuck else [match[2] for match in numbered if match]
            lines = [line for _, line in sorted(zip(order, rest, strict=True), key=lambda p: p[0])]
            if not stuck:
                notes.append("numbers in front count the classes")
    return Listed(spoken([one_line(line) for line in lines]), notes)


def one_line(line: str) -> Entry:
    """Key and name in one line of a plain list."""
    if WNID.fullmatch(line):
        return Entry(line, "")
    if match := _WNID_FIRST.fullmatch(line):
        # "n01440764 tench, Tinca tinca": the first name is the usual one.
        name, *aliases = (part.strip() for part in match[2].split(","))
        return Entry(match[1], name, tuple(aliases))
    return Entry("", line.strip("\"'") or line)


def spoken(entries: Sequence[Entry]) -> list[Entry]:
    """Names as people say them; the file's own spelling stays the key.

    Underscores are blanks, and numbers in front go where every name has one.
    """
    names = [entry.name for entry in entries]
    numbered = [re.fullmatch(r"\d+[._-](\D.*)", name) for name in names]
    if len(names) > 1 and all(numbered):
        names = [match[1] for match in numbered if match]
    return [
        entry._replace(
            key=entry.key or entry.name,
            name=name.replace("_", " ").strip() or name,
            by_name=not entry.key,
        )
        for entry, name in zip(entries, names, strict=True)
    ]


def are_counts(numbers: Sequence[int]) -> bool:
    """Whether numbers are 0..n-1 or 1..n in any order."""
    low = min(numbers, default=0)
    return low in (0, 1) and sorted(numbers) == list(range(low, low + len(numbers)))


def split_names(cell: str) -> tuple[str, ...]:
    """Other names of a class in one cell."""
    return tuple(part.strip() for part in re.split(r"[|;,]", cell) if part.strip())
