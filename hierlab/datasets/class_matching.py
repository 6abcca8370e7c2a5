"""Which class of one list is which of another: by key, else by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList, folded

__all__ = ["positions"]

_WNID = re.compile(r"n\d{8}")


def positions(wanted: ClassList, known: ClassList) -> NDArray[np.int64]:
    """(C,) place of each class of `wanted` in `known`, -1 where there is none.

    By key first; the rest go by key or name, then by key, name or alias, as a person reads them
    (capitals, accents, underscores and hyphens do not matter). A word that several classes of a
    list share tells none of them, and two different WordNet ids are never one class.
    """
    places = np.array([known.index.get(key, -1) for key in wanted.ids], dtype=np.int64)
    for words in (_names, _all):
        rest = np.flatnonzero(places < 0).tolist()
        taken = set(places[places >= 0].tolist())
        theirs = _one_of_each(known, (row for row in range(len(known)) if row not in taken), words)
        mine = _one_of_each(wanted, rest, words)
        for row in rest:
            hits = {theirs[word] for word in words(wanted, row) if word in theirs and word in mine}
            place = hits.pop() if len(hits) == 1 else -1
            if place < 0 or place in taken or _differ(wanted.ids[row], known.ids[place]):
                continue
            places[row] = place
            taken.add(place)
    return places


def _differ(first: str, second: str) -> bool:
    return bool(_WNID.fullmatch(first) and _WNID.fullmatch(second))


def _one_of_each(
    classes: ClassList, rows: Iterable[int], words: Callable[[ClassList, int], set[str]]
) -> dict[str, int]:
    """The one class of each word; none for a word that several have."""
    owners: dict[str, int] = {}
    for row in rows:
        for word in words(classes, row):
            owners[word] = -1 if word in owners else row
    return {word: row for word, row in owners.items() if row >= 0}


def _names(classes: ClassList, row: int) -> set[str]:
    return {folded(classes.ids[row]), folded(classes.names[row])} - {""}


def _all(classes: ClassList, row: int) -> set[str]:
    aliases = classes.aliases[row] if classes.aliases else ()
    return _names(classes, row) | ({folded(word) for word in aliases} - {""})
