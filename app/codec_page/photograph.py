"""One photograph as a .c2f file, and its picture after any number of that file's bytes.

What is worked out is kept under digests of the bytes, so that a second look is free.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from PIL import Image

from app.data.uploads import digest, picture_of
from codec_plugin import Codec, read_header
from codec_plugin.evaluation.metrics import psnr_db

__all__ = [
    "Look",
    "Machine",
    "Photograph",
    "as_tensor",
    "cuts",
    "damaged_stage",
    "encode",
    "load_machine",
    "look_at",
    "png_bytes",
    "psnr_between",
    "shrunk",
]

Pixels = NDArray[np.uint8]
MAX_PIXELS = 2_000_000
# Cuts of a small and of a large photograph.
CUTS, FEW_CUTS, LARGE_PX = 21, 11, 300_000


@dataclass(frozen=True)
class Machine:
    """A codec; one picture at a time goes through it."""

    codec: Codec
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Photograph:
    """A file under the slider.

    Args:
        blob: the file, whole or cut.
        original: (H, W, 3), or None where only the file was given.

    Raises:
        CodecError: `blob` is no such file (at the first use of what its header says).
    """

    machine: Machine
    blob: bytes
    original: Pixels | None = None

    @cached_property
    def key(self) -> str:
        """Under which what is made from the file is kept."""
        return f"{self.machine.codec.checkpoint.model_id}-{digest(self.blob)}-{self.source}"

    @cached_property
    def source(self) -> str:
        """Under which what is made from the original alone is kept; empty without one."""
        return "" if self.original is None else digest(self.original.tobytes())

    @cached_property
    def stage_ends(self) -> tuple[int, ...]:
        """Bytes at the end of every stage; there may be more of them than levels."""
        return read_header(self.blob).ends

    @cached_property
    def level_ends(self) -> dict[str, int]:
        """Bytes at the end of the stage at which each level is told, by the level's name."""
        codec, ends = self.machine.codec, self.stage_ends
        stages = zip(codec.level_names, codec.level_stages, strict=True)
        return {name: ends[stage] for name, stage in stages if stage < len(ends)}

    @cached_property
    def fewest(self) -> int:
        """Fewest bytes that decode: the header's."""
        return min(read_header(self.blob).size_bytes, len(self.blob))

    @property
    def whole(self) -> bool:
        """Whether the file came with all its bytes."""
        return len(self.blob) >= self.stage_ends[-1]

    @cached_property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        header = read_header(self.blob)
        return header.width_px, header.height_px

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """Byte counts, ascending, that are looked at unasked: the same on every page."""
        width, height = self.size_px
        count = CUTS if width * height < LARGE_PX else FEW_CUTS
        return cuts(self.fewest, len(self.blob), self.level_ends, count)


@dataclass(frozen=True)
class Look:
    """The picture after some bytes.

    Args:
        pixels: (H, W, 3).
        bytes_used: those of a cut element go unused.
        psnr_db: against the original, or None without one.
    """

    pixels: Pixels
    bytes_used: int
    rate_bpp: float
    psnr_db: float | None
    stages_complete: int
    warnings: tuple[str, ...]


def load_machine(checkpoint: str | Path) -> Machine:
    """Load a codec by a shipped name or file.

    Raises:
        CodecError: no such checkpoint, or not a sound one.
    """
    # Visitors come side by side; two threads for each wait for one another on a busy machine.
    torch.set_num_threads(1)
    return Machine(Codec.load(checkpoint))


def encode(machine: Machine, pixels: Pixels, *, effort: int = 0) -> bytes:
    """Encode a photograph (H, W, 3) once, to the end.

    Args:
        effort: steps of the search for the classes, as of `c2f encode --effort`.

    Raises:
        CodecError: the search's classifier or label map is not here.
    """
    with machine.lock:
        return machine.codec.encode(pixels, effort=effort)


def look_at(photograph: Photograph, size: int) -> Look:
    """The picture after `size` bytes.

    Raises:
        CodecError: a damaged or foreign file, or too many pixels.
    """
    return _look(photograph.key, size, photograph)


@st.cache_data(max_entries=384, show_spinner=False)  # up to 6 MB each, 200 kB for 256 pixels
def _look(key: str, size: int, _photograph: Photograph) -> Look:
    machine, original = _photograph.machine, _photograph.original
    with machine.lock:
        decoded = machine.codec.decode(_photograph.blob, max_bytes=size, max_pixels=MAX_PIXELS)
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
    )


def psnr_between(first: Pixels, second: Pixels) -> float:
    """PSNR in dB of two pictures (H, W, 3)."""
    return psnr_db(as_tensor(first), as_tensor(second))


def as_tensor(pixels: Pixels) -> torch.Tensor:
    """Pixels (H, W, 3) as the networks take them: (3, H, W), 0..1."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255


def cuts(fewest: int, total: int, level_ends: Mapping[str, int], count: int) -> tuple[int, ...]:
    """Byte counts to look at: the ends of the levels' stages, and log-spaced ones between."""
    spaced = np.geomspace(min(fewest + 32, total), total, count).round().astype(int).tolist()
    return tuple(sorted({*spaced, *(end for end in level_ends.values() if end <= total)}))


def damaged_stage(stage_ends: Sequence[int], size: int, complete: int) -> int | None:
    """Number, from 1, of the stage that arrived with all its bytes but a wrong check; None if none.

    Args:
        size: bytes that arrived.
        complete: stages whose check is right.
    """
    arrived = sum(end <= size for end in stage_ends)
    return complete + 1 if complete < arrived else None


def shrunk(content: bytes, side_px: int) -> tuple[Pixels, tuple[str, ...]]:
    """An uploaded photograph as (H, W, 3) with its longer side at most `side_px`.

    Returns:
        The pixels, and what was done to them, a sentence each.
    Raises:
        UploadError: not a picture.
    """
    picture = picture_of(content)
    width, height = picture.width_px, picture.height_px
    if max(width, height) <= side_px:
        return picture.bytes_rgb, picture.notes
    scale = side_px / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(picture.bytes_rgb).resize(size, Image.Resampling.LANCZOS)
    smaller = f"made smaller from {width} × {height} to {size[0]} × {size[1]} pixels"
    return np.asarray(small), (*picture.notes, smaller)


def png_bytes(pixels: Pixels, *, quick: bool = False) -> bytes:
    """Pixels as a PNG file; a quick one is made in a third of the time and somewhat larger."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1 if quick else 6)
    return stream.getvalue()
