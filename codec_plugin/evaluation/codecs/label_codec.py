"""The answer itself: a codec that sends no picture, only what the encoder's classifier saw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from codec_plugin.errors import BitstreamError
from codec_plugin.evaluation.codecs.registry import BenchCodec, Pixels, codec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LabelCodec", "label_rows"]


@codec("label")
class LabelCodec(BenchCodec):
    """A few bits that name the cluster at one level; it bounds what a codec can gain for one task.

    There is nothing to look at and nothing for another classifier, so it has no pixels: the
    benchmark writes its rows from the answer on the original (see `label_rows`).
    """

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """Refuse: the answer is the classifier's, not a function of pixels alone."""
        raise BitstreamError("label sends an answer, not a picture; see label_rows")

    def decode(self, data: bytes) -> Pixels:
        """Refuse likewise."""
        raise BitstreamError("label decodes to no picture")


def label_rows(clean: dict[str, Any], levels: Sequence[str], sizes: Sequence[int]) -> list[Any]:
    """Rows of one photograph, one a level sent: bits = log2 of the clusters, in whole bytes.

    Levels coarser than the one sent follow from it only if the label map is nested; each row is
    credited with its own level and, as it names a class, all levels where the finest is sent.

    Args:
        clean: row of the original photograph.
        levels: names, coarse first.
        sizes: clusters of each.
    """
    rows = []
    pixels = 8 * clean["bytes"] / clean["rate_bpp"]
    for sent, (name, size) in enumerate(zip(levels, sizes, strict=True)):
        count = math.ceil(math.ceil(math.log2(max(size, 2))) / 8)
        row = dict(clean) | {"subject": "label", "cut": f"stage-{sent + 1}", "bytes": count}
        row |= {"rate_bpp": round(8 * count / pixels, 6), "answer": name}
        for level, other in enumerate(levels):
            told = level == sent or sent == len(levels) - 1
            for kind in ("correct", "agree"):
                value = clean[f"{kind}_{other}"]
                row[f"{kind}_{other}"] = value if told or value == "" else 0
        row["wu_palmer"] = clean["wu_palmer"] if sent == len(levels) - 1 else ""
        rows.append(row)
    return rows
