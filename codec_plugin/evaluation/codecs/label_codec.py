"""The answer itself: a codec that sends no picture, only what the encoder's classifier saw."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from codec_plugin.errors import BitstreamError
from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.evaluation.results_table import Row

__all__ = ["CODECS", "LabelCodec", "label_rows"]


class LabelCodec(BenchCodec):
    """A few bits that name the cluster at one level; it bounds what a codec can gain for one task.

    There is nothing to look at and nothing for another classifier, so it has no pixels: the
    evaluation writes its rows from the answer on the original (see `label_rows`).
    """

    def identity(self) -> str:
        """A number that is raised where `label_rows` gives other rows."""
        return "label 1"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """Refuse: the answer is the classifier's, not a function of pixels alone."""
        raise BitstreamError("label sends an answer, not a picture; see label_rows")

    def decode(self, data: bytes) -> Pixels:
        """Refuse likewise."""
        raise BitstreamError("label decodes to no picture")


def label_rows(clean: Row, levels: Sequence[str], sizes: Sequence[int]) -> list[Row]:
    """Rows of one photograph, one a level sent: bits = log2 of the clusters, in whole bytes.

    Levels coarser than the one sent follow from it only if the label map is nested; each row is
    credited with its own level and, as it names a class, all levels where the finest is sent.

    Args:
        clean: row of the original photograph.
        levels: names, coarse first.
        sizes: clusters of each.
    """
    rows = []
    pixels = 8 * clean.bytes / clean.rate_bpp
    for sent, (name, size) in enumerate(zip(levels, sizes, strict=True)):
        finest = sent == len(levels) - 1
        count = math.ceil(math.ceil(math.log2(max(size, 2))) / 8)
        measures = dict(clean.measures)
        for level, other in enumerate(levels):
            for column in (f"correct_{other}", f"agree_{other}"):
                if measures[column] is not None and not (finest or level == sent):
                    measures[column] = 0
        measures["wu_palmer"] = measures["wu_palmer"] if finest else None
        rows.append(
            replace(
                clean,
                subject="label",
                cut=f"stage-{sent + 1}",
                bytes=count,
                rate_bpp=round(8 * count / pixels, 6),
                measures=measures,
                answer=name,
            )
        )
    return rows


CODECS = {"label": LabelCodec}
