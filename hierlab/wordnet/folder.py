"""The dictionary files of WordNet 3.0, where a person has them; NLTK reads them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

from hierlab.errors import HierlabError, TaxonomyError
from hierlab.utils.files import cache_folder, read_bounded, write_atomic
from hierlab.wordnet.dictionary import NounTable, decode_nouns, encode_nouns
from hierlab.wordnet.synset import Synset

__all__ = ["named_folder", "parse_nouns", "read_nouns"]

MAX_BYTES = 64 * 2**20
VERSION = 1  # of what is kept: raise it when the columns or their reading change
NEEDED = ("data.noun", "index.noun")
OPTIONAL = ("noun.exc", "cntlist.rev")
EXPECTED = "expected a folder with data.noun and index.noun of WordNet 3.0, or NLTK's wordnet.zip"


def named_folder() -> Path | None:
    """The folder that WNSEARCHDIR or WNHOME names, as for WordNet's own programs."""
    if own := os.environ.get("WNSEARCHDIR"):
        return Path(own)
    if home := os.environ.get("WNHOME"):
        return Path(home, "dict")
    return None


def read_nouns(path: str | Path) -> tuple[NounTable, str]:
    """Read all nouns of a dictionary folder or of NLTK's `wordnet.zip`.

    NLTK takes seconds for it, so the columns are kept in the user's cache, by content.

    Returns:
        The columns and the SHA-256 of the files.

    Raises:
        TaxonomyError: not found, another version, or not readable as dictionary files.
    """
    files = _contents(Path(path))
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()
    kept = cache_folder() / f"wordnet-{VERSION}-{digest[:32]}.npz"
    try:
        return decode_nouns(read_bounded(kept, MAX_BYTES)), digest
    except HierlabError:
        table = parse_nouns(files, Path(path))
    with contextlib.suppress(HierlabError):  # without room or right to write, read anew next time
        write_atomic(kept, encode_nouns(table))
    return table, digest


def _contents(place: Path) -> dict[str, bytes]:
    """The files that matter, by name."""
    files: dict[str, bytes] = {}
    try:
        if place.suffix == ".zip":
            with zipfile.ZipFile(place) as archive:
                for name in (*NEEDED, *OPTIONAL):
                    inside = f"wordnet/{name}"
                    if inside in archive.namelist():
                        if archive.getinfo(inside).file_size > MAX_BYTES:
                            raise TaxonomyError(f"{inside} is too large for WordNet; {EXPECTED}")
                        files[name] = archive.read(inside)
        else:
            for name in (*NEEDED, *OPTIONAL):
                if (place / name).is_file():
                    files[name] = (place / name).read_bytes()
    except FileNotFoundError:
        pass
    except (OSError, zipfile.BadZipFile) as error:
        raise TaxonomyError(f"cannot read WordNet in {place}: {error}; {EXPECTED}") from error
    if not all(name in files for name in NEEDED):
        raise TaxonomyError(f"WordNet was not found in {place}; {EXPECTED}")
    return files


def parse_nouns(files: dict[str, bytes], place: Path) -> NounTable:
    """Columns of dictionary files, as NLTK reads them.

    Args:
        files: contents of data.noun and index.noun, perhaps of noun.exc and cntlist.rev.
        place: where they are from, for messages.

    Raises:
        TaxonomyError: another version, or damaged.
    """
    data = files["data.noun"].decode("latin-1")
    licence = data[: data.find("\n0")] if not data.startswith("0") else ""
    if "WordNet 3.0" not in licence:
        raise TaxonomyError(
            f"{place} is not WordNet 3.0, and class ids such as n02084071 are offsets in 3.0; "
            + EXPECTED
        )
    try:
        reader = _reader(files, place)
        synsets = sorted(reader.all_eng_synsets("n"), key=lambda synset: int(synset.offset()))
        return _table(reader, synsets, _tagged(files.get("cntlist.rev", b"")))
    except TaxonomyError:
        raise
    except Exception as error:  # NLTK meets damage with whatever its line of code runs into
        raise TaxonomyError(f"{place} is damaged ({error}); {EXPECTED}") from error


def _reader(files: dict[str, bytes], place: Path) -> Any:
    """NLTK's reader of the nouns alone; Debian leaves some of its files out."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    texts = {name: content.decode("latin-1") for name, content in files.items()}
    texts["lexnames"] = "".join(f"{number:02d}\t{number:02d}\t1\n" for number in range(45))

    class Nouns(WordNetCorpusReader):  # type: ignore[misc]
        def open(self, file: str) -> Any:
            return io.StringIO(texts.get(file, ""))

        def map_wn(self, version: str = "wordnet") -> dict[str, str]:
            return {}

    folder = str(place if place.is_dir() else place.parent)
    # NLTK opens only what lies below its data path.
    nltk.data.path.append(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Nouns(folder, None)
    finally:
        nltk.data.path.remove(folder)


def _table(reader: Any, entries: list[Any], tagged: dict[tuple[str, int], int]) -> NounTable:
    numbers = reader._lemma_pos_offset_map  # the order of a word's senses has no public name
    synsets, topics, counts = [], [], []
    for entry in entries:
        lemmas = tuple(entry.lemma_names())
        senses = tuple(numbers[word.lower()]["n"].index(entry.offset()) + 1 for word in lemmas)
        above = sorted(
            {high.offset() for high in (*entry.hypernyms(), *entry.instance_hypernyms())}
        )
        parts = map(str.strip, entry.definition().split(";"))
        synsets.append(
            Synset(
                wnid=f"n{entry.offset():08d}",
                name=entry.name(),
                lemmas=lemmas,
                senses=senses,
                hypernyms=tuple(f"n{offset:08d}" for offset in above),
                definition="; ".join(part for part in parts if part),
            )
        )
        topics.append(int(entry.lexname()))
        pairs = zip(lemmas, senses, strict=True)
        counts += [tagged.get((word.lower(), sense), 0) for word, sense in pairs]
    exceptions = {form: tuple(words) for form, words in reader._exception_map["n"].items()}
    return NounTable.of(synsets, topics=topics, counts=counts, exceptions=exceptions)


def _tagged(content: bytes) -> dict[tuple[str, int], int]:
    """How often a noun has a sense in the tagged texts: lines of `dog%1:05:00:: 1 42`."""
    counts: dict[tuple[str, int], int] = {}
    for line in content.decode("latin-1").splitlines():
        key, sense, count = line.split()
        lemma, _, rest = key.partition("%")
        if rest[:1] == "1":
            counts[lemma, int(sense)] = int(count)
    return counts
