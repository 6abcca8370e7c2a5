"""The vectors that a study partitions: of encoders, of consensus halves, and of controls."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.clustering.vectors import unit_rows
from hierlab.embeddings.resolve import resolve
from hierlab.errors import HierlabError, StudyError
from hierlab.study.grid import StudyGrid, halves_of

__all__ = ["CONTROLS", "Source", "control_vectors", "find_sources"]

CONTROLS = {
    "minilm": "a sentence encoder that never saw an image",
    "spelling": "letters only: hashed trigrams of the class name",
    "noise": "a degenerate encoder: the same random vectors whatever the class means",
    "wordnet": "WordNet's own cut, by largest group",
}
JOINED = " + "
_TRIGRAM_DIMENSIONS = 1024
_NOISE_DIMENSIONS = 64


@dataclass(frozen=True)
class Source:
    """Vectors under a name; several encoders make one consensus.

    Args:
        encoder: as it stands in a cell.
        prompts: name of the prompt set, or empty.
        vectors: one (C, D) array an encoder; empty for WordNet.
        identity: what the vectors are, one text an encoder: a hash of the numbers that they were
            read from, or the name of a control.
        control: whether it is there to be beaten.
    """

    encoder: str
    prompts: str
    vectors: tuple[NDArray[np.float64], ...]
    identity: tuple[str, ...]
    control: bool = False

    @property
    def digest(self) -> str:
        """Sixteen hex digits over the identities.

        Not over the vectors: those recovered from a table differ in their last bits between
        machines, and a study that travels would be made anew.
        """
        return hashlib.sha256("\n".join(self.identity).encode()).hexdigest()[:16]


def find_sources(grid: StudyGrid, classes: ClassList) -> tuple[list[Source], list[str]]:
    """Resolve every encoder with every prompt set, the halves and the controls.

    Returns:
        What was found, and one sentence for each thing that could not be had here.
    Raises:
        StudyError: none of the encoders can be had, or a control that nobody knows.
    """
    left_out: list[str] = []
    encoders = list(_encoders(grid, classes, left_out))
    if not encoders:
        raise StudyError("no encoder can be had here: " + "; ".join(left_out))
    sources = [*encoders, *_halves(grid, encoders)]
    for control in grid.controls:
        if control not in CONTROLS:
            raise StudyError(f"no control {control!r}; there are {', '.join(CONTROLS)}")
        try:
            vectors = () if control == "wordnet" else (control_vectors(control, classes),)
            name = f"control:{control}"
            sources.append(Source(name, "", vectors, (name,), control=True))
        except HierlabError as error:
            left_out.append(f"control {control}: {error}")
    return sources, left_out


def _encoders(grid: StudyGrid, classes: ClassList, left_out: list[str]) -> Iterator[Source]:
    for encoder in grid.encoders:
        fixed = encoder.endswith(".npz") or "@" in encoder
        for prompts in ("",) if fixed or not grid.prompts else grid.prompts:
            wanted = f"{encoder}@{prompts}" if prompts else encoder
            try:
                prototypes = resolve(wanted, classes)
                yield Source(encoder, prompts, (prototypes.vectors,), (prototypes.digest,))
            except HierlabError as error:
                left_out.append(f"{wanted}: {error}")


def _halves(grid: StudyGrid, encoders: Sequence[Source]) -> Iterator[Source]:
    """Consensus of half the encoders, over the first prompt set that each has."""
    if not grid.halves or "consensus" not in grid.methods:
        return
    first: dict[str, Source] = {}
    for source in encoders:
        first.setdefault(source.encoder, source)
    for names in (*halves_of(tuple(first)), *([tuple(first)] if len(first) > 1 else [])):
        members = [first[name] for name in names]
        yield Source(
            JOINED.join(names),
            "",
            vectors=tuple(member.vectors[0] for member in members),
            identity=tuple(member.identity[0] for member in members),
        )


def control_vectors(control: str, classes: ClassList) -> NDArray[np.float64]:
    """(C, D) unit rows of a control encoder.

    Raises:
        PrototypeError: the sentence encoder is not here.
    """
    if control == "minilm":
        return resolve("minilm", classes).vectors
    if control == "spelling":
        return _spelling(classes.names)
    rows = np.random.default_rng(20_26).standard_normal((len(classes), _NOISE_DIMENSIONS))
    return unit_rows(rows)


def _spelling(names: Sequence[str]) -> NDArray[np.float64]:
    rows = np.zeros((len(names), _TRIGRAM_DIMENSIONS))
    for row, name in zip(rows, names, strict=True):
        padded = f"  {name.casefold()} "
        for start in range(len(padded) - 2):
            row[zlib.crc32(padded[start : start + 3].encode()) % _TRIGRAM_DIMENSIONS] += 1
    return unit_rows(rows)
