"""The demonstration: one photograph, its stages, and conventional codecs at equal bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from codec_plugin.bitstream.container import read_header
from codec_plugin.data.photograph_sets.shipped import shipped_photos
from codec_plugin.data.picture import read_picture
from codec_plugin.evaluation.codecs.conventional import decode_conventional, fit_conventional
from codec_plugin.evaluation.metrics import psnr_db
from codec_plugin.evaluation.recognition import image_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from codec_plugin.codec import Codec
    from codec_plugin.evaluation.codecs.base import Pixels
    from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["DemoRow", "demo_photo", "demo_rows", "picture_strip"]

DEMO_CODECS = ("jpeg", "webp", "avif")
LABEL_HEIGHT = 30
MAX_NAME = 34  # characters
RIGHT, WRONG = "#006000", "#b00000"


class DemoRow(NamedTuple):
    """One decoded version of the photograph.

    Attributes:
        name: `stage 1`, `first half of stage 2`, `jpeg`, …
        bytes: of the file or prefix.
        rate_bpp: the same per pixel.
        psnr_db: against the original.
        names: most probable cluster at each level, coarse first.
        confidences: its probability.
        pixels: (H, W, 3) uint8.
    """

    name: str
    bytes: int
    rate_bpp: float
    psnr_db: float
    names: tuple[str, ...]
    confidences: tuple[float, ...]
    pixels: Pixels


def demo_photo(name: str) -> Pixels:
    """A shipped photograph (256, 256, 3).

    Raises:
        KeyError: none has that name.
    """
    return read_picture(shipped_photos()[name].path).bytes_rgb


def demo_rows(codec: Codec, recogniser: Recogniser, pixels: Pixels) -> list[list[DemoRow]]:
    """A list a level, and one for the whole file: ours at the end of its stage, half-way there from
    the list before, and each conventional codec at equal bytes.

    A codec whose smallest file is larger is shown at its smallest.
    """
    blob = codec.encode(pixels)
    header = read_header(blob)
    original = image_tensor(pixels)
    begin = header.size_bytes
    groups = []
    for stage in sorted({*codec.level_stages, header.stages - 1}):
        end = header.ends[stage]
        middle = (begin + end) // 2
        rows = [
            _row("half-way", middle, codec.decode(blob[:middle]).pixels, original, recogniser),
            _row(f"stage {stage + 1}", end, codec.decode(blob[:end]).pixels, original, recogniser),
        ]  # fmt: skip
        for name in DEMO_CODECS:
            data = fit_conventional(name, pixels, end)
            rows.append(_row(name, len(data), decode_conventional(data), original, recogniser))
        groups.append(rows)
        begin = end
    return groups


def picture_strip(
    original: Pixels, groups: Sequence[Sequence[DemoRow]], true_names: Sequence[str] = ()
) -> Pixels:
    """All versions with their bytes and the answer at their level underneath.

    A row of pictures a level, coarse first, and one for the whole file; the original at its left.

    Args:
        true_names: clusters of the class that is shown, coarse first: what is wrong then says so.
    """
    cells = []
    for level, rows in enumerate(groups):
        level = min(level, len(rows[0].names) - 1)
        true = true_names[level] if true_names else ""
        line = [_labelled(original, "original", (true, RIGHT))]
        for row in rows:
            wrong = bool(true) and row.names[level] != true
            name = row.names[level]
            name = name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
            told = f"{'wrong: ' * wrong}{name} {100 * row.confidences[level]:.0f} %"
            colour = WRONG if wrong else RIGHT if true else "black"
            line.append(_labelled(row.pixels, f"{row.name}: {row.bytes:,} bytes", (told, colour)))
        cells.append(np.concatenate(line, 1))
    return np.concatenate(cells, 0)


def _row(name: str, size: int, pixels: Pixels, original: Tensor, recogniser: Recogniser) -> DemoRow:
    decoded = image_tensor(pixels)
    answer = recogniser.answer(decoded)
    rate = 8 * size / (pixels.shape[0] * pixels.shape[1])
    quality, names = psnr_db(original, decoded), recogniser.names(answer)
    return DemoRow(name, size, rate, quality, names, answer.confidences, pixels)


def _labelled(pixels: Pixels, head: str, answer: tuple[str, str]) -> Pixels:
    """A picture with words on white underneath; the answer has a colour."""
    height, width = pixels.shape[:2]
    canvas = Image.new("RGB", (width, height + LABEL_HEIGHT), "white")
    canvas.paste(Image.fromarray(pixels), (0, 0))
    draw = ImageDraw.Draw(canvas)
    draw.text((4, height + 2), head, fill="black")
    draw.text((4, height + 15), answer[0], fill=answer[1])
    return np.asarray(canvas)
