"""The `compact` transforms: a block DCT that learns, for training and coding on CPUs."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.config import ModelConfig
from codec_plugin.errors import ConfigError
from codec_plugin.models.transforms.dct import PATCH, opponent_dct
from codec_plugin.models.transforms.layers import Film, SeparableResidual, zero_init

__all__ = ["CompactAnalysis", "CompactSynthesis"]

_QUARTER = 4


def _start_basis(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """DCT rows (M, 3, 16, 16) and gains (M,), one over the quantiser step of the block."""
    if config.base_channels > 3 * PATCH**2:
        raise ConfigError(
            f"compact has at most {3 * PATCH**2} channels, blocks {config.blocks} "
            f"need {config.base_channels}; use narrower blocks or transform 'tic'"
        )
    basis = torch.from_numpy(opponent_dct(config.base_channels)).float()
    steps = torch.tensor(config.base_steps)
    return basis.to(steps.device), 1 / steps


class CompactAnalysis(nn.Module):
    """Image to latent: DCT of 16 × 16 patches plus a residual network that starts at zero.

        x ─► strided convolution (DCT / step) ─────────────────────────► + ─► y
        └─► unshuffle 4 ─► residual blocks at H/4, H/8, H/16 ─► zero ────┘

    x (B, 3, H, W) in 0..1; y (B, M, H/16, W/16) in quantiser steps, float32.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        basis, gain = _start_basis(config)
        quarter, eighth = config.analysis_widths
        channels = config.base_channels
        n_quarter, n_eighth, n_last = config.depths
        self.linear = nn.Conv2d(3, channels, PATCH, stride=PATCH)
        with torch.no_grad():
            self.linear.weight.copy_(basis * gain[:, None, None, None])
            self.linear.bias.zero_()  # type: ignore[union-attr]
        self.residual = nn.Sequential(
            nn.Conv2d(3 * _QUARTER**2, quarter, 3, padding=1),
            *(SeparableResidual(quarter) for _ in range(n_quarter)),
            nn.Conv2d(quarter, eighth, 4, stride=2, padding=1),
            *(SeparableResidual(eighth) for _ in range(n_eighth)),
            nn.Conv2d(eighth, channels, 4, stride=2, padding=1),
            *(SeparableResidual(channels) for _ in range(n_last)),
            zero_init(nn.Conv2d(channels, channels, 1)),
        )
        # Latent positions that a result may depend on each way.
        self.reach = math.ceil(1.5 + n_quarter / 4 + n_eighth / 2 + n_last)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (B, 3, H, W) to y (B, M, H/16, W/16)."""
        centred = x - 0.5
        residual: Tensor = self.residual(functional.pixel_unshuffle(centred, _QUARTER))
        # The transform itself keeps its digits under autocast: y is rounded to whole steps.
        with torch.autocast(x.device.type, enabled=False):
            linear: Tensor = self.linear(centred.float())
        return linear + residual


class CompactSynthesis(nn.Module):
    """Latent to image: transposed DCT plus a residual decoder that knows what is real.

        ŷ ─► transposed DCT · step ─► base at H/4 ─────────────────────────────────► + ─► x̂
        │                                    └──────────────────┐                    │
        ŷ, known ─► H/16 ─FiLM─► H/8 ─FiLM─► up ─► concatenate ─► H/4 ─FiLM─► zero ──┘
                       known ──┴───────┴──────────────────────────────┘

    Everything runs at H/4 or below; the last step is a pixel shuffle (48 channels to 3).
    ŷ (B, M, h, w), known (B, n_blocks, h, w) in 0..1, x̂ (B, 3, 16h, 16w) unclamped.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        basis, gain = _start_basis(config)
        low, mid, high = config.synthesis_widths
        n_low, n_mid, n_high = config.synthesis_depths
        patch = 3 * _QUARTER**2
        self.linear = nn.Conv2d(config.base_channels, 3 * PATCH**2, 1)
        with torch.no_grad():
            self.linear.weight.copy_(_as_shuffle(basis / gain[:, None, None, None]))
            self.linear.bias.fill_(0.5)  # type: ignore[union-attr]
        self.enter = nn.Conv2d(config.base_channels + config.n_blocks, low, 1)
        self.film_low = Film(config.n_blocks, low)
        self.low = nn.Sequential(*(SeparableResidual(low) for _ in range(n_low)))
        self.to_mid = nn.Conv2d(low, 4 * mid, 1)
        self.film_mid = Film(config.n_blocks, mid)
        self.mid = nn.Sequential(*(SeparableResidual(mid) for _ in range(n_mid)))
        self.to_high = nn.Conv2d(mid, 4 * high, 1)
        self.merge = nn.Conv2d(high + patch, high, 1)
        self.film_high = Film(config.n_blocks, high)
        self.high = nn.Sequential(*(SeparableResidual(high) for _ in range(n_high)))
        self.leave = zero_init(nn.Conv2d(high, patch, 3, padding=1))
        # 3 × 3 kernels: a position a block, at H/8 half and at H/4 a quarter of a latent's.
        self.reach = math.ceil(n_low + n_mid / 2 + (n_high + 1) / 4)

    def forward(self, y_hat: Tensor, known: Tensor) -> Tensor:
        """Transform ŷ (B, M, h, w), of which `known` is real, to x̂ (B, 3, 16h, 16w)."""
        with torch.autocast(y_hat.device.type, enabled=False):
            base = functional.pixel_shuffle(self.linear(y_hat.float()), _QUARTER)
        t = self.low(self.film_low(self.enter(torch.cat([y_hat, known], 1)), known))
        t = functional.pixel_shuffle(self.to_mid(t), 2)
        t = self.mid(self.film_mid(t, known))
        t = functional.pixel_shuffle(self.to_high(t), 2)
        t = self.merge(torch.cat([t, base], 1))
        t = self.leave(self.high(self.film_high(t, known)))
        return functional.pixel_shuffle(base + t, _QUARTER)


def _as_shuffle(kernels: Tensor) -> Tensor:
    """Kernels (M, 3, 16, 16) as a 1 × 1 convolution followed by two pixel shuffles of 4.

    Returns:
        (768, M, 1, 1), rows ordered (colour, inner row, inner column, outer row, outer column).
    """
    outer = PATCH // _QUARTER
    split = kernels.reshape(-1, 3, outer, _QUARTER, outer, _QUARTER)
    return split.permute(1, 3, 5, 2, 4, 0).reshape(3 * PATCH**2, -1, 1, 1)
