"""The dictionary files of WordNet 3.0: found on this machine and read."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hierlab._synsets import Synset
from hierlab.errors import TaxonomyError

__all__ = ["dictionary_folders", "read_nouns"]

MAX_BYTES = 64 * 2**20
HOW_TO_GET_IT = (
    "install it with 'apt install wordnet-base' or 'python -m nltk.downloader wordnet', "
    "or set WNSEARCHDIR to a folder with data.noun and index.noun of WordNet 3.0"
)
_EXAMPLES = re.compile(r'"[^"]*"')


def dictionary_folders() -> tuple[Path, ...]:
    """Places where WordNet may stand, most explicit first: folders, or NLTK's zip."""
    explicit = [os.environ.get("WNSEARCHDIR", "")]
    if home := os.environ.get("WNHOME"):
        explicit.append(os.path.join(home, "dict"))
    nltk = [folder for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    nltk += [os.path.expanduser("~/nltk_data")]
    nltk += [os.path.join(sys.prefix, *tail) for tail in (("nltk_data",), ("share", "nltk_data"))]
    nltk += ["/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data"]
    system = ["/usr/share/wordnet", "/usr/local/WordNet-3.0/dict"]
    corpora = [
        Path(folder, "corpora", tail) for folder in nltk for tail in ("wordnet", "wordnet.zip")
    ]
    return (*(Path(folder) for folder in [*explicit, *system] if folder), *corpora)


def read_nouns(path: str | Path | None = None) -> Iterator[Synset]:
    """Read all noun synsets from a dictionary folder or NLTK's `wordnet.zip`.

    Args:
        path: where to look; by default the first of `dictionary_folders` that has them.

    Raises:
        TaxonomyError: not found, another version, or not readable as dictionary files.
    """
    candidates = dictionary_folders() if path is None else (Path(path),)
    for candidate in candidates:
        texts = _texts(candidate)
        if texts is not None:
            return _parsed(*texts, where=candidate)
    where = "on this machine" if path is None else f"in {path}"
    raise TaxonomyError(f"WordNet was not found {where}; {HOW_TO_GET_IT}")


def _texts(place: Path) -> tuple[str, str] | None:
    """Contents of data.noun and index.noun, or None where they are not."""
    try:
        if place.suffix == ".zip":
            with zipfile.ZipFile(place) as archive:
                pair = [_bounded(archive, f"wordnet/{name}.noun") for name in ("data", "index")]
        else:
            pair = [(place / f"{name}.noun").read_bytes() for name in ("data", "index")]
    except (FileNotFoundError, NotADirectoryError, KeyError):
        return None
    except (OSError, zipfile.BadZipFile) as error:
        raise TaxonomyError(f"cannot read WordNet in {place}: {error}") from error
    return pair[0].decode("latin-1"), pair[1].decode("latin-1")


def _bounded(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_BYTES:
        raise TaxonomyError(f"{name} in the archive is too large for WordNet; {HOW_TO_GET_IT}")
    return archive.read(name)


def _parsed(data: str, index: str, *, where: Path) -> Iterator[Synset]:
    licence = data[: data.find("\n0")] if not data.startswith("0") else ""
    if "WordNet 3.0" not in licence:
        raise TaxonomyError(
            f"{where} is not WordNet 3.0, and class ids such as n02084071 are offsets in 3.0; "
            + HOW_TO_GET_IT
        )
    try:
        senses = _sense_numbers(index)
        return iter([_synset(line, senses) for line in data.splitlines() if line[:2] != "  "])
    except (ValueError, IndexError, KeyError) as error:
        raise TaxonomyError(f"{where} is damaged ({error}); {HOW_TO_GET_IT}") from error


def _sense_numbers(index: str) -> dict[tuple[str, str], int]:
    """Number of each (word, offset) among the senses of the word, from 1.

    A line of index.noun ends in the offsets of the word's synsets, most frequent sense first.
    """
    numbers = {}
    for line in index.splitlines():
        if line[:2] != "  ":
            fields = line.split()
            for sense, offset in enumerate(fields[-int(fields[2]) :], start=1):
                numbers[fields[0], offset] = sense
    return numbers


def _synset(line: str, senses: dict[tuple[str, str], int]) -> Synset:
    """One line of data.noun: offset, words, pointers, gloss (wndb(5) tells the format)."""
    head, _, gloss = line.partition("|")
    fields = head.split()
    offset, words = fields[0], int(fields[3], 16)
    lemmas = tuple(fields[4 : 4 + 2 * words : 2])
    pointers = fields[5 + 2 * words :]
    # The gloss is the definition, then examples in quotes, set apart by semicolons.
    definition = "; ".join(
        part for part in map(str.strip, _EXAMPLES.sub("", gloss).split(";")) if part
    )
    numbers = tuple(senses[lemma.lower(), offset] for lemma in lemmas)
    return Synset(
        wnid=f"n{offset}",
        name=f"{lemmas[0].lower()}.n.{numbers[0]:02d}",
        lemmas=lemmas,
        senses=numbers,
        hypernyms=tuple(
            f"n{target}"
            for symbol, target, part in zip(
                pointers[::4], pointers[1::4], pointers[2::4], strict=True
            )
            if symbol in ("@", "@i") and part == "n"
        ),
        definition=definition,
    )
