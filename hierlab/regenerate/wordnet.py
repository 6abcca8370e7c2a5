"""data/wordnet: the nouns of WordNet 3.0, and the part above the classes of ImageNet-1K."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hierlab.regenerate.classes import imagenet_wnids
from hierlab.utils.files import data_path, write_atomic
from hierlab.wordnet.dictionary import encode_nouns
from hierlab.wordnet.taxonomy import Taxonomy

# Where Debian's package wordnet-base puts them.
DEBIAN = "/usr/share/wordnet"

__all__ = ["closure_content", "regenerate_wordnet"]


def closure_content(wordnet: Taxonomy, wnids: Sequence[str]) -> bytes:
    """JSON array of the synsets in order of id, one a line."""
    lines = [msgspec.json.encode(synset) for synset in wordnet.closure(wnids)]
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def regenerate_wordnet(
    target: str | Path | None = None, *, wordnet: str | Path = DEBIAN
) -> tuple[Path, Path]:
    """Write `nouns.npz` from WordNet 3.0's own files, and of it what ImageNet-1K needs.

    Args:
        target: folder to write to; the shipped `data/wordnet` by default.
        wordnet: folder with the dictionary files, noun.exc and cntlist.rev among them.

    Raises:
        MissingExtraError: timm is not installed.
        TaxonomyError: no WordNet 3.0 in the folder.
    """
    folder = Path(target or data_path("wordnet"))
    full = Taxonomy.wordnet(wordnet)
    return (
        write_atomic(folder / "nouns.npz", encode_nouns(full.nouns)),
        write_atomic(folder / "imagenet-1k.json", closure_content(full, imagenet_wnids())),
    )
