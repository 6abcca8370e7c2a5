"""mozjpeg and JPEG XL by encoders that Python packages bring along (`pip install '.[rivals]'`)."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError, Pixels
from codec_plugin.evaluation.codecs.conventional import Jpeg
from codec_plugin.evaluation.codecs.external import JpegXl, numbers

if TYPE_CHECKING:
    from typing import Any

__all__ = ["CODECS", "MozJpeg", "PackagedJpegXl", "jpeg_xl"]

_VIPS = "pyvips-binary"
"""Its libvips is linked with mozjpeg; that of a system seldom is."""


class MozJpeg(Jpeg):
    """Progressive JPEG by mozjpeg: trellis quantisation, its own tables, scans that it tried.

    Args:
        text: qualities, as of `Jpeg`.
    Raises:
        ConfigError: a quality that is not a whole number of 0 to 100.
        CodecAbsentError: pyvips or the libvips of pyvips-binary is not here.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        try:
            self._version = version(_VIPS)
        except PackageNotFoundError:
            self._version = ""
        if not self._version or find_spec("pyvips") is None:
            raise CodecAbsentError(
                "mozjpeg needs pyvips and pyvips-binary: pip install '.[rivals]'"
            )

    def identity(self) -> str:
        """The package; it does not tell mozjpeg's own version."""
        return f"mozjpeg of {_VIPS} {self._version}"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one quality."""
        import pyvips

        image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
        data: bytes = image.jpegsave_buffer(
            Q=int(setting), keep="none", optimize_coding=True, interlace=True, optimize_scans=True,
            trellis_quant=True, overshoot_deringing=True, quant_table=3,
        )  # fmt: skip
        return data


class PackagedJpegXl(BenchCodec):
    """JPEG XL, effort 9, a bare code stream, by libjxl of imagecodecs; settings are distances."""

    def __init__(self, text: str = "") -> None:
        self.settings = numbers(text) if text else JpegXl.settings

    def identity(self) -> str:
        """The library and its version, such as `libjxl 0.11.2 of imagecodecs 2026.3.6`."""
        return f"{_imagecodecs().jpegxl_version()} of imagecodecs {version('imagecodecs')}"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one distance."""
        data: bytes = _imagecodecs().jpegxl_encode(
            pixels, distance=float(setting), effort=9, lossless=False, usecontainer=False,
            numthreads=1,
        )  # fmt: skip
        return data

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        return np.asarray(_imagecodecs().jpegxl_decode(data, numthreads=1))


def jpeg_xl(text: str = "") -> BenchCodec:
    """JPEG XL of the package where it is installed, for it is the newer one, else of `cjxl`.

    Args:
        text: distances, with a / between; empty: the codec's own.
    Raises:
        ConfigError: a distance that is no number above zero.
        CodecAbsentError: neither is here.
    """
    return PackagedJpegXl(text) if find_spec("imagecodecs") else JpegXl(text)


def _imagecodecs() -> Any:
    import imagecodecs

    return imagecodecs


CODECS = {"mozjpeg": MozJpeg, "jxl": jpeg_xl}
