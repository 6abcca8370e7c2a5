"""Conventional codecs by Pillow's encoders: whole files over a sweep of settings, and cut JPEG."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image, features
from PIL import __version__ as pillow_version

from codec_plugin.errors import BitstreamError, ConfigError
from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels
from codec_plugin.evaluation.codecs.containers import (
    avif_container,
    closed_jpeg,
    jpeg2000_container,
    jpeg_container,
    webp_container,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CODECS",
    "SWEEPS",
    "Avif",
    "AvifSlowest",
    "Jpeg",
    "Jpeg2000Sweep",
    "JpegProgressive",
    "WebP",
    "decode_conventional",
    "encode_conventional",
    "encoder_version",
    "fit_conventional",
]

SWEEPS: dict[str, tuple[int, ...]] = {
    "jpeg": (1, 3, 5, 8, 10, 15, 20, 30, 40, 55, 70, 85),
    "webp": (0, 2, 5, 10, 20, 30, 40, 55, 70, 85),
    "avif": (0, 1, 3, 5, 8, 12, 15, 20, 25, 32, 40, 50, 60, 75),
    "jpeg2000": (160, 120, 90, 70, 55, 40, 30, 20, 14, 10),
}
"""Settings by Pillow's name of a format; JPEG 2000's are ratios, the others' qualities."""

AVIF_SPEED = 4
"""Of libavif's 0 (slowest) to 10; `avif-speed0` is the slowest."""
AVIF_THREADS = 2
"""aom's files of one thread differ from those of several; left alone it takes the idle cores."""


def encode_conventional(
    name: str, pixels: Pixels, setting: int, *, avif_speed: int = AVIF_SPEED
) -> bytes:
    """One photograph as a file of a conventional codec, at its small settings.

    Args:
        name: one of `SWEEPS`.
        pixels: (H, W, 3).
        setting: quality 0 to 100, or the ratio of JPEG 2000.
        avif_speed: 0 to 10; 0 is the slowest and smallest.
    Raises:
        ConfigError: no such codec in this Pillow.
    """
    if name not in SWEEPS:
        raise ConfigError(f"codec {name!r} is not one of {', '.join(SWEEPS)}")
    if name == "avif" and not features.check("avif"):
        raise ConfigError("this Pillow has no AVIF; install pillow 11.3 or later")
    options: dict[str, dict[str, object]] = {
        "jpeg": {"quality": setting, "optimize": True, "progressive": False},
        "webp": {"quality": setting, "method": 6},
        "avif": {"quality": setting, "speed": avif_speed, "max_threads": AVIF_THREADS},
        "jpeg2000": {
            "quality_mode": "rates",
            "quality_layers": [setting],
            "irreversible": True,
            "no_jp2": True,
        },
    }
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name.upper(), **options[name])
    return stream.getvalue()


def decode_conventional(data: bytes) -> Pixels:
    """Pixels (H, W, 3) of a file that Pillow reads."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def fit_conventional(
    name: str,
    pixels: Pixels,
    max_bytes: int,
    encode: Callable[[str, Pixels, int], bytes] = encode_conventional,
) -> bytes:
    """The largest file of a conventional codec within a number of bytes, or its smallest file.

    Qualities are searched by bisection (file size grows with quality).

    Args:
        encode: like `encode_conventional`, which it is unless somebody keeps the files.
    """
    if name == "jpeg2000":
        return encode(name, pixels, max(1, round(pixels.size / max(1, max_bytes))))
    low, high = int(name == "jpeg"), 100
    best = encode(name, pixels, low)
    while low < high:
        middle = (low + high + 1) // 2
        data = encode(name, pixels, middle)
        if len(data) <= max_bytes:
            low, best = middle, data
        else:
            high = middle - 1
    return best


def encoder_version(name: str, avif_speed: int = AVIF_SPEED) -> str:
    """An encoder of Pillow's and its version, such as `webp 1.6.0 of Pillow 13.0.0`.

    AVIF's names the library that codes, too, and how:
    `avif 1.4.2 (aom 3.14.1, speed 4, 2 threads) of Pillow 13.0.0`.
    """
    libraries = {
        "jpeg": ("libjpeg_turbo", features.version_feature),
        "webp": ("webp", features.version_module),
        "avif": ("avif", features.version_module),
        "jpeg2000": ("openjpeg", lambda _: features.version_codec("jpg_2000")),
    }
    library, version_of = libraries[name]
    if name == "jpeg" and not features.check_feature(library):
        library, version_of = "libjpeg", lambda _: features.version_codec("jpg")
    text = f"{library} {version_of(library) or 'unknown'}"
    if name == "avif":
        text += f" ({_avif_encoder()}, speed {avif_speed}, {AVIF_THREADS} threads)"
    return f"{text} of Pillow {pillow_version}"


def _avif_encoder() -> str:
    """The library behind libavif that Pillow encodes with, and its version."""
    try:
        from PIL import _avif
    except ImportError:
        return "no encoder"
    known: str = _avif.codec_versions()
    match = re.search(r"(\w+) \[[a-z/]*enc[a-z/]*\]:([\w.]+)", known)
    return " ".join(match.groups()) if match else known


class _Sweep(BenchCodec):
    """A whole file at each setting of a format's sweep.

    Args:
        text: other qualities, with a / between; empty: all of the sweep.
    Raises:
        ConfigError: a quality that is not a whole number of 0 to 100.
    """

    format: ClassVar[str]
    container: ClassVar[Callable[[bytes], int]]
    avif_speed: ClassVar[int] = AVIF_SPEED

    def __init__(self, text: str = "") -> None:
        self.settings = tuple(map(str, SWEEPS[self.format]))
        if text:
            self.settings = tuple(text.split("/"))
            if not all(quality.isdecimal() and int(quality) <= 100 for quality in self.settings):
                raise ConfigError(
                    f"qualities are numbers of 0 to 100, such as 10/30/50; got {text}"
                )

    def identity(self) -> str:
        """The encoder and its version."""
        return encoder_version(self.format, self.avif_speed)

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one setting."""
        return encode_conventional(self.format, pixels, int(setting), avif_speed=self.avif_speed)

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        return decode_conventional(data)

    def container_bytes(self, data: bytes) -> int:
        """Bytes outside the coded frame."""
        return type(self).container(data)


class Jpeg(_Sweep):
    """Baseline JPEG with optimised Huffman tables."""

    format, container = "jpeg", jpeg_container


class WebP(_Sweep):
    """WebP, method 6."""

    format, container = "webp", webp_container


class Avif(_Sweep):
    """AVIF, speed 4."""

    format, container = "avif", avif_container


class AvifSlowest(Avif):
    """AVIF, speed 0: the smallest files of its encoder, at many times the work."""

    avif_speed = 0


class Jpeg2000Sweep(_Sweep):
    """JPEG 2000 by Pillow, a whole file a ratio; `external.Jpeg2000` cuts one file instead."""

    format, container = "jpeg2000", jpeg2000_container


class JpegProgressive(BenchCodec):
    """Progressive JPEG of quality 75, cut; the decoder fills what is missing."""

    settings = ("75",)
    progressive = True

    def identity(self) -> str:
        """The encoder and its version, and that cut files are closed before they are decoded."""
        return f"{encoder_version('jpeg')}, closed"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A file of many scans, with optimised tables."""
        stream = io.BytesIO()
        options = {"quality": int(setting), "progressive": True, "optimize": True}
        Image.fromarray(pixels).save(stream, "JPEG", **options)
        return stream.getvalue()

    def decode(self, data: bytes) -> Pixels:
        """Pixels of a whole or cut file.

        Raises:
            BitstreamError: cut before the first scan.
        """
        if jpeg_container(data) >= len(data):
            raise BitstreamError("progressive JPEG cut before its first scan")
        try:
            return np.asarray(Image.open(io.BytesIO(closed_jpeg(data))).convert("RGB"))
        except (OSError, SyntaxError) as error:
            raise BitstreamError(f"progressive JPEG: {error}") from error

    def container_bytes(self, data: bytes) -> int:
        """Markers and tables."""
        return jpeg_container(data)


CODECS = {
    "jpeg": Jpeg,
    "webp": WebP,
    "avif": Avif,
    "avif-speed0": AvifSlowest,
    "jpeg-progressive": JpegProgressive,
}
