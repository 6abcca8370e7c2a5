"""Batches of random crops of photographs, and the interface of their sources."""

import io
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.data.picture import SUFFIXES, read_picture
from codec_plugin.errors import DataError, ImageError

__all__ = [
    "SUFFIXES",
    "Batch",
    "CropSource",
    "Pixels",
    "as_batch",
    "decode_pixels",
    "mirrored_to",
    "random_crop",
]

Pixels = NDArray[np.uint8]


class Batch(NamedTuple):
    """Crops of photographs.

    Attributes:
        images: (B, 3, S, S) float32 in 0..1, channels last in memory.
        labels: (B,) int64 class number in the hierarchy, -1 where there is none.
    """

    images: Tensor
    labels: Tensor


class CropSource(Protocol):
    """Batches by step number: the same arguments give the same batch.

    Attributes:
        broken: photographs that could not be decoded so far: name and why.
    """

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """Random crops for an optimiser step."""
        ...

    broken: dict[str, str]


def random_crop(pixels: Pixels, size: int, rng: np.random.Generator) -> Pixels:
    """A square crop, flipped half the time; a smaller image is first mirrored at its edges."""
    pixels = mirrored_to(pixels, size)
    height, width = pixels.shape[:2]
    top = int(rng.integers(height - size + 1))
    left = int(rng.integers(width - size + 1))
    crop = pixels[top : top + size, left : left + size]
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def mirrored_to(pixels: Pixels, size: int) -> Pixels:
    """An image (H, W, 3) of at least `size` each way: a smaller one is mirrored at its edges."""
    height, width = pixels.shape[:2]
    if min(height, width) >= size:
        return pixels
    grow = ((0, max(0, size - height)), (0, max(0, size - width)), (0, 0))
    return np.pad(pixels, grow, mode="symmetric")


def as_batch(crops: list[Pixels], labels: list[int]) -> Batch:
    """Crops (S, S, 3) and their labels as tensors."""
    stacked = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    return Batch(stacked.contiguous(memory_format=torch.channels_last), torch.tensor(labels))


def decode_pixels(data: bytes, name: str) -> Pixels:
    """Pixels (H, W, 3) of an image file.

    Raises:
        DataError: it cannot be decoded; the message has `name`.
    """
    try:
        return read_picture(io.BytesIO(data), name=name, max_side_px=None).bytes_rgb
    except ImageError as error:
        raise DataError(str(error)) from error
