"""Which meaning a class has: from a list's own synsets, its keys, or its names and the list."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.wordnet.dictionary import NounTable
    from hierlab.wordnet.taxonomy import Taxonomy

__all__ = ["How", "Lexicon", "Resolution", "resolve_classes", "with_resolution"]

How: TypeAlias = Literal["synset", "key", "name", "form", "alias", "word key", "head", "unknown"]

# Lexicographer's files of what can be seen: animal, artifact, body, food, object, person, plant,
# substance. A word in a list of classes means one of them e times as often as anything else.
VISIBLE = frozenset({5, 6, 8, 13, 17, 18, 20, 27})
_SUFFIXES = (
    ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
    ("men", "man"), ("ies", "y"), ("s", ""),
)  # fmt: skip
_SEPARATORS = re.compile(r"[\s_-]+")
_MARKS = " _-'’."
_BRACKETS = re.compile(r"[\s_]*[(\[][^)\]]*[)\]]")
_SQUEEZE = str.maketrans("", "", _MARKS)
# A key such as 12, b or s1 is a number or a code, though WordNet has nouns so spelt.
_WORD = re.compile(r"[^\W\d_]{3,}[^\W\d]*")
_PREPOSITIONS = re.compile(r"_(?:of|with|for|in|on|at|and|or)_")


@dataclass(frozen=True)
class Resolution:
    """Which synset stands for each class, and how it was found.

    Args:
        wnids: C ids, None where the taxonomy has nothing.
        how: C ways: `synset` (the list says it), `key` (a WordNet id or synset name), `name` (a
            sense of its name), `form` (of a plural or another spelling of it), `alias`, `word key`
            (of its key), `head` (of the last words of its name: a maple tree is a tree), `unknown`.
        words: C words of WordNet that were found, empty for `synset`, `key` and `unknown`.
        refused: synsets that the list gives and the taxonomy lacks, by position.
    """

    wnids: tuple[str | None, ...]
    how: tuple[How, ...]
    words: tuple[str, ...]
    refused: tuple[tuple[int, str], ...] = ()

    @cached_property
    def known(self) -> NDArray[np.int64]:
        """Positions of the classes that have a synset."""
        return np.flatnonzero([wnid is not None for wnid in self.wnids])

    @property
    def guessed(self) -> tuple[bool, ...]:
        """C flags: the synset is the likeliest sense of a word, not given by the list."""
        return tuple(how not in ("synset", "key", "unknown") for how in self.how)

    @property
    def counts(self) -> dict[How, int]:
        """Number of classes found each way, the most frequent first."""
        return dict(Counter(self.how).most_common())


class _Sense(NamedTuple):
    """One meaning of a word: where its lemma stands in the table of nouns, and how it is spelt."""

    place: int
    spelling: int


class _Found(NamedTuple):
    how: How
    word: str
    senses: list[_Sense]


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
        found: dict[str, list[int]] = {}
        # One text for all: a hundred thousand small ones take three times as long.
        text = "\n".join(self.nouns.lemmas).lower()
        for mark in _MARKS:
            text = text.replace(mark, "")
        for place, lemma in enumerate(text.split("\n")):
            found.setdefault(lemma, []).append(place)
        return found

    def senses(self, word: str) -> list[_Sense]:
        """All meanings of a word as it is, those spelt most like it."""
        places = self._places.get(_squeezed(word), [])
        own = _SEPARATORS.sub("_", word.strip())
        found = [_Sense(place, _spelling(own, self.nouns.lemmas[place])) for place in places]
        nearest = min((sense.spelling for sense in found), default=0)
        # A crane is no Crane: another case counts only where nothing is spelt so.
        return [sense for sense in found if nearest > 1 or sense.spelling == nearest]

    def forms(self, word: str) -> Iterator[str]:
        """What a word may be a form of: geese, school buses, ice-creams."""
        own = _SEPARATORS.sub("_", word.strip())
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

    def look_up(self, word: str, how: How) -> _Found | None:
        """The word itself, else what it is a form of."""
        if senses := self.senses(word):
            return _Found(how, word, senses)
        for form in self.forms(word):
            if senses := self.senses(form):
                return _Found("form" if how == "name" else how, form, senses)
        return None


def resolve_classes(taxonomy: Taxonomy, classes: ClassList) -> Resolution:
    """Find the synset of each class; the first of these that the taxonomy knows decides.

    1. the synset that the list gives; 2. a key that is a WordNet id or a synset's name; 3. the
    name, as it is or as a form of a word, then without what stands in brackets; 4. its other
    names; 5. a key that is a plain word; 6. the last words of the name.

    Of several meanings of a word the likeliest counts: those that fit what stands in brackets
    (a crane (bird)), else by how often the word has the meaning in tagged texts, whether it is the
    meaning's usual word, and whether the rest of the list is about such things.
    """
    aliases = classes.aliases or ((),) * len(classes)
    given = classes.synsets or (None,) * len(classes)
    ways = cast("tuple[How, ...]", classes.resolved_by)
    rows: list[int | None] = []
    found: list[_Found | None] = []
    hows: list[How] = []
    refused: list[tuple[int, str]] = []
    for position, key in enumerate(classes.ids):
        name, own = classes.names[position], given[position]
        row = taxonomy.find(own) if own else None
        if own and row is None:
            refused.append((position, own))
        how: How = ways[position] if ways else "synset"
        if how == "unknown":
            # A map says that its build knew nothing; its other names may be lost by now.
            rows.append(None)
            found.append(None)
            hows.append(how)
            continue
        if row is None:
            row, how = taxonomy.find(key), "key"
        if row is None:
            row, how = taxonomy.find(name), "name"
        words = None
        if row is None:
            words = _words(taxonomy.lexicon, key, name, aliases[position])
            how = words.how if words else "unknown"
        rows.append(row)
        found.append(words)
        hows.append(how)
    judge = _Judge(taxonomy, _topics(taxonomy.nouns, rows, found))
    for position, words in enumerate(found):
        if words:
            rows[position] = judge.likeliest(words, classes.names[position])
    return Resolution(
        wnids=tuple(None if row is None else taxonomy.nouns.wnids[row] for row in rows),
        how=tuple(hows),
        words=tuple(words.word if words else "" for words in found),
        refused=tuple(refused),
    )


def with_resolution(classes: ClassList, taxonomy: Taxonomy | None) -> ClassList:
    """The same list with the synset of each class and how it was found, for a map to keep.

    A list whose keys are all synsets is left as it is: its keys say everything.
    """
    if taxonomy is None or classes.resolved_by:
        return classes
    resolution = taxonomy.resolve(classes)
    if set(resolution.how) == {"key"}:
        return classes
    notes = [classes.read_as] if classes.read_as else []
    if resolution.refused:
        count, example = len(resolution.refused), resolution.refused[0][1]
        notes.append(f"{count} synsets of the list are not in WordNet 3.0, such as {example!r}")
    rows = taxonomy.nouns.rows
    synsets = tuple(
        None if wnid is None else taxonomy.nouns.name(rows[wnid]) for wnid in resolution.wnids
    )
    return replace(classes, synsets=synsets, resolved_by=resolution.how, read_as="; ".join(notes))


def _words(lexicon: Lexicon, key: str, name: str, aliases: Sequence[str]) -> _Found | None:
    """The word that stands for a class, and all that it may mean."""
    bare = _BRACKETS.sub("", name).strip(" _")
    tried: list[tuple[str, How]] = [(name, "name")]
    tried += [(bare, "name")] if bare != name else []
    # "tench, Tinca tinca" is two names of one class.
    tried += [(part.strip(), "name") for part in bare.split(",")] if "," in bare else []
    tried += [(alias, "alias") for alias in aliases]
    tried += [(key, "word key")] if key != name and _WORD.fullmatch(key) else []
    tried += [(head, "head") for head in _heads(bare)]
    return next((hit for word, how in tried if (hit := lexicon.look_up(word, how))), None)


def _heads(name: str) -> Iterator[str]:
    """What a compound is a kind of: a bag of flour is a bag, a maple tree is a tree."""
    own = _SEPARATORS.sub("_", name.strip())
    before = _PREPOSITIONS.split(own)[0]
    if before != own:
        yield before
    parts = before.split("_")
    yield from ("_".join(parts[start:]) for start in range(1, len(parts)))


def _topics(
    nouns: NounTable, rows: Sequence[int | None], found: Sequence[_Found | None]
) -> NDArray[np.float64]:
    """(T,) share of each lexicographer's file in the list, a word's topics counting equally."""
    share = np.ones(int(nouns.topics.max()) + 1)
    known = [row for row in rows if row is not None]
    np.add.at(share, nouns.topics[known], 1)
    for words in found:
        if words and words.how != "head":
            places = [sense.place for sense in words.senses]
            own = np.unique(nouns.topics[nouns.word_rows[places]])
            share[own] += 1 / len(own)
    total: NDArray[np.float64] = share / share.sum()
    return total


class _Judge:
    """Chooses between the meanings of a word.

    The weights were set on the 1,203 classes of LVIS and the 1,000 names of ImageNet, whose
    synsets are known; between half and twice of each, at most one class in a hundred changes.
    """

    LIST = 0.5  # of the log-share of a topic in the list
    VISIBLE = 2.0  # for what can be seen
    USUAL = 2.0  # for the meaning's usual word
    UNSEEN = 0.5  # occurrences of a meaning that the tagged texts lack

    def __init__(self, taxonomy: Taxonomy, topics: NDArray[np.float64]) -> None:
        self.taxonomy = taxonomy
        visible = [topic in VISIBLE for topic in range(len(topics))]
        self.prior = (self.LIST * np.log(topics) + self.VISIBLE * np.array(visible)).tolist()

    def likeliest(self, words: _Found, name: str) -> int:
        """Row of the likeliest meaning."""
        nouns = self.taxonomy.nouns
        hints = re.findall(r"[a-z]+", " ".join(_BRACKETS.findall(name)).lower())
        ranked = []
        for place in (sense.place for sense in words.senses):
            row = int(nouns.word_rows[place])
            score = self.prior[nouns.topics[row]]
            score += math.log(nouns.counts[place] + self.UNSEEN)
            score += self.USUAL * (nouns.word_starts[row] == place)
            fits = self._fits(row, hints) if hints else 0
            ranked.append((-fits, -round(score, 9), int(nouns.senses[place]), row))
        return min(ranked)[-1]

    def _fits(self, row: int, hints: Sequence[str]) -> int:
        """How many of the words in brackets tell what the synset is or what is said of it."""
        nouns = self.taxonomy.nouns
        told = set(re.findall(r"[a-z]+", nouns.definitions[row].lower()))
        for above in self.taxonomy.ancestor_rows(row):
            words = slice(nouns.word_starts[above], nouns.word_starts[above + 1])
            told |= {_squeezed(lemma) for lemma in nouns.lemmas[words]}
        return sum(hint in told for hint in hints)


def _squeezed(word: str) -> str:
    """The word without case and marks: ice-cream, Ice Cream and ice_cream are one."""
    return word.translate(_SQUEEZE).lower()


def _spelling(word: str, lemma: str) -> int:
    """How unlike a word is to a lemma: 0 as it is, 1 another case, 2 other marks, 3 joined."""
    if word == lemma or (word.lower() == lemma and not word.isupper()):
        return 0
    if word.lower() == lemma.lower():
        return 1
    return 2 if _SEPARATORS.sub("_", lemma).lower() == word.lower() else 3
