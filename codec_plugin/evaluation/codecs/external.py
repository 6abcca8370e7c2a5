"""JPEG XL and VVC through their own tools, where those are on the PATH."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import numpy as np

from codec_plugin.errors import BitstreamError
from codec_plugin.evaluation.codecs.registry import (
    BenchCodec,
    CodecAbsentError,
    Pixels,
    codec,
    tool_version,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["JpegXl", "Vvc"]

_SECONDS = 300


@codec("jxl")
class JpegXl(BenchCodec):
    """JPEG XL, effort 9, a bare code stream, by `cjxl` and `djxl`; settings are distances.

    `djxl --allow_partial_files` shows nothing of a small picture's prefix, so files are whole.
    """

    settings = ("25", "18", "13", "9", "6", "4", "3", "2", "1.5", "1")

    def __init__(self) -> None:
        _need("jxl", ("cjxl", "djxl"), "install libjxl-tools")

    def identity(self) -> str:
        """The encoder and its version."""
        return tool_version("cjxl")

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one distance."""
        from PIL import Image

        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.ppm", Path(folder) / "out.jxl"
            Image.fromarray(pixels).save(source)
            options = ["-d", setting, "-e", "9", "--container=0", "--num_threads=0", "--quiet"]
            _run(["cjxl", source, target, *options])
            return target.read_bytes()

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        from PIL import Image

        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.jxl", Path(folder) / "out.ppm"
            source.write_bytes(data)
            _run(["djxl", source, target, "--num_threads=0", "--quiet"])
            return np.asarray(Image.open(target).convert("RGB"))


@codec("vvc")
class Vvc(BenchCodec):
    """VVC intra in 4:2:0, BT.601, `vvencapp` and `vvdecapp`.

    The raw stream carries no picture size that the decoder's caller needs beforehand: it is read
    from the decoder's report; the stream is counted whole.
    """

    settings = ("47", "43", "40", "37", "34", "31", "28", "25", "22")

    def __init__(self) -> None:
        _need("vvc", ("vvencapp", "vvdecapp"), "build VVenC and VVdeC")

    def identity(self) -> str:
        """The encoder and its version."""
        return tool_version("vvencapp")

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """One intra picture at one quantiser."""
        height, width = map(int, pixels.shape[:2])
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.yuv", Path(folder) / "out.266"
            source.write_bytes(_to_yuv(pixels))
            shape = ["-s", f"{width}x{height}", "--frames", "1", "--internal-bitdepth", "8"]
            quality = ["--preset", "medium", "-q", setting]
            _run(["vvencapp", "-i", source, *shape, *quality, "-o", target])
            return target.read_bytes() + height.to_bytes(2, "big") + width.to_bytes(2, "big")

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        height, width = int.from_bytes(data[-4:-2], "big"), int.from_bytes(data[-2:], "big")
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.266", Path(folder) / "out.yuv"
            source.write_bytes(data[:-4])
            _run(["vvdecapp", "-b", source, "-o", target])
            return _from_yuv(target.read_bytes(), height, width)


def _need(name: str, tools: tuple[str, ...], advice: str) -> None:
    missing = [tool for tool in tools if which(tool) is None]
    if missing:
        raise CodecAbsentError(f"{name} needs {' and '.join(missing)} on the PATH: {advice}")


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise BitstreamError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[:200]}")


def _to_yuv(pixels: Pixels) -> bytes:
    """Planes of 4:2:0 as Pillow converts and averages them (even sides)."""
    from PIL import Image

    planes = Image.fromarray(pixels).convert("YCbCr").split()
    half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    chroma = [plane.resize(half, Image.Resampling.BOX) for plane in planes[1:]]
    return b"".join(np.asarray(plane).tobytes() for plane in (planes[0], *chroma))


def _from_yuv(data: bytes, height: int, width: int) -> Pixels:
    from PIL import Image

    values: NDArray[np.uint8] = np.frombuffer(data, np.uint8)
    luma = Image.fromarray(values[: height * width].reshape(height, width))
    chroma = values[height * width :].reshape(2, height // 2, width // 2)
    size = (width, height)
    planes = [Image.fromarray(c).resize(size, Image.Resampling.BICUBIC) for c in chroma]
    return np.asarray(Image.merge("YCbCr", (luma, *planes)).convert("RGB"))
