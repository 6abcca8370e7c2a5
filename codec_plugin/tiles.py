"""Large pictures in pieces: overlapping tiles whose middles are put side by side.

        grid ─► outer (read, with overlap) ─► network ─► crop to inner ─► write

A tile at the border of the picture ends where the picture ends, so that convolutions pad there as
they do on the whole. Where the overlap is at least the reach of the network, the result equals the
whole's: bit for bit on integers, within rounding on floats.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from codec_plugin.models.progressive import ProgressiveModel

__all__ = [
    "HYPER_STRIDE",
    "LATENT_STRIDE",
    "TILE",
    "Tile",
    "analyse",
    "remembered",
    "synthesise",
    "synthesise_tiles",
    "tiles",
]

LATENT_STRIDE = 16
HYPER_STRIDE = 4  # latent positions per position of z
TILE = 64  # latent positions: 1024 pixels

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
    """Tiles of `size` × `size` positions that cover height × width, row by row."""
    for top in range(0, height, size):
        bottom = min(top + size, height)
        for left in range(0, width, size):
            right = min(left + size, width)
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


def _reach(network: nn.Module) -> int:
    """How far a network looks each way, in latent positions; it says so itself."""
    reach = network.reach
    assert isinstance(reach, int)
    return reach


@torch.no_grad()
def analyse(model: "ProgressiveModel", x: Tensor, size: int = TILE) -> tuple[Tensor, Tensor]:
    """y and z of a picture of any size, in bounded memory.

    Args:
        model: in evaluation mode.
        x: (B, 3, H, W) float in 0..1 or uint8, H and W multiples of 64.
        size: side of a tile in latent positions, a multiple of 4.
    Returns:
        y (B, M, H/16, W/16) and z (B, Z, H/64, W/64), not yet rounded.
    """
    batch, _, height, width = x.shape
    grid = (height // LATENT_STRIDE, width // LATENT_STRIDE)
    config = model.config
    cells = (grid[0] // HYPER_STRIDE, grid[1] // HYPER_STRIDE)
    y = torch.empty(batch, config.channels, *grid, dtype=torch.float32)
    z = torch.empty(batch, config.hyper_channels, *cells, dtype=torch.float32)
    for tile in tiles(*grid, size, _reach(model.analysis)):
        pixels = tile.read(x, LATENT_STRIDE)
        pixels = pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels
        tile.write(y, tile.crop(model.latent(pixels)))
    overlap = _reach(model.hyper_analysis) // HYPER_STRIDE
    for tile in tiles(*cells, size // HYPER_STRIDE, overlap):
        tile.write(z, tile.crop(model.side_information(tile.read(y, HYPER_STRIDE))))
    return y, z


@torch.no_grad()
def synthesise_tiles(
    model: "ProgressiveModel", y_hat: Tensor, known: Tensor, size: int = TILE
) -> Iterator[tuple[Tile, Tensor]]:
    """Decode tile after tile.

    Args:
        model: in evaluation mode.
        y_hat: (B, M, h, w), filled.
        known: (B, n_blocks, h, w) in 0..1.
        size: side of a tile in latent positions.
    Yields:
        The tile in latent positions and its pixels (B, 3, 16·height, 16·width), unclamped.
    """
    synthesis = remembered(model.synthesis)
    for tile in tiles(y_hat.shape[2], y_hat.shape[3], size, _reach(model.synthesis_net)):
        x_hat = synthesis(tile.read(y_hat), tile.read(known))
        yield tile, tile.crop(x_hat, LATENT_STRIDE)


def synthesise(model: "ProgressiveModel", y_hat: Tensor, known: Tensor, size: int = TILE) -> Tensor:
    """Pixels of a picture of any size as uint8 (B, 3, 16h, 16w), in bounded memory."""
    batch, _, height, width = y_hat.shape
    pixels = torch.empty(
        (batch, 3, height * LATENT_STRIDE, width * LATENT_STRIDE), dtype=torch.uint8
    )
    for tile, part in synthesise_tiles(model, y_hat, known, size):
        levels = part.clamp(0, 1).mul(255).round().to(torch.uint8)
        tile.write(pixels, levels, LATENT_STRIDE)
    return pixels
