"""Small parts that several transforms share."""

import torch
from torch import Tensor, nn

__all__ = ["Film", "SeparableResidual", "zero_init"]


def zero_init(layer: nn.Conv2d) -> nn.Conv2d:
    """Zero the weights and bias of `layer`, so that its branch starts without effect."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class SeparableResidual(nn.Module):
    """x + pointwise(GELU(pointwise(depthwise(x)))): (B, C, h, w) to the same shape.

    Source: Liu et al. 2022 (ConvNeXt), sec. 2; without normalisation, as rates need scales.
    """

    def __init__(self, channels: int, expansion: int = 2, kernel: int = 3) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.expand = nn.Conv2d(channels, channels * expansion, 1)
        self.reduce = nn.Conv2d(channels * expansion, channels, 1)
        self.activation = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        """Refine `x` (B, C, h, w)."""
        update: Tensor = self.reduce(self.activation(self.expand(self.depthwise(x))))
        return x + update


class Film(nn.Module):
    """Scale and shift features by a map that says which blocks are real; no effect at the start.

    Source: Perez et al. 2018 (FiLM), eq. 1.
    """

    def __init__(self, known_channels: int, channels: int) -> None:
        super().__init__()
        self.project = zero_init(nn.Conv2d(known_channels, 2 * channels, 1))

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Modulate `x` (B, C, s·h, s·w) by `known` (B, K, h, w), repeated s times each way."""
        scale, shift = self.project(known).chunk(2, 1)
        factor = x.shape[-1] // known.shape[-1]
        if factor > 1:
            scale = nn.functional.interpolate(scale, scale_factor=factor, mode="nearest")
            shift = nn.functional.interpolate(shift, scale_factor=factor, mode="nearest")
        return torch.addcmul(x + shift, x, scale)
