"""The codec page's work: one loaded codec, one encoded photograph, and looks at its prefixes."""

from __future__ import annotations

import importlib.util
import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from codec_plugin import Codec
    from codec_plugin.evaluate.recognition import Recogniser

__all__ = [
    "CODEC_PACKAGES",
    "SURE",
    "Answers",
    "Encoded",
    "Look",
    "Machine",
    "Reader",
    "cuts",
    "decode",
    "encode",
    "first_sure",
    "load_machine",
    "load_reader",
    "missing",
    "opened",
    "png_bytes",
    "read",
    "shrunk",
]

CODEC_PACKAGES = ("torch", "constriction", "safetensors", "compressai")
SHOWN = 5
SURE = 0.8
# By level name, the most probable clusters with their probabilities 0..1.
Answers = dict[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class Machine:
    """A codec; one picture at a time goes through it."""

    codec: Codec
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Reader:
    """What names the pictures.

    Args:
        recogniser: the classifier read through the codec's label map, or None without one.
        remark: why there is none, in a sentence.
    """

    recogniser: Recogniser | None
    remark: str


@dataclass(frozen=True)
class Encoded:
    """A whole file: its bytes and where its stages end.

    Args:
        ends: bytes at the end of each stage, by the name of the level it serves.
        first: fewest bytes that decode (the header).
    """

    blob: bytes
    ends: dict[str, int]
    first: int
    height_px: int
    width_px: int


@dataclass(frozen=True)
class Look:
    """The picture after some bytes.

    Args:
        pixels: (H, W, 3) uint8.
        psnr_db: against the original, or None without one.
    """

    pixels: NDArray[np.uint8]
    bytes_used: int
    rate_bpp: float
    psnr_db: float | None
    stages_complete: int
    warnings: tuple[str, ...]


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


def load_reader(machine: Machine, label_maps: Mapping[str, Path], classifier: str) -> Reader:
    """Load the classifier that looks at a codec's pictures.

    Args:
        label_maps: files to look through for the label map that the codec was trained for.
        classifier: whose answers are shown.
    """
    from codec_plugin import CodecError
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.evaluate.recognition import Recogniser
    from codec_plugin.hierarchy import load_hierarchy

    try:
        path = _label_map_of(machine.codec, label_maps)
        if path is None:
            return Reader(None, "the label map that the codec was trained for is not here")
        return Reader(Recogniser(load_classifier(classifier), load_hierarchy(path)), "")
    except CodecError as error:
        return Reader(None, str(error))


def _label_map_of(codec: Codec, label_maps: Mapping[str, Path]) -> Path | None:
    """The file of the label map with the checkpoint's identity, its own name tried first."""
    from hierlab import HierlabError, load_label_map

    meta = codec.checkpoint.meta
    for _, path in sorted(label_maps.items(), key=lambda entry: entry[0] != meta.label_map_name):
        try:
            if load_label_map(path).id == meta.label_map_id:
                return path
        except HierlabError:
            continue
    return None


def encode(machine: Machine, pixels: NDArray[np.uint8]) -> Encoded:
    """Encode a photograph (H, W, 3) uint8 once, to the end."""
    with machine.lock:
        return opened(machine, machine.codec.encode(pixels))


def opened(machine: Machine, blob: bytes) -> Encoded:
    """Read where the stages of a file end.

    Raises:
        CodecError: not a file, or not one of this codec.
    """
    from codec_plugin import read_header

    header = read_header(blob)
    ends = dict(zip(machine.codec.level_names, header.ends, strict=False))
    return Encoded(blob, ends, header.size_bytes, header.height_px, header.width_px)


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
    )


def psnr_between(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """PSNR in dB of two pictures (H, W, 3)."""
    from codec_plugin.evaluate.metrics import psnr_db

    return psnr_db(_tensor(first), _tensor(second))


def read(recogniser: Recogniser, pixels: NDArray[np.uint8]) -> Answers:
    """What a classifier sees in a picture (H, W, 3), at each level."""
    posterior = recogniser.posterior(_tensor(pixels))
    hierarchy = recogniser.hierarchy
    found = {}
    for level, name in enumerate(hierarchy.level_names):
        summed = hierarchy.sum_posteriors(posterior[None], level)[0]
        best = summed.topk(min(SHOWN, len(summed)))
        found[name] = tuple(
            (hierarchy.cluster_names[level][cluster], share)
            for cluster, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        )
    return found


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    import torch

    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255


def cuts(encoded: Encoded, count: int = 12) -> tuple[int, ...]:
    """Byte counts to look at: the ends of the stages, and log-spaced ones between."""
    total = len(encoded.blob)
    start = min(encoded.first + 32, total)
    spaced = np.geomspace(start, total, count).round().astype(int).tolist()
    return tuple(sorted({*spaced, *(end for end in encoded.ends.values() if end <= total)}))


def first_sure(
    sizes: Sequence[int], best: Sequence[tuple[str, float]], least: float = SURE
) -> int | None:
    """Bytes from which one cluster stays the best with at least `least`; None if it never does.

    Args:
        sizes: bytes of each look, ascending.
        best: the most probable cluster of each look, with its probability 0..1.
    """
    last, _ = best[-1]
    held = None
    for size, (name, share) in zip(reversed(sizes), reversed(best), strict=True):
        if name != last or share < least:
            break
        held = size
    return held


def shrunk(content: bytes, side_px: int) -> tuple[NDArray[np.uint8], str]:
    """An uploaded photograph as (H, W, 3) uint8 with its longer side at most `side_px`.

    Returns:
        The pixels, and what was done to them in a sentence, empty if nothing.
    Raises:
        UploadError: not a picture.
    """
    from PIL import Image

    from app.uploads import picture_of

    picture = picture_of(content)
    width, height = picture.size
    if max(width, height) <= side_px:
        return np.asarray(picture), ""
    scale = side_px / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(small), f"made smaller from {width} × {height} to {size[0]} × {size[1]}"


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels as a PNG file."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
