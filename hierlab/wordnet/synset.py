"""What a taxonomy is made of and what it answers with."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Lineage", "Synset"]


class Synset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One meaning: the words that share it and the meanings directly above it.

    Args:
        wnid: `n` and the eight-digit offset in WordNet 3.0, such as `n02084071`.
        name: first word, part of speech and sense number, such as `dog.n.01`.
        lemmas: its words, the usual one first, spaces as underscores.
        senses: for each word, the number of this sense among the senses of the word, from 1.
        hypernyms: wnids directly above it; for a named individual, what it is an instance of.
        definition: the gloss without its examples.
    """

    wnid: str
    name: str
    lemmas: tuple[str, ...]
    senses: tuple[int, ...]
    hypernyms: tuple[str, ...]
    definition: str

    @property
    def label(self) -> str:
        """Its usual word, for people."""
        return self.lemmas[0].replace("_", " ")


@dataclass(frozen=True)
class Lineage:
    """Every (synset, class below it) pair, sorted by synset, then by class.

    Args:
        synsets: (P,) numbers of synsets in the taxonomy.
        positions: (P,) positions of classes; a class stands below itself.
        distances: (P,) hypernym steps from the class up to the synset, the fewest.
        class_synsets: (C,) the synset of each class.
    """

    synsets: NDArray[np.int64]
    positions: NDArray[np.int64]
    distances: NDArray[np.int64]
    class_synsets: NDArray[np.int64]
