"""data/wordnet: the part of WordNet 3.0 above the classes of ImageNet-1K."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hierlab._files import data_path, write_atomic
from hierlab.regenerate.classes import imagenet_wnids
from hierlab.taxonomy import Taxonomy

__all__ = ["closure_content", "regenerate_wordnet"]


def closure_content(wordnet: Taxonomy, wnids: Sequence[str]) -> bytes:
    """JSON array of the synsets in order of id, one a line."""
    lines = [msgspec.json.encode(synset) for synset in wordnet.closure(wnids)]
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def regenerate_wordnet(
    target: str | Path | None = None, *, wordnet: str | Path | None = None
) -> Path:
    """Write `imagenet-1k.json` from the installed WordNet 3.0 and timm's list of classes.

    Args:
        target: folder to write to; the shipped `data/wordnet` by default.
        wordnet: folder with the dictionary files, if they are not where systems put them.

    Raises:
        MissingExtraError: timm is not installed.
        TaxonomyError: WordNet 3.0 is not installed.
    """
    content = closure_content(Taxonomy.wordnet(wordnet), imagenet_wnids())
    return write_atomic(Path(target or data_path("wordnet")) / "imagenet-1k.json", content)
