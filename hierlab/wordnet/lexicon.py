"""Words and their meanings in WordNet, with forgiving spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from hierlab.wordnet.dictionary import NounTable

__all__ = ["SEPARATORS", "How", "Lexicon", "Sense", "WordSenses", "squeezed"]

How: TypeAlias = Literal["synset", "key", "name", "form", "alias", "word key", "head", "unknown"]

_SUFFIXES = (
    ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
    ("men", "man"), ("ies", "y"), ("s", ""),
)  # fmt: skip
SEPARATORS = re.compile(r"[\s_-]+")
_MARKS = " _-'’."
_SQUEEZE = str.maketrans("", "", _MARKS)


class Sense(NamedTuple):
    """One meaning of a word: where its lemma stands in the table of nouns, and how it is spelt."""

    place: int
    spelling: int


class WordSenses(NamedTuple):
    """A word that was looked up, how it was come by, and all that it may mean."""

    how: How
    word: str
    senses: list[Sense]


class Lexicon:
    """Words and their meanings in a table of nouns.

    Spelling is forgiving: case, blanks, hyphens and apostrophes do not matter where no word is
    spelt just so; plurals and irregular forms are known by WordNet's own rules.

    Source: WordNet 3.0, morphy(7WN).
    """

    def __init__(self, nouns: NounTable) -> None:
        self.nouns = nouns

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Places of the lemmas that are one word but for case and marks."""
        places: dict[str, list[int]] = {}
        # One text for all: a hundred thousand small ones take three times as long.
        text = "\n".join(self.nouns.lemmas).lower()
        for mark in _MARKS:
            text = text.replace(mark, "")
        for place, lemma in enumerate(text.split("\n")):
            places.setdefault(lemma, []).append(place)
        return places

    def senses(self, word: str) -> list[Sense]:
        """All meanings of a word as it is, those spelt most like it."""
        places = self._places.get(squeezed(word), [])
        own = SEPARATORS.sub("_", word.strip())
        senses = [Sense(place, _spelling(own, self.nouns.lemmas[place])) for place in places]
        nearest = min((sense.spelling for sense in senses), default=0)
        # A crane is no Crane: another case counts only where nothing is spelt so.
        return [sense for sense in senses if nearest > 1 or sense.spelling == nearest]

    def forms(self, word: str) -> Iterator[str]:
        """What a word may be a form of: geese, school buses, ice-creams."""
        own = SEPARATORS.sub("_", word.strip())
        first, mark, last = own.rpartition("_")
        head = first + mark
        yield from self.nouns.exceptions.get(own.lower(), ())
        if head:
            yield from (head + one for one in self.nouns.exceptions.get(last.lower(), ()))
        folded = last.lower()
        if folded.endswith("ss") or len(folded) < 4:
            return
        for ending, base in _SUFFIXES:
            if folded.endswith(ending) and len(folded) > len(ending) + 1:
                yield head + last[: len(last) - len(ending)] + base

    def look_up(self, word: str, how: How) -> WordSenses | None:
        """The word itself, else what it is a form of."""
        if senses := self.senses(word):
            return WordSenses(how, word, senses)
        for form in self.forms(word):
            if senses := self.senses(form):
                return WordSenses("form" if how == "name" else how, form, senses)
        return None


def squeezed(word: str) -> str:
    """The word without case and marks: ice-cream, Ice Cream and ice_cream are one."""
    return word.translate(_SQUEEZE).lower()


def _spelling(word: str, lemma: str) -> int:
    """How unlike a word is to a lemma: 0 as it is, 1 another case, 2 other marks, 3 joined."""
    if word == lemma or (word.lower() == lemma and not word.isupper()):
        return 0
    if word.lower() == lemma.lower():
        return 1
    return 2 if SEPARATORS.sub("_", lemma).lower() == word.lower() else 3
