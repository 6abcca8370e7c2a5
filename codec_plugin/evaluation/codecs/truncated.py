"""Conventional codecs whose files may be cut: progressive JPEG and JPEG 2000 with layers."""

from __future__ import annotations

import io
import subprocess
import tempfile
import threading
from pathlib import Path
from shutil import which

import numpy as np

from codec_plugin.errors import BitstreamError
from codec_plugin.evaluation.codecs.base import peer_version
from codec_plugin.evaluation.codecs.containers import jpeg2000_container, jpeg_container
from codec_plugin.evaluation.codecs.registry import (
    BenchCodec,
    CodecAbsentError,
    Pixels,
    codec,
    tool_version,
)

__all__ = ["Jpeg2000", "JpegProgressive"]

_LAYER_RATIOS = (400, 250, 160, 110, 80, 60, 45, 34, 26, 20, 15, 11)
_SECONDS = 60
_truncation = threading.Lock()


@codec("jpeg-progressive")
class JpegProgressive(BenchCodec):
    """Progressive JPEG of quality 75, cut; Pillow fills what is missing."""

    settings = ("75",)
    progressive = True

    def identity(self) -> str:
        """The encoder and its version."""
        return peer_version("jpeg")

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A file of many scans, with optimised tables."""
        from PIL import Image

        stream = io.BytesIO()
        options = {"quality": int(setting), "progressive": True, "optimize": True}
        Image.fromarray(pixels).save(stream, "JPEG", **options)
        return stream.getvalue()

    def decode(self, data: bytes) -> Pixels:
        """Pixels of a whole or cut file.

        Raises:
            BitstreamError: cut before the first scan.
        """
        from PIL import Image, ImageFile

        with _truncation:
            before = ImageFile.LOAD_TRUNCATED_IMAGES
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                image = Image.open(io.BytesIO(data))
                if jpeg_container(data) >= len(data):
                    raise BitstreamError("progressive JPEG cut before its first scan")
                return np.asarray(image.convert("RGB"))
            except (OSError, SyntaxError) as error:
                raise BitstreamError(f"progressive JPEG: {error}") from error
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = before

    def container_bytes(self, data: bytes) -> int:
        """Markers and tables."""
        return jpeg_container(data)


@codec("jpeg2000")
class Jpeg2000(BenchCodec):
    """JPEG 2000 by OpenJPEG's own tools: twelve quality layers, cut at any byte."""

    progressive = True

    def __init__(self) -> None:
        missing = [tool for tool in ("opj_compress", "opj_decompress") if which(tool) is None]
        if missing:
            raise CodecAbsentError(
                f"jpeg2000 needs {' and '.join(missing)} on the PATH: install libopenjp2-tools"
            )

    def identity(self) -> str:
        """The encoder and its version."""
        return tool_version("opj_compress", "-h")

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A code stream (no JP2 boxes), irreversible wavelet, layers first."""
        from PIL import Image

        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.ppm", Path(folder) / "out.j2k"
            Image.fromarray(pixels).save(source)
            ratios = ",".join(str(ratio) for ratio in _LAYER_RATIOS)
            _run(["opj_compress", "-i", source, "-o", target, "-r", ratios, "-I", "-p", "LRCP"])
            return target.read_bytes()

    def decode(self, data: bytes) -> Pixels:
        """Pixels of a whole or cut code stream.

        Raises:
            BitstreamError: OpenJPEG makes nothing of so few bytes.
        """
        from PIL import Image

        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.j2k", Path(folder) / "out.ppm"
            source.write_bytes(data)
            _run(["opj_decompress", "-i", source, "-o", target, "-allow-partial"])
            return np.asarray(Image.open(target).convert("RGB"))

    def container_bytes(self, data: bytes) -> int:
        """Main and tile header."""
        return jpeg2000_container(data)


def _run(command: list[str | Path]) -> None:
    """Run a tool that writes the file behind `-o`."""
    target = Path(command[command.index("-o") + 1])
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BitstreamError(f"{command[0]} took more than {_SECONDS} s") from error
    if done.returncode or not target.exists():
        raise BitstreamError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[:200]}")
