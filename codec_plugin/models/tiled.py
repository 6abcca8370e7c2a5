"""Analysis and synthesis of pictures of any size, tile by tile, in bounded memory."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.tiles import HYPER_STRIDE, LATENT_STRIDE, TILE, Tile, remembered, tiles

__all__ = ["analyse", "synthesise", "synthesise_tiles"]


def _reach(network: nn.Module) -> int:
    """How far a network reads each way, in latent positions; it says so itself."""
    reach = network.reach
    assert isinstance(reach, int)
    return reach


@torch.no_grad()
def analyse(model: ProgressiveModel, x: Tensor, size: int = TILE) -> tuple[Tensor, Tensor]:
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
    model: ProgressiveModel, y_hat: Tensor, known: Tensor, size: int = TILE
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


def synthesise(model: ProgressiveModel, y_hat: Tensor, known: Tensor, size: int = TILE) -> Tensor:
    """Pixels of a picture of any size as uint8 (B, 3, 16h, 16w), in bounded memory."""
    batch, _, height, width = y_hat.shape
    pixels = torch.empty(
        (batch, 3, height * LATENT_STRIDE, width * LATENT_STRIDE), dtype=torch.uint8
    )
    for tile, part in synthesise_tiles(model, y_hat, known, size):
        levels = part.clamp(0, 1).mul(255).round().to(torch.uint8)
        tile.write(pixels, levels, LATENT_STRIDE)
    return pixels
