"""Overlapping tiles of a grid, whose middles are put side by side.

        grid ─► outer (read, with overlap) ─► network ─► crop to inner ─► write

A tile at the border of the picture ends where the picture ends, so that convolutions pad there as
they do on the whole. Where the overlap is at least the reach of the network, the result equals the
whole's: bit for bit on integers, within rounding on floats.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

__all__ = ["HYPER_STRIDE", "LATENT_STRIDE", "TILE", "Tile", "remembered", "tiles"]

LATENT_STRIDE = 16
HYPER_STRIDE = 4  # latent positions per position of z
TILE = 96  # latent positions, 1536 pixels: smaller ones read more of their neighbours

_REMEMBERED = 4  # left, inner and right tiles of a row, and one to spare
_Result = TypeVar("_Result")


class Tile(NamedTuple):
    """One tile of a grid: what is read, and which part of it is kept.

    Attributes:
        top, left, bottom, right: the part kept, in the picture's positions.
        outer_top, outer_left, outer_bottom, outer_right: the part read.
    """

    top: int
    left: int
    bottom: int
    right: int
    outer_top: int
    outer_left: int
    outer_bottom: int
    outer_right: int

    def read(self, whole: Tensor, scale: int = 1) -> Tensor:
        """Cut the outer part from `whole` (B, C, H, W), `scale` of whose positions are one here."""
        rows = slice(self.outer_top * scale, self.outer_bottom * scale)
        return whole[:, :, rows, self.outer_left * scale : self.outer_right * scale]

    def crop(self, result: Tensor, scale: int = 1) -> Tensor:
        """Cut the kept part from the network's `result` for the outer part."""
        top = (self.top - self.outer_top) * scale
        left = (self.left - self.outer_left) * scale
        bottom = top + (self.bottom - self.top) * scale
        right = left + (self.right - self.left) * scale
        return result[:, :, top:bottom, left:right]

    def write(self, whole: Tensor, part: Tensor, scale: int = 1) -> None:
        """Put a cropped `part` at its place in `whole`."""
        rows = slice(self.top * scale, self.bottom * scale)
        whole[:, :, rows, self.left * scale : self.right * scale] = part


def tiles(height: int, width: int, size: int, overlap: int) -> Iterator[Tile]:
    """Tiles of at most `size` × `size` positions that cover height × width, row by row.

    As few as possible, and about equal: a narrow one would read mostly its neighbours.
    """
    down, across = _even(height, size), _even(width, size)
    for top in range(0, height, down):
        bottom = min(top + down, height)
        for left in range(0, width, across):
            right = min(left + across, width)
            yield Tile(
                top,
                left,
                bottom,
                right,
                max(top - overlap, 0),
                max(left - overlap, 0),
                min(bottom + overlap, height),
                min(right + overlap, width),
            )


def _even(length: int, size: int) -> int:
    """Side of equal tiles, none above `size`, in whole cells of z; the last may be shorter."""
    each = -(-length // -(-length // size))
    return min(size, -(-each // HYPER_STRIDE) * HYPER_STRIDE)


def remembered(compute: Callable[..., _Result]) -> Callable[..., _Result]:
    """`compute` of tensors that gives a recent result again where it is asked the same.

    A file of few bytes says little of a large picture: most of its tiles are alike, and work is
    bounded by what the bytes tell instead of by the size that they claim. Tiles that differ are
    told apart at their first rows, so that others pay nothing. Inputs must not change meanwhile.
    """
    recent: list[tuple[tuple[Tensor, ...], _Result]] = []

    def ask(*inputs: Tensor) -> _Result:
        for place, (before, result) in enumerate(recent):
            if len(before) == len(inputs) and all(map(torch.equal, before, inputs)):
                recent.insert(0, recent.pop(place))
                return result
        result = compute(*inputs)
        recent.insert(0, (inputs, result))
        del recent[_REMEMBERED:]
        return result

    return ask
