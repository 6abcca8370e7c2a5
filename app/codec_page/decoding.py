"""The codec page's work: one loaded codec, one encoded photograph, and looks at its prefixes."""

from __future__ import annotations

import importlib.util
import io
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from codec_plugin import Codec

__all__ = [
    "CODEC_PACKAGES",
    "Encoded",
    "Look",
    "Machine",
    "as_tensor",
    "cuts",
    "damaged_stage",
    "decode",
    "encode",
    "load_machine",
    "missing",
    "opened",
    "png_bytes",
    "shrunk",
]

CODEC_PACKAGES = ("torch", "constriction", "safetensors")


@dataclass(frozen=True)
class Machine:
    """A codec; one picture at a time goes through it."""

    codec: Codec
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Encoded:
    """A whole file: its bytes and where its stages end.

    Args:
        ends: bytes at the end of the stage at which each level is told, by the level's name.
        stage_ends: bytes at the end of every stage; there may be more of them than levels.
        first: fewest bytes that decode (the header).
    """

    blob: bytes
    ends: dict[str, int]
    stage_ends: tuple[int, ...]
    first: int
    height_px: int
    width_px: int

    @property
    def whole(self) -> bool:
        """Whether the file came with all its bytes."""
        return len(self.blob) >= self.stage_ends[-1]


@dataclass(frozen=True)
class Look:
    """The picture after some bytes.

    Args:
        pixels: (H, W, 3) uint8.
        bytes_asked: how many of the file's were given; those of a cut element may go unused.
        psnr_db: against the original, or None without one.
    """

    pixels: NDArray[np.uint8]
    bytes_used: int
    rate_bpp: float
    psnr_db: float | None
    stages_complete: int
    warnings: tuple[str, ...]
    bytes_asked: int


def missing() -> tuple[str, ...]:
    """Packages of the codec extra that are not installed."""
    return tuple(name for name in CODEC_PACKAGES if importlib.util.find_spec(name) is None)


def load_machine(checkpoint: str | Path) -> Machine:
    """Load a codec.

    Args:
        checkpoint: shipped name or file.

    Raises:
        CodecError: no such checkpoint, or not a sound one.
    """
    import torch

    from codec_plugin import Codec

    # Visitors come side by side; two threads for each wait for one another on a busy machine.
    torch.set_num_threads(1)
    return Machine(Codec.load(checkpoint))


def encode(machine: Machine, pixels: NDArray[np.uint8], *, effort: int = 0) -> Encoded:
    """Encode a photograph (H, W, 3) uint8 once, to the end.

    Args:
        effort: steps of the search for the classes, as of `c2f encode --effort`.

    Raises:
        CodecError: the search's classifier or label map is not here.
    """
    with machine.lock:
        return opened(machine, machine.codec.encode(pixels, effort=effort))


def opened(machine: Machine, blob: bytes) -> Encoded:
    """Read where the stages of a file end.

    Raises:
        CodecError: not a file, or not one of this codec.
    """
    from codec_plugin import read_header

    header = read_header(blob)
    codec = machine.codec
    ends = {
        name: header.ends[stage]
        for name, stage in zip(codec.level_names, codec.level_stages, strict=True)
        if stage < header.stages
    }
    return Encoded(blob, ends, header.ends, header.size_bytes, header.height_px, header.width_px)


def decode(
    machine: Machine,
    encoded: Encoded,
    size: int,
    original: NDArray[np.uint8] | None,
    max_pixels: int,
) -> Look:
    """Decode the first `size` bytes.

    Raises:
        CodecError: a damaged or foreign file, or more than `max_pixels` pixels.
    """
    with machine.lock:
        decoded = machine.codec.decode(encoded.blob, max_bytes=size, max_pixels=max_pixels)
    pixels = decoded.pixels
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    return Look(
        pixels=pixels,
        bytes_used=decoded.bytes_used,
        rate_bpp=decoded.rate_bpp,
        psnr_db=None if original is None else psnr_between(original, pixels),
        stages_complete=decoded.stages_complete,
        warnings=decoded.warnings,
        bytes_asked=size,
    )


def psnr_between(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """PSNR in dB of two pictures (H, W, 3)."""
    from codec_plugin.evaluation.metrics import psnr_db

    return psnr_db(as_tensor(first), as_tensor(second))


def as_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Pixels (H, W, 3) as the networks take them: (3, H, W), 0..1."""
    import torch

    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255


def cuts(encoded: Encoded, count: int = 12) -> tuple[int, ...]:
    """Byte counts to look at: the ends of the stages, and log-spaced ones between."""
    total = len(encoded.blob)
    start = min(encoded.first + 32, total)
    spaced = np.geomspace(start, total, count).round().astype(int).tolist()
    return tuple(sorted({*spaced, *(end for end in encoded.ends.values() if end <= total)}))


def damaged_stage(encoded: Encoded, look: Look) -> int | None:
    """Number, from 1, of the stage that arrived with all its bytes but a wrong check; None if
    there is none.
    """
    arrived = sum(end <= look.bytes_asked for end in encoded.stage_ends)
    return look.stages_complete + 1 if look.stages_complete < arrived else None


def shrunk(content: bytes, side_px: int) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """An uploaded photograph as (H, W, 3) uint8 with its longer side at most `side_px`.

    Returns:
        The pixels, and what was done to them, a sentence each.
    Raises:
        UploadError: not a picture.
    """
    from PIL import Image

    from app.data.uploads import picture_of

    picture = picture_of(content)
    width, height = picture.width_px, picture.height_px
    if max(width, height) <= side_px:
        return picture.bytes_rgb, picture.notes
    scale = side_px / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(picture.bytes_rgb).resize(size, Image.Resampling.LANCZOS)
    smaller = f"made smaller from {width} × {height} to {size[0]} × {size[1]} pixels"
    return np.asarray(small), (*picture.notes, smaller)


def png_bytes(pixels: NDArray[np.uint8], *, quick: bool = False) -> bytes:
    """Pixels as a PNG file; a quick one is made in a third of the time and somewhat larger."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1 if quick else 6)
    return stream.getvalue()
