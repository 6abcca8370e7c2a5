"""Photographs as one tensor on the training device, so that a step waits for nothing."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.data.crops import Batch, mirrored_to
from codec_plugin.data.image_folder import ImageFolder, all_broken
from codec_plugin.errors import DataError

__all__ = ["SIDE", "DeviceSource", "fits"]

SIDE = 256
"""Photographs are kept as their centre of this side; smaller ones are mirrored at their edges."""


def fits(images: int, device: torch.device) -> bool:
    """Whether so many photographs take at most a third of the device's free memory."""
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return images * 3 * SIDE**2 < free / 3


class DeviceSource:
    """Crops cut and mirrored on the device; step s is a pure function of seed, rank and s.

        files ─► (N, 3, 256, 256) uint8 on the device ─► random crops, flips ─► (B, 3, S, S) float

    Args:
        folder: photographs.
        members: numbers of those that may be used.
        device: where they are kept.
        seed: of the draws.
        rank: of this process, so that processes draw differently.
    Attributes:
        broken: photographs that could not be decoded: name and why.
    Raises:
        DataError: none of them can be decoded.
    """

    def __init__(
        self,
        folder: ImageFolder,
        members: NDArray[np.int64],
        device: torch.device,
        *,
        seed: int,
        rank: int = 0,
    ) -> None:
        pixels = torch.empty(len(members), 3, SIDE, SIDE, dtype=torch.uint8)
        labels: list[int] = []
        for number in members:
            sound = folder.sound(int(number))
            if sound is not None:
                pixels[len(labels)] = _centre(sound)
                labels.append(folder.labels[int(number)])
        self.broken = folder.broken
        if not labels:
            raise DataError(all_broken(folder))
        self.pixels = pixels[: len(labels)].to(device)
        self.labels = torch.tensor(labels, device=device)
        self.seed, self.rank, self.device = seed, rank, device
        self.generator = torch.Generator(device)

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """`size` crops of `crop` × `crop` pixels, at most 256, for an optimiser step."""
        crop = min(crop, SIDE)
        key = np.random.SeedSequence((self.seed, self.rank, step)).generate_state(1, np.uint64)
        self.generator.manual_seed(int(key[0]) >> 1)

        def draw(limit: int) -> Tensor:
            return torch.randint(limit, (size,), generator=self.generator, device=self.device)

        number, top, left = draw(len(self.pixels)), draw(SIDE - crop + 1), draw(SIDE - crop + 1)
        place = torch.arange(crop, device=self.device)
        columns = torch.where(draw(2)[:, None] > 0, place, place.flip(0))
        rows, columns = top[:, None] + place, left[:, None] + columns
        planes = torch.arange(3, device=self.device)
        crops = self.pixels[
            number[:, None, None, None],
            planes[None, :, None, None],
            rows[:, None, :, None],
            columns[:, None, None, :],
        ]
        images = crops.float().div_(255).contiguous(memory_format=torch.channels_last)
        return Batch(images, self.labels[number])


def _centre(pixels: NDArray[np.uint8]) -> Tensor:
    pixels = mirrored_to(pixels, SIDE)
    top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
    return torch.from_numpy(pixels[top : top + SIDE, left : left + SIDE].copy()).permute(2, 0, 1)
