"""The encoder's side network: what the latent says about its own statistics."""

import torch
from torch import Tensor, nn

from codec_plugin.config import ModelConfig

__all__ = ["HyperAnalysis"]

_WIDTH = 128  # at most


class HyperAnalysis(nn.Module):
    """Latent to side information: y (B, M, h, w) to z (B, Z, h/4, w/4).

    Decoders never run it, so it may use any nonlinearity.
    Source: Ballé et al. 2018, sec. 3 (hyperprior).
    """

    reach = 16  # latent positions, in whole cells of z, that one z may depend on, each way

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = min(_WIDTH, 8 * config.hyper_channels)
        self.layers = nn.Sequential(
            nn.Conv2d(config.base_channels, width, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(width, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(width, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(width, config.hyper_channels, 1),
        )

    def forward(self, y: Tensor) -> Tensor:
        """Summarise `y`; z in its own quantiser steps."""
        z: Tensor = self.layers(y)
        return z

    @torch.no_grad()
    def rescale(self, y: Tensor, std: float) -> None:
        """Change the last layer so that z of `y` has zero mean and deviation `std` a channel."""
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        z = self(y)
        factor = std / z.std((0, 2, 3)).clamp_min(1e-3)
        last.weight.mul_(factor[:, None, None, None])
        last.bias.copy_((last.bias - z.mean((0, 2, 3))) * factor)
