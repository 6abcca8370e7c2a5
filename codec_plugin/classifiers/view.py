"""A square of a picture at a size of its own, as a classifier sees it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["View"]


@dataclass(frozen=True)
class View:
    """A square of a picture as a classifier sees it.

    Attributes:
        top_px, left_px, side_px: the square.
        mirrored: left and right change places.
        size_px: side at which it is shown.
    """

    top_px: int
    left_px: int
    side_px: int
    mirrored: bool
    size_px: int

    def of(self, pixels: Tensor) -> Tensor:
        """The view of pixels (B, 3, H, W): (B, 3, size, size)."""
        rows = slice(self.top_px, self.top_px + self.side_px)
        part = pixels[..., rows, self.left_px : self.left_px + self.side_px]
        part = part.flip(-1) if self.mirrored else part
        size = (self.size_px, self.size_px)
        shown = functional.interpolate(part, size, mode="bilinear", align_corners=False)
        return shown.contiguous(memory_format=torch.channels_last)
