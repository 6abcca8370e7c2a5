"""WordNet as a graph of noun synsets: depths, ancestors, and which classes stand below what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.errors import TaxonomyError, UnknownClassError
from hierlab.utils.files import data_path, read_bounded
from hierlab.wordnet.dictionary import NounTable, read_nouns_file
from hierlab.wordnet.folder import named_folder, read_nouns
from hierlab.wordnet.graph import depths, find_cycle
from hierlab.wordnet.lexicon import Lexicon
from hierlab.wordnet.resolution import Resolution, resolve_classes, with_resolution
from hierlab.wordnet.synset import Lineage, Synset

if TYPE_CHECKING:
    import networkx as nx

    from hierlab.classes import ClassList

__all__ = ["Lineage", "Resolution", "Synset", "Taxonomy", "resolved", "taxonomy_for"]

MAX_BYTES = 64 * 2**20
SHIPPED = "WordNet 3.0, shipped"


class Taxonomy:
    """A set of synsets closed upwards; never changes once made.

    A synset goes by its wnid (`n02084071`), its name (`dog.n.01`) or its offset (2084071).
    Hypernyms of instances count as hypernyms, as in NLTK.

    Raises:
        TaxonomyError: no synset, one given twice, a hypernym that is missing, or a cycle.
    """

    def __init__(self, synsets: Iterable[Synset], *, source: str = "") -> None:
        ordered = sorted(synsets, key=lambda synset: synset.wnid)
        different = len({synset.wnid for synset in ordered})
        if not ordered or different != len(ordered):
            raise TaxonomyError(
                "a taxonomy needs at least one synset and none twice, "
                f"got {len(ordered)} with {different} different ids"
            )
        try:
            nouns = NounTable.of(ordered)
        except KeyError as error:
            raise TaxonomyError(
                f"hypernym {error.args[0]} is missing; a taxonomy holds all ancestors"
            ) from None
        self._adopt(nouns, source)
        if (stuck := find_cycle(nouns.parents)) is not None:
            raise TaxonomyError(f"hypernyms form a cycle at or above {nouns.name(stuck)}")

    def _adopt(self, nouns: NounTable, source: str) -> None:
        self.nouns = nouns
        self.source = source
        self._resolved: tuple[ClassList, Resolution] | None = None

    @classmethod
    def of(cls, nouns: NounTable, *, source: str = "") -> Taxonomy:
        """A taxonomy of columns that are known to be sound."""
        made = cls.__new__(cls)
        made._adopt(nouns, source)
        return made

    @classmethod
    @lru_cache(maxsize=1)
    def shipped(cls) -> Taxonomy:
        """WordNet 3.0 above the classes of ImageNet-1K: what that list needs, at once."""
        content = read_bounded(data_path("wordnet", "imagenet-1k.json"), MAX_BYTES)
        synsets = msgspec.json.decode(content, type=list[Synset])
        return cls(synsets, source=SHIPPED)

    @classmethod
    def wordnet(cls, path: str | Path | None = None) -> Taxonomy:
        """All nouns of WordNet 3.0: the shipped ones, or those of a dictionary folder.

        Args:
            path: folder with data.noun and index.noun, or NLTK's `wordnet.zip`.

        Raises:
            TaxonomyError: nothing of the kind in `path`, damaged, or of another version.
        """
        return _nouns_of(None if path is None else Path(path))

    def __len__(self) -> int:
        return len(self.nouns)

    def __iter__(self) -> Iterator[Synset]:
        return map(self.nouns.synset, range(len(self)))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, (str, int)) and self.find(key) is not None

    def __repr__(self) -> str:
        return f"Taxonomy({len(self)} synsets, {self.source or 'no source'})"

    def __getitem__(self, key: str | int) -> Synset:
        return self.nouns.synset(self.number(key))

    def number(self, key: str | int) -> int:
        """Row of a synset in `min_depths` and `max_depths`, 0..N-1 in order of wnid.

        Raises:
            UnknownClassError: no such synset here.
        """
        number = self.find(key)
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

    def hypernyms(self, key: str | int) -> tuple[Synset, ...]:
        """Synsets directly above."""
        return tuple(self[wnid] for wnid in self[key].hypernyms)

    def ancestors(self, key: str | int) -> tuple[Synset, ...]:
        """The synset itself and all above it, nearest first, then by wnid."""
        lineage = self.lineage([key])
        nearest = np.lexsort((lineage.synsets, lineage.distances))
        return tuple(self.nouns.synset(number) for number in lineage.synsets[nearest].tolist())

    def below(self, key: str | int, wnids: Sequence[str | int]) -> NDArray[np.int64]:
        """Positions of the classes that are the synset or one of its kinds, in order."""
        lineage = self.lineage(wnids)
        return np.asarray(lineage.positions[lineage.synsets == self.number(key)])

    def min_depth(self, key: str | int) -> int:
        """Hypernym steps to a root, the fewest; 0 for a root."""
        return int(self.min_depths[self.number(key)])

    def max_depth(self, key: str | int) -> int:
        """Hypernym steps to a root, the most; 0 for a root."""
        return int(self.max_depths[self.number(key)])

    @cached_property
    def min_depths(self) -> NDArray[np.int64]:
        """(N,) shortest distance of each synset to a root."""
        return depths(self.nouns.parents, np.minimum)

    @cached_property
    def max_depths(self) -> NDArray[np.int64]:
        """(N,) longest distance of each synset to a root."""
        return depths(self.nouns.parents, np.maximum)

    @cached_property
    def name_ranks(self) -> NDArray[np.int64]:
        """(N,) place of each synset in the alphabetical order of synset names."""
        order = sorted(range(len(self)), key=self.nouns.names.__getitem__)
        ranks = np.empty(len(self), dtype=np.int64)
        ranks[order] = np.arange(len(self))
        return ranks

    def ancestor_rows(self, row: int) -> set[int]:
        """Rows of a synset and all above it."""
        above, todo = {row}, [row]
        for here in todo:
            new = {high for high in self.nouns.parents[here].tolist() if high >= 0} - above
            above |= new
            todo += new
        return above

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
            above = self.nouns.parents[keys // count]
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
        return Taxonomy(map(self.nouns.synset, numbers.tolist()), source=self.source)

    def resolve(self, classes: ClassList) -> Resolution:
        """Find a synset for each class; see `hierlab.wordnet.resolution.resolve_classes`."""
        if self._resolved is None or self._resolved[0] is not classes:
            # One list is asked for again and again: to build, to name each level, to measure.
            self._resolved = classes, resolve_classes(self, classes)
        return self._resolved[1]

    def to_networkx(self) -> nx.DiGraph[str]:
        """Directed graph of wnids, edges from hyponym to hypernym, name and lemmas on nodes."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for synset in self:
            graph.add_node(synset.wnid, name=synset.name, lemmas=synset.lemmas)
            graph.add_edges_from((synset.wnid, high) for high in synset.hypernyms)
        return graph

    def find(self, key: str | int) -> int | None:
        """Row of a synset by id, name or offset; None if there is none. Words are no keys."""
        if isinstance(key, int):
            key = f"n{key:08d}"
        row = self.nouns.rows.get(key)
        if row is None and ".n." in key:
            row = self._names.get(key.strip().replace(" ", "_").lower())
        return row

    @cached_property
    def lexicon(self) -> Lexicon:
        """Its words and what they mean."""
        return Lexicon(self.nouns)

    @cached_property
    def _names(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.nouns.names)}


@lru_cache(maxsize=2)
def _nouns_of(path: Path | None) -> Taxonomy:
    """All nouns, loaded once; each place is another WordNet."""
    if path is not None:
        nouns, digest = read_nouns(path)
        # No path: the same files are the same WordNet, wherever they stand.
        return Taxonomy.of(nouns, source=f"WordNet 3.0, own files {digest[:8]}")
    return Taxonomy.of(read_nouns_file(data_path("wordnet", "nouns.npz")), source=SHIPPED)


def taxonomy_for(
    classes: ClassList, *, required: bool = False, wordnet: str | Path | None = None
) -> Taxonomy | None:
    """The taxonomy to name or group a list with, or None if it knows none of the classes.

    That is the WordNet 3.0 that ships, on every machine; of it the part above ImageNet-1K, which
    is read faster, where it holds every key.

    Args:
        classes: any list.
        required: raise rather than return None.
        wordnet: dictionary folder to read instead; by default what the environment variables
            WNSEARCHDIR or WNHOME name, if they are set.

    Raises:
        TaxonomyError: required, and it knows none of the classes; or a folder that cannot be read.
    """
    named = Path(wordnet) if wordnet is not None else named_folder()
    if named is None and not classes.synsets:
        part = Taxonomy.shipped()
        if all(key in part for key in classes.ids):
            return part
    full = Taxonomy.wordnet(named)
    if len(full.resolve(classes).known):
        return full
    if required:
        raise TaxonomyError(
            "WordNet 3.0 knows none of the classes; expected WordNet ids (n02084071), synset "
            f"names (dog.n.01) or English nouns, got such as {classes.names[0]!r}"
        )
    return None


def resolved(
    classes: ClassList, *, required: bool = False, wordnet: str | Path | None = None
) -> tuple[ClassList, Taxonomy | None]:
    """A list with the synset of each class, and the taxonomy that they are of.

    Args, Raises: as for `taxonomy_for`.
    """
    taxonomy = taxonomy_for(classes, required=required, wordnet=wordnet)
    return with_resolution(classes, taxonomy), taxonomy
