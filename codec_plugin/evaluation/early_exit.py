"""Early answers: look at a picture while its bytes arrive, stop when sure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.recognition import Recogniser

if TYPE_CHECKING:
    from codec_plugin.codec import Codec

__all__ = ["Look", "classify_stream"]


class Look(NamedTuple):
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
    codec: "Codec",
    recogniser: Recogniser,
    blob: bytes,
    *,
    until: str | None = None,
    confidence: float = 0.9,
    chunk: int = 256,
) -> Iterator[Look]:
    """Answers after each chunk of a file, the last one where the classifier is sure or at the end.

    Args:
        until: level that must be sure; none means the finest.
        confidence: probability, 0..1.
        chunk: bytes between two looks.
    Raises:
        ConfigError: no such level.
        BitstreamError: not a file of this codec.
    """
    from codec_plugin.bitstream.container import read_header

    hierarchy = recogniser.hierarchy
    if until is not None and until not in hierarchy.level_names:
        raise ConfigError(
            f"level {until!r} is not one of {', '.join(hierarchy.level_names)} "
            f"of label map {hierarchy.name!r}"
        )
    level = hierarchy.n_levels - 1 if until is None else hierarchy.level_names.index(until)
    header = read_header(blob)
    end = min(header.size_bytes + chunk, len(blob))
    while True:
        decoded = codec.decode(blob[:end])
        image = decoded.tensor.expand(3, -1, -1)
        answer = recogniser.answer(torch.clone(image))
        names = tuple(
            hierarchy.cluster_names[number][cluster]
            for number, cluster in enumerate(answer.clusters)
        )
        sure = answer.confidences[level] >= confidence
        rate = 8 * end / (header.height_px * header.width_px)
        yield Look(end, rate, names, answer.confidences, sure)
        if sure or end >= len(blob):
            return
        end = min(end + chunk, len(blob))
