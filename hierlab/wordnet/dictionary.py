"""WordNet's nouns as columns: small on disk, in memory within a fraction of a second."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hierlab.errors import TaxonomyError
from hierlab.utils.files import read_bounded
from hierlab.wordnet.synset import Synset

__all__ = ["NounTable", "decode_nouns", "encode_nouns", "read_nouns_file"]

MAX_BYTES = 256 * 2**20
VERSION = 1


@dataclass(frozen=True, eq=False)
class NounTable:
    """N synsets in order of id, and the L words that they share out among them.

        synset ──(word_starts)──► lemmas, senses, counts        synset ──(parents)──► synsets

    Args:
        wnids: N ids, sorted.
        lemmas: L words, those of a synset together, the usual one first.
        word_starts: (N + 1,) where the words of each synset begin.
        senses: (L,) number of the sense among the senses of its word, from 1.
        counts: (L,) how often the word has this sense in WordNet's tagged texts, 0 if not known.
        topics: (N,) number of the lexicographer's file (5 animal, 6 artifact, 13 food, …).
        parents: (N, W) rows directly above each synset, padded with -1.
        exceptions: irregular forms, such as geese, and the words they are forms of.
        glosses: N definitions as one text a line each, decoded when first asked for.
    """

    wnids: tuple[str, ...]
    lemmas: tuple[str, ...]
    word_starts: NDArray[np.int64]
    senses: NDArray[np.int64]
    counts: NDArray[np.int64]
    topics: NDArray[np.int64]
    parents: NDArray[np.int64]
    exceptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    glosses: Any = b""

    def __len__(self) -> int:
        return len(self.wnids)

    @classmethod
    def of(
        cls,
        synsets: Sequence[Synset],
        *,
        topics: Sequence[int] = (),
        counts: Sequence[int] = (),
        exceptions: Mapping[str, tuple[str, ...]] | None = None,
    ) -> NounTable:
        """Columns of synsets that are sorted by id.

        Raises:
            KeyError: a hypernym that is not among them.
        """
        number = {synset.wnid: row for row, synset in enumerate(synsets)}
        above = [[number[wnid] for wnid in synset.hypernyms] for synset in synsets]
        words = sum(len(synset.lemmas) for synset in synsets)
        return cls(
            wnids=tuple(number),
            lemmas=tuple(lemma for synset in synsets for lemma in synset.lemmas),
            word_starts=_starts([len(synset.lemmas) for synset in synsets]),
            senses=np.array([one for synset in synsets for one in synset.senses], dtype=np.int64),
            counts=np.array(counts or np.zeros(words), dtype=np.int64),
            topics=np.array(topics or np.zeros(len(synsets)), dtype=np.int64),
            parents=_padded(
                np.array([row for rows in above for row in rows], dtype=np.int64),
                np.array([len(rows) for rows in above], dtype=np.int64),
            ),
            exceptions=exceptions or {},
            glosses="\n".join(synset.definition for synset in synsets).encode(),
        )

    def synset(self, row: int) -> Synset:
        """One synset."""
        words = slice(self.word_starts[row], self.word_starts[row + 1])
        return Synset(
            wnid=self.wnids[row],
            name=self.name(row),
            lemmas=self.lemmas[words],
            senses=tuple(self.senses[words].tolist()),
            hypernyms=tuple(self.wnids[high] for high in self.parents[row].tolist() if high >= 0),
            definition=self.definitions[row],
        )

    def name(self, row: int) -> str:
        """First word, part of speech and sense number, such as `dog.n.01`."""
        first = self.word_starts[row]
        return f"{self.lemmas[first].lower()}.n.{self.senses[first]:02d}"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all synsets."""
        firsts = self.word_starts[:-1].tolist()
        senses = self.senses[self.word_starts[:-1]].tolist()
        pairs = zip(firsts, senses, strict=True)
        return tuple(f"{self.lemmas[first].lower()}.n.{sense:02d}" for first, sense in pairs)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each id."""
        return {wnid: row for row, wnid in enumerate(self.wnids)}

    @cached_property
    def definitions(self) -> list[str]:
        """Glosses without their examples."""
        content = self.glosses() if callable(self.glosses) else self.glosses
        return list(content.decode().split("\n"))

    @cached_property
    def word_rows(self) -> NDArray[np.int64]:
        """(L,) synset of each word."""
        return np.repeat(np.arange(len(self)), np.diff(self.word_starts))


def encode_nouns(table: NounTable) -> bytes:
    """An npz file of the columns; equal tables are equal bytes."""
    above = table.parents >= 0
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION, dtype=np.uint8),
        "offsets": np.array([int(wnid[1:]) for wnid in table.wnids], dtype=np.int32),
        "lemmas": _bytes("\n".join(table.lemmas)),
        "lemma_counts": np.diff(table.word_starts).astype(np.uint8),
        "senses": table.senses.astype(np.uint8),
        "tagged": table.counts.astype(np.uint16),
        "topics": table.topics.astype(np.uint8),
        "hypernyms": table.parents[above].astype(np.int32),
        "hypernym_counts": above.sum(axis=1).astype(np.uint8),
        "exceptions": _bytes(
            "\n".join(" ".join((form, *words)) for form, words in table.exceptions.items())
        ),
        "definitions": _bytes("\n".join(table.definitions)),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array, allow_pickle=False)
            # A fixed date: the same columns are the same bytes.
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)),
                member.getvalue(),
                zipfile.ZIP_DEFLATED,
            )
    return content.getvalue()


def decode_nouns(content: bytes) -> NounTable:
    """Read what `encode_nouns` wrote; definitions are unpacked when first asked for.

    Raises:
        TaxonomyError: the bytes are no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise TaxonomyError("a table of nouns unpacks to at most 256 MiB")
        columns = np.load(io.BytesIO(content), allow_pickle=False)
        offsets = columns["offsets"].tolist()
        lemma_counts = columns["lemma_counts"].astype(np.int64)
        table = NounTable(
            wnids=tuple([f"n{offset:08d}" for offset in offsets]),
            lemmas=tuple(columns["lemmas"].tobytes().decode().split("\n")),
            word_starts=_starts(lemma_counts),
            senses=columns["senses"].astype(np.int64),
            counts=columns["tagged"].astype(np.int64),
            topics=columns["topics"].astype(np.int64),
            parents=_padded(
                columns["hypernyms"].astype(np.int64), columns["hypernym_counts"].astype(np.int64)
            ),
            exceptions=_exceptions(columns["exceptions"].tobytes().decode()),
            glosses=lambda: columns["definitions"].tobytes(),
        )
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise TaxonomyError(f"not a table of WordNet's nouns ({error})") from error
    if len(table.lemmas) != table.word_starts[-1] or len(table) != len(table.parents):
        raise TaxonomyError("a table of WordNet's nouns whose columns do not fit each other")
    return table


def read_nouns_file(path: Path) -> NounTable:
    """`decode_nouns` of a file.

    Raises:
        TaxonomyError: not such a file.
        HierlabError: it cannot be read.
    """
    return decode_nouns(read_bounded(path, MAX_BYTES))


def _exceptions(text: str) -> dict[str, tuple[str, ...]]:
    rows = (line.split(" ") for line in text.split("\n") if line)
    return {form: tuple(words) for form, *words in rows}


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _starts(lengths: Any) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)], dtype=np.int64)


def _padded(values: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ragged rows as a table, -1 where a row has ended."""
    width = max(1, int(lengths.max(initial=0)))
    table = np.full((len(lengths), width), -1, dtype=np.int64)
    table[np.arange(width) < lengths[:, None]] = values
    return table
