"""Conventional codecs that may also code the picture at a half or a quarter of its sides.

    picture ─► Lanczos to 1, 1/2, 1/4 of the sides ─► codec ─► file, and a byte for the scale
    file ─► codec ─► Lanczos to the picture's sides

Cuts are called `quality-SETTING`, `quality-SETTING-half` and `quality-SETTING-quarter`, so that
each row says its scale. Which one counts within a budget is settled in `statistics.budget`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL import __version__ as pillow_version

from codec_plugin.errors import BitstreamError
from codec_plugin.evaluation.codecs import conventional, external, packaged
from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CODECS", "Shrunk"]

_DIVISORS = {"half": 2, "quarter": 4}


class Shrunk(BenchCodec):
    """A whole-file codec over its settings at three scales.

    Args:
        kind: of the codec; not a progressive one.
        text: for it; where settings end in a scale, as in `0/40/20-half/50-quarter`, these are
            all, else each setting is used at each scale.
    """

    def __init__(self, kind: Callable[..., BenchCodec], text: str = "") -> None:
        chosen = text.split("/")
        self.settings = tuple(chosen)
        if any(map(_scaled, chosen)):
            plain = (s.rpartition("-")[0] if _scaled(s) else s for s in chosen)
            self.inner = kind("/".join(dict.fromkeys(plain)))
            return
        self.inner = kind(text) if text else kind()
        scales = ("", *(f"-{name}" for name in _DIVISORS))
        self.settings = tuple(f"{own}{scale}" for scale in scales for own in self.inner.settings)

    def identity(self) -> str:
        """The encoder and its version, and how pictures are resized."""
        return (
            f"{self.inner.identity()}, also halved and quartered (Lanczos of Pillow "
            f"{pillow_version})"
        )

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A file at one setting and scale; the last byte tells the scale and the sides' rests."""
        quality, _, scale = setting.rpartition("-")
        if not _scaled(setting):
            return self.inner.encode(pixels, setting) + bytes([1])
        divisor, (height, width) = _DIVISORS[scale], pixels.shape[:2]
        rests = (-height % divisor, -width % divisor)
        small = _resized(pixels, -(-height // divisor), -(-width // divisor))
        return self.inner.encode(small, quality) + bytes([divisor | rests[0] << 3 | rests[1] << 5])

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3) of the photograph's size.

        Raises:
            BitstreamError: the last byte tells no scale.
        """
        pixels = self.inner.decode(data[:-1])
        divisor, rests = data[-1] & 7, (data[-1] >> 3 & 3, data[-1] >> 5 & 3)
        if divisor not in (1, *_DIVISORS.values()):
            raise BitstreamError(f"a picture of 1/{divisor} of its sides: no encoder writes that")
        if divisor == 1:
            return pixels
        height, width = pixels.shape[:2]
        return _resized(pixels, height * divisor - rests[0], width * divisor - rests[1])

    def container_bytes(self, data: bytes) -> int:
        """Those of the codec, and the byte of the scale."""
        return self.inner.container_bytes(data[:-1]) + 1


def _scaled(setting: str) -> bool:
    return setting.rpartition("-")[2] in _DIVISORS


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    size = (width, height)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


_WHOLE = ("jpeg", "mozjpeg", "webp", "avif", "avif-speed0", "jxl", "vvc")
_KINDS: dict[str, Callable[..., BenchCodec]] = {
    **conventional.CODECS,
    **external.CODECS,
    **packaged.CODECS,
}
CODECS = {f"{name}-shrunk": partial(Shrunk, _KINDS[name]) for name in _WHOLE}
