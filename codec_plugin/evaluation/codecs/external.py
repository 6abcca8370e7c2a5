"""VVC, JPEG 2000 with layers and JPEG XL through their own tools, where those are on the PATH."""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image

from codec_plugin.errors import BitstreamError, ConfigError
from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError, Pixels
from codec_plugin.evaluation.codecs.containers import jpeg2000_container
from codec_plugin.evaluation.codecs.conventional import decode_conventional

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CODECS", "Jpeg2000", "JpegXl", "Vvc", "numbers"]

_SECONDS = 900
_LAYER_RATIOS = "400,250,160,110,80,60,45,34,26,20,15,11"


def numbers(text: str) -> tuple[str, ...]:
    """Settings with a / between.

    Raises:
        ConfigError: one is no number above zero.
    """
    settings = tuple(text.split("/"))
    if not all(re.fullmatch(r"\d+(\.\d+)?", setting) for setting in settings):
        raise ConfigError(f"settings are numbers, such as 40/30/22; got {text}")
    return settings


class _Tool(BenchCodec):
    """A codec of two programs: encoder and decoder.

    Args:
        text: other settings, with a / between; empty: the codec's own.
    Raises:
        ConfigError: a setting that is no number above zero.
        CodecAbsentError: the programs are not here.
    """

    name: ClassVar[str]
    tools: ClassVar[tuple[str, str]]
    advice: ClassVar[str]
    version_option: ClassVar[str] = "--version"

    def __init__(self, text: str = "") -> None:
        if text:
            self.settings = numbers(text)
        missing = [tool for tool in self.tools if which(tool) is None]
        if missing:
            raise CodecAbsentError(
                f"{self.name} needs {' and '.join(missing)} on the PATH: {self.advice}"
            )

    def identity(self) -> str:
        """The encoder and the version that it prints, such as `cjxl 0.11.1`."""
        command = [self.tools[0], self.version_option]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        version = re.search(rb"v?(\d+\.\d+(?:\.\d+)*)", done.stdout + done.stderr)
        return f"{self.tools[0]} {version[1].decode() if version else 'unknown'}"


class JpegXl(_Tool):
    """JPEG XL, effort 9, a bare code stream, by `cjxl` and `djxl`; settings are distances.

    `djxl --allow_partial_files` shows nothing of a small picture's prefix, so files are whole.
    """

    settings = ("25", "18", "13", "9", "6", "4", "3", "2", "1.5", "1")
    name = "jxl"
    tools, advice = (
        ("cjxl", "djxl"),
        "install libjxl-tools, or imagecodecs (pip install '.[rivals]')",
    )

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one distance."""
        options = ["-d", setting, "-e", "9", "--container=0", "--num_threads=0", "--quiet"]
        return _converted(_ppm(pixels), "in.ppm", "out.jxl", "cjxl", "in.ppm", "out.jxl", *options)

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        command = ("djxl", "in.jxl", "out.ppm", "--num_threads=0", "--quiet")
        return decode_conventional(_converted(data, "in.jxl", "out.ppm", *command))


class Vvc(_Tool):
    """VVC intra in 4:2:0, BT.601, `vvencapp` and `vvdecapp`.

    The programs read and write raw samples, whose sides the decoder's caller must know: they
    stand in four bytes behind the stream, which are counted.
    """

    settings = ("47", "43", "40", "37", "34", "31", "28", "25", "22")
    name = "vvc"
    tools, advice = ("vvencapp", "vvdecapp"), "build VVenC and VVdeC"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """One intra picture at one quantiser."""
        height, width = map(int, pixels.shape[:2])
        shape = [
            "-s",
            f"{_even(width)}x{_even(height)}",
            "--frames",
            "1",
            "--internal-bitdepth",
            "8",
        ]
        options = ["--preset", "medium", "--threads", "1", "-q", setting]
        command = ["vvencapp", "-i", "in.yuv", *shape, *options]
        stream = _converted(_to_yuv(pixels), "in.yuv", "out.266", *command, "-o", "out.266")
        return stream + height.to_bytes(2, "big") + width.to_bytes(2, "big")

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        height, width = int.from_bytes(data[-4:-2], "big"), int.from_bytes(data[-2:], "big")
        command = ("vvdecapp", "-b", "in.266", "-o", "out.yuv")
        raw = _converted(data[:-4], "in.266", "out.yuv", *command)
        return _from_yuv(raw, _even(height), _even(width))[:height, :width]


class Jpeg2000(_Tool):
    """JPEG 2000 by OpenJPEG's own tools: twelve quality layers, cut at any byte."""

    name = "jpeg2000"
    progressive = True
    tools, advice = ("opj_compress", "opj_decompress"), "install libopenjp2-tools"
    version_option = "-h"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A code stream (no JP2 boxes), irreversible wavelet, layers first."""
        command = ["opj_compress", "-i", "in.ppm", "-o", "out.j2k", "-r", _LAYER_RATIOS]
        return _converted(_ppm(pixels), "in.ppm", "out.j2k", *command, "-I", "-p", "LRCP")

    def decode(self, data: bytes) -> Pixels:
        """Pixels of a whole or cut code stream.

        Raises:
            BitstreamError: OpenJPEG makes nothing of so few bytes.
        """
        command = ("opj_decompress", "-i", "in.j2k", "-o", "out.ppm", "-allow-partial")
        return decode_conventional(_converted(data, "in.j2k", "out.ppm", *command))

    def container_bytes(self, data: bytes) -> int:
        """Main and tile header."""
        return jpeg2000_container(data)


def _converted(data: bytes, source: str, target: str, *command: str) -> bytes:
    """What a tool writes to the file `target` from the file `source`, which holds `data`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / source).write_bytes(data)
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_SECONDS, check=False, cwd=folder
            )
        except subprocess.TimeoutExpired as error:
            raise BitstreamError(f"{command[0]} took more than {_SECONDS} s") from error
        made = Path(folder) / target
        if done.returncode or not made.exists():
            reason = done.stderr.decode(errors="replace")[:200]
            raise BitstreamError(f"{command[0]} failed: {reason}")
        return made.read_bytes()


def _ppm(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PPM")
    return stream.getvalue()


def _even(side: int) -> int:
    return side + side % 2


def _to_yuv(pixels: Pixels) -> bytes:
    """Planes of 4:2:0 as Pillow converts and averages them; odd sides get their edge again."""
    pixels = np.pad(pixels, [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)], "edge")
    planes = Image.fromarray(pixels).convert("YCbCr").split()
    half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    chroma = [plane.resize(half, Image.Resampling.BOX) for plane in planes[1:]]
    return b"".join(np.asarray(plane).tobytes() for plane in (planes[0], *chroma))


def _from_yuv(data: bytes, height: int, width: int) -> Pixels:
    values: NDArray[np.uint8] = np.frombuffer(data, np.uint8)
    luma = Image.fromarray(values[: height * width].reshape(height, width))
    chroma = values[height * width :].reshape(2, height // 2, width // 2)
    size = (width, height)
    planes = [Image.fromarray(c).resize(size, Image.Resampling.BICUBIC) for c in chroma]
    return np.asarray(Image.merge("YCbCr", (luma, *planes)).convert("RGB"))


CODECS = {kind.name: kind for kind in (Vvc, Jpeg2000)}
"""`jxl` is chosen in `packaged`."""
