"""Early answers: a classifier looks at a picture while its bytes arrive, and stops when sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codec_plugin.bitstream.container import read_header
from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.own_codec import OwnCodec
from codec_plugin.evaluation.cuts import decoded_points
from codec_plugin.evaluation.recognition import image_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codec_plugin.codec import Codec
    from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["EarlyAnswer", "classify_stream"]


class EarlyAnswer(NamedTuple):
    """The classifier's answer after some bytes.

    Attributes:
        bytes: used so far.
        rate_bpp: the same per pixel.
        names: most probable cluster at each level, coarse first.
        confidences: its probability, 0..1.
        sure: whether the wanted level's probability reaches the wanted confidence.
    """

    bytes: int
    rate_bpp: float
    names: tuple[str, ...]
    confidences: tuple[float, ...]
    sure: bool


def classify_stream(
    codec: Codec,
    recogniser: Recogniser,
    blob: bytes,
    *,
    until: str | None = None,
    confidence: float = 0.9,
    chunk: int = 256,
) -> Iterator[EarlyAnswer]:
    """Answers after each chunk of a file, the last one where the classifier is sure or at the end.

    Args:
        until: level that must be sure; none means the finest.
        confidence: probability, 0..1.
        chunk: bytes between two answers.
    Raises:
        ConfigError: no such level.
        BitstreamError: not a file of this codec.
    """
    hierarchy = recogniser.hierarchy
    if until is not None and until not in hierarchy.level_names:
        raise ConfigError(
            f"level {until!r} is not one of {', '.join(hierarchy.level_names)} "
            f"of label map {hierarchy.name!r}"
        )
    level = hierarchy.n_levels - 1 if until is None else hierarchy.level_names.index(until)
    header = read_header(blob)
    ends = [*range(header.size_bytes + chunk, len(blob), chunk), len(blob)]
    for point in decoded_points(OwnCodec(codec), blob, ((str(end), end) for end in ends)):
        answer = recogniser.answer(image_tensor(point.pixels))
        sure = answer.confidences[level] >= confidence
        rate = 8 * point.bytes / (header.height_px * header.width_px)
        names = recogniser.names(answer)
        yield EarlyAnswer(point.bytes, rate, names, answer.confidences, sure)
        if sure:
            return
