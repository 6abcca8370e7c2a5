"""WordNet as a graph of noun synsets: depths, ancestors, and which classes stand below what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab import _wordnet_files
from hierlab._files import data_path, read_bounded
from hierlab._graph import depths, parents_first
from hierlab._synsets import Lineage, Resolution, Synset
from hierlab.errors import TaxonomyError, UnknownClassError

if TYPE_CHECKING:
    import networkx as nx

    from hierlab.classes import ClassList

__all__ = ["Lineage", "Resolution", "Synset", "Taxonomy", "taxonomy_for"]

MAX_BYTES = 64 * 2**20
PHYSICAL_ENTITY = "n00001930"


class Taxonomy:
    """A set of synsets closed upwards; never changes once made.

    A synset goes by its wnid (`n02084071`), its name (`dog.n.01`) or its offset (2084071).
    Hypernyms of instances count as hypernyms, as in NLTK.

    Raises:
        TaxonomyError: no synset, one given twice, a hypernym that is missing, or a cycle.
    """

    def __init__(self, synsets: Iterable[Synset], *, source: str = "") -> None:
        self._synsets = tuple(sorted(synsets, key=lambda synset: synset.wnid))
        self.source = source
        self._number = {synset.wnid: number for number, synset in enumerate(self._synsets)}
        if not self._synsets or len(self._number) != len(self._synsets):
            raise TaxonomyError(
                "a taxonomy needs at least one synset and none twice, "
                f"got {len(self._synsets)} with {len(self._number)} different ids"
            )
        try:
            self._parents = [
                tuple(self._number[wnid] for wnid in synset.hypernyms) for synset in self._synsets
            ]
        except KeyError as error:
            raise TaxonomyError(
                f"hypernym {error.args[0]} is missing; a taxonomy holds all ancestors"
            ) from None
        self._order = parents_first(self._parents)
        if len(self._order) != len(self):
            stuck = min(set(range(len(self))) - set(self._order))
            raise TaxonomyError(f"hypernyms go in a circle at or above {self._synsets[stuck].name}")

    @classmethod
    @lru_cache(maxsize=1)
    def shipped(cls) -> Taxonomy:
        """WordNet 3.0 above the classes of ImageNet-1K; needs nothing installed."""
        content = read_bounded(data_path("wordnet", "imagenet-1k.json"), MAX_BYTES)
        synsets = msgspec.json.decode(content, type=list[Synset])
        return cls(synsets, source="WordNet 3.0, closure of imagenet-1k")

    @classmethod
    def wordnet(cls, path: str | Path | None = None) -> Taxonomy:
        """All nouns of WordNet 3.0, from `path`, an installed `wordnet-base` or an NLTK corpus.

        Raises:
            TaxonomyError: it is not installed (the message says how), or of another version.
        """
        from hierlab._wordnet_files import read_nouns

        return cls(read_nouns(path), source="WordNet 3.0")

    def __len__(self) -> int:
        return len(self._synsets)

    def __iter__(self) -> Iterator[Synset]:
        return iter(self._synsets)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, (str, int)) and self._find(key) is not None

    def __repr__(self) -> str:
        return f"Taxonomy({len(self)} synsets, {self.source or 'no source'})"

    def __getitem__(self, key: str | int) -> Synset:
        return self._synsets[self.number(key)]

    def number(self, key: str | int) -> int:
        """Row of a synset in `min_depths` and `max_depths`, 0..N-1 in order of wnid.

        Raises:
            UnknownClassError: no such synset here.
        """
        number = self._find(key)
        if number is None:
            raise UnknownClassError(
                f"{key!r} is no noun synset of {self.source or 'this taxonomy'}; "
                "expected a WordNet 3.0 id such as 'n02084071' or a name such as 'dog.n.01'"
            )
        return number

    def numbers(self, keys: Sequence[str | int]) -> NDArray[np.int64]:
        """Rows of several synsets: (C,) numbers.

        Raises:
            UnknownClassError: one of them is not here.
        """
        return np.fromiter((self.number(key) for key in keys), dtype=np.int64, count=len(keys))

    def synset_at(self, number: int) -> Synset:
        """Synset of a row."""
        return self._synsets[number]

    def hypernyms(self, key: str | int) -> tuple[Synset, ...]:
        """Synsets directly above."""
        return tuple(self[wnid] for wnid in self[key].hypernyms)

    def ancestors(self, key: str | int) -> tuple[Synset, ...]:
        """The synset itself and all above it, nearest first, then by wnid."""
        lineage = self.lineage([key])
        nearest = np.lexsort((lineage.synsets, lineage.distances))
        return tuple(self._synsets[number] for number in lineage.synsets[nearest])

    def below(self, key: str | int, wnids: Sequence[str | int]) -> NDArray[np.int64]:
        """Positions of the classes that are the synset or one of its kinds, in order."""
        lineage = self.lineage(wnids)
        found: NDArray[np.int64] = lineage.positions[lineage.synsets == self.number(key)]
        return found

    def min_depth(self, key: str | int) -> int:
        """Hypernym steps to a root, the fewest; 0 for a root."""
        return int(self.min_depths[self.number(key)])

    def max_depth(self, key: str | int) -> int:
        """Hypernym steps to a root, the most; 0 for a root."""
        return int(self.max_depths[self.number(key)])

    @cached_property
    def min_depths(self) -> NDArray[np.int64]:
        """(N,) shortest distance of each synset to a root."""
        return depths(self._parents, self._order, min)

    @cached_property
    def max_depths(self) -> NDArray[np.int64]:
        """(N,) longest distance of each synset to a root."""
        return depths(self._parents, self._order, max)

    @cached_property
    def name_ranks(self) -> NDArray[np.int64]:
        """(N,) place of each synset in the alphabetical order of synset names."""
        order = sorted(range(len(self)), key=lambda number: self._synsets[number].name)
        ranks = np.empty(len(self), dtype=np.int64)
        ranks[order] = np.arange(len(self))
        return ranks

    @cached_property
    def parent_table(self) -> NDArray[np.int64]:
        """(N, most hypernyms of any) rows directly above each synset, padded with -1."""
        width = max(1, max(map(len, self._parents)))
        padding = (-1,) * width
        return np.array([(above + padding)[:width] for above in self._parents], dtype=np.int64)

    def lineage(self, wnids: Sequence[str | int]) -> Lineage:
        """Which classes stand below which synsets, all at once.

        Raises:
            UnknownClassError: a class is not in the taxonomy.
        """
        start = self.numbers(wnids)
        count = len(start)
        keys = start * count + np.arange(count)
        seen, steps = np.sort(keys), np.zeros(count, dtype=np.int64)
        distance = 0
        while len(keys):
            distance += 1
            above = self.parent_table[keys // count]
            up = above * count + (keys % count)[:, None]
            reached = np.unique(up[above >= 0])
            keys = reached[~np.isin(reached, seen, assume_unique=True)]
            seen = np.concatenate([seen, keys])
            steps = np.concatenate([steps, np.full(len(keys), distance)])
        order = np.argsort(seen)
        synsets, positions = np.divmod(seen[order], count) if count else (seen, seen)
        return Lineage(synsets, positions, steps[order], start)

    def closure(self, wnids: Sequence[str | int]) -> Taxonomy:
        """The classes and everything above them, as a smaller taxonomy."""
        numbers = np.unique(self.lineage(wnids).synsets)
        return Taxonomy((self._synsets[number] for number in numbers), source=self.source)

    def resolve(self, classes: ClassList) -> Resolution:
        """Find a synset for each class: by its key, else by name as the likeliest noun sense.

        A guess may be wrong ("mouse" is the animal before the device): it is flagged as one.
        """
        found: list[str | None] = []
        guessed: list[bool] = []
        aliases = classes.aliases or ((),) * len(classes)
        for key, name, others in zip(classes.ids, classes.names, aliases, strict=True):
            number = self._find(key)
            guessed.append(number is None)
            for word in (key, name, *others):
                number = self._first_sense(word) if number is None else number
            found.append(None if number is None else self._synsets[number].wnid)
        flags = (flag and wnid is not None for flag, wnid in zip(guessed, found, strict=True))
        return Resolution(tuple(found), tuple(flags))

    def to_networkx(self) -> nx.DiGraph[str]:
        """Directed graph of wnids, edges from hyponym to hypernym, name and lemmas on nodes."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for synset in self._synsets:
            graph.add_node(synset.wnid, name=synset.name, lemmas=synset.lemmas)
        graph.add_edges_from((low.wnid, high) for low in self._synsets for high in low.hypernyms)
        return graph

    @cached_property
    def _names(self) -> dict[str, int]:
        return {synset.name: number for number, synset in enumerate(self._synsets)}

    @cached_property
    def _senses(self) -> dict[str, int]:
        """Row that a word most likely means in a list of things to see.

        First what is spelt just so (a crane is no Crane), then physical things (a table is no
        column of figures), then the lowest sense number.
        """
        physical = [synset.wnid == PHYSICAL_ENTITY for synset in self._synsets]
        for number in self._order:
            physical[number] |= any(physical[high] for high in self._parents[number])
        best: dict[str, tuple[bool, bool, int, int]] = {}
        for number, synset in enumerate(self._synsets):
            for lemma, sense in zip(synset.lemmas, synset.senses, strict=True):
                for word in {lemma, lemma.lower()}:
                    rank = (word != lemma, not physical[number], sense, number)
                    best[word] = min(best.get(word, rank), rank)
        return {word: rank[-1] for word, rank in best.items()}

    def _find(self, key: str | int) -> int | None:
        if isinstance(key, int):
            key = f"n{key:08d}"
        number = self._number.get(key)
        if number is None and ".n." in key:
            number = self._names.get(key)
        return number

    def _first_sense(self, word: str) -> int | None:
        word = word.strip().replace(" ", "_")
        return self._senses.get(word, self._senses.get(word.lower()))


@lru_cache(maxsize=1)
def _installed(folders: tuple[Path, ...]) -> Taxonomy:
    """The full WordNet of the first of `folders`, read once: it takes more than a second."""
    del folders  # the cache's key only: another place, another WordNet
    return Taxonomy.wordnet()


def taxonomy_for(classes: ClassList, *, required: bool = False) -> Taxonomy | None:
    """The taxonomy to name or group a list with, or None if nothing here knows its classes.

    The shipped one if it holds every key; else the full WordNet 3.0, if it is installed; else the
    shipped one again, if it knows any of the names.

    Args:
        classes: any list.
        required: raise rather than return None.

    Raises:
        TaxonomyError: required, and WordNet is not installed, or knows none of the classes.
    """
    shipped = Taxonomy.shipped()
    if all(key in shipped for key in classes.ids):
        return shipped
    try:
        full = _installed(tuple(_wordnet_files.dictionary_folders()))
    except TaxonomyError:
        if len(shipped.resolve(classes).known):
            return shipped
        if required:
            raise
        return None
    if len(full.resolve(classes).known):
        return full
    if required:
        raise TaxonomyError(
            "WordNet 3.0 knows none of the classes; expected WordNet ids (n02084071), synset "
            f"names (dog.n.01) or English nouns, got such as {classes.names[0]!r}"
        )
    return None
