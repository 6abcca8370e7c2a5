"""Which meaning a class has: from a list's own synsets, its keys, or its names and the list."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from hierlab.wordnet.lexicon import SEPARATORS, How, Lexicon, WordSenses, squeezed

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.wordnet.dictionary import NounTable
    from hierlab.wordnet.taxonomy import Taxonomy

__all__ = ["How", "Resolution", "resolve_classes", "with_resolution"]


# Lexicographer's files of what can be seen: animal, artifact, body, food, object, person, plant,
# substance. A word in a list of classes means one of them e times as often as anything else.
VISIBLE = frozenset({5, 6, 8, 13, 17, 18, 20, 27})
_BRACKETS = re.compile(r"[\s_]*[(\[][^)\]]*[)\]]")
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
    looked_up: list[WordSenses | None] = []
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
            looked_up.append(None)
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
        looked_up.append(words)
        hows.append(how)
    judge = _Judge(taxonomy, _topics(taxonomy.nouns, rows, looked_up))
    for position, words in enumerate(looked_up):
        if words:
            rows[position] = judge.likeliest(words, classes.names[position])
    return Resolution(
        wnids=tuple(None if row is None else taxonomy.nouns.wnids[row] for row in rows),
        how=tuple(hows),
        words=tuple(words.word if words else "" for words in looked_up),
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


def _words(lexicon: Lexicon, key: str, name: str, aliases: Sequence[str]) -> WordSenses | None:
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
    own = SEPARATORS.sub("_", name.strip())
    before = _PREPOSITIONS.split(own)[0]
    if before != own:
        yield before
    parts = before.split("_")
    yield from ("_".join(parts[start:]) for start in range(1, len(parts)))


def _topics(
    nouns: NounTable, rows: Sequence[int | None], looked_up: Sequence[WordSenses | None]
) -> NDArray[np.float64]:
    """(T,) share of each lexicographer's file in the list, a word's topics counting equally."""
    share = np.ones(int(nouns.topics.max()) + 1)
    known = [row for row in rows if row is not None]
    np.add.at(share, nouns.topics[known], 1)
    for words in looked_up:
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

    def likeliest(self, words: WordSenses, name: str) -> int:
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
        said = set(re.findall(r"[a-z]+", nouns.definitions[row].lower()))
        for above in self.taxonomy.ancestor_rows(row):
            words = slice(nouns.word_starts[above], nouns.word_starts[above + 1])
            said |= {squeezed(lemma) for lemma in nouns.lemmas[words]}
        return sum(hint in said for hint in hints)
