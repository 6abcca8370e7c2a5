"""Conventional codecs that may also code the picture at a half or a quarter of its sides.

    picture ─► Lanczos to 1, 1/2, 1/4 of the sides ─► codec ─► file, and a byte for the scale
    file ─► codec ─► Lanczos to the picture's sides

Cuts are called `quality-SETTING`, `quality-SETTING-half` and `quality-SETTING-quarter`, so that
each row says its scale. Which one counts within a budget is settled in `budget`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from codec_plugin.errors import BitstreamError
from codec_plugin.evaluation.codecs import conventional, external
from codec_plugin.evaluation.codecs.registry import BenchCodec, Pixels, register_maker

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Shrunk"]

_DIVISORS = {"half": 2, "quarter": 4}


class Shrunk(BenchCodec):
    """A whole-file codec over all its settings at three scales.

    Args:
        inner: the codec; not a progressive one.
    """

    def __init__(self, inner: BenchCodec) -> None:
        self.inner = inner
        scales = ("", *(f"-{name}" for name in _DIVISORS))
        self.settings = tuple(f"{setting}{scale}" for scale in scales for setting in inner.settings)

    def identity(self) -> str:
        """The encoder and its version, and how pictures are resized."""
        from PIL import __version__

        return (
            f"{self.inner.identity()}, also halved and quartered (Lanczos of Pillow {__version__})"
        )

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A file at one setting and scale; the last byte tells the scale and the sides' rests."""
        quality, _, scale = setting.rpartition("-")
        if scale not in _DIVISORS:
            return self.inner.encode(pixels, setting) + bytes([1])
        divisor = _DIVISORS[scale]
        sides = [-(-side // divisor) for side in pixels.shape[:2]]
        rests = [
            small * divisor - side for small, side in zip(sides, pixels.shape[:2], strict=True)
        ]
        small = _resized(pixels, sides[0], sides[1])
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
        height, width = (
            side * divisor - rest for side, rest in zip(pixels.shape[:2], rests, strict=True)
        )
        return pixels if divisor == 1 else _resized(pixels, height, width)

    def container_bytes(self, data: bytes) -> int:
        """Those of the codec, and the byte of the scale."""
        return self.inner.container_bytes(data[:-1]) + 1


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    from PIL import Image

    size = (width, height)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _made(kind: Callable[..., BenchCodec], text: str) -> BenchCodec:
    return Shrunk(kind(text) if text else kind())


_KINDS: dict[str, Callable[..., BenchCodec]] = {
    "jpeg": conventional.Jpeg,
    "webp": conventional.WebP,
    "avif": conventional.Avif,
    "avif-speed0": conventional.AvifSlowest,
    "jxl": external.JpegXl,
    "vvc": external.Vvc,
}
for _name, _kind in _KINDS.items():
    register_maker(f"{_name}-shrunk", partial(_made, _kind))
