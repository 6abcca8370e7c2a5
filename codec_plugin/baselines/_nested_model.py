"""Nested quantisers while training: the whole latent with a random one of the steps 1, 3, 9."""

import math

import torch
from torch import Tensor

from codec_plugin.entropy.hyperprior import LIKELIHOOD_MIN
from codec_plugin.entropy.scale_table import sigma_from_raw
from codec_plugin.models.progressive import ModelOutput, ProgressiveModel

__all__ = ["NestedModel", "wide_bin_bits"]

_LEVEL_CHANCES = (0.5, 0.3, 0.2)  # of the steps 1, 3 and 9
_RATIO = 3


class NestedModel(ProgressiveModel):
    """One block, centred at its mean and quantised with a step of 3 to the power of a random level.

    Odd multiples nest: a bin of one step is the middle, lower or upper third of one of the next.
    While training, the rate counts 3 ** level times, as a λ that falls with the step would have it.
    """

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` (B, 3, H, W) at a random level; in evaluation at the finest."""
        if isinstance(stage, Tensor):
            return self.by_stage(x, stage, keep)
        if not self.training:
            return super().forward(x, stage, keep)
        level = int(torch.multinomial(torch.tensor(_LEVEL_CHANCES), 1))
        step = float(_RATIO**level)
        y = self.latent(x)
        z = self.side_information(y)
        z_bits = self.entropy.prior.bits(self._noisy(z)).sum((1, 2, 3))
        mean, raw_scale = self.entropy.block(0, self.entropy.hyper(self._rounded(z)), [])
        scaled = (y - mean) / step
        bits = wide_bin_bits(self._noisy(scaled) * step, raw_scale, step).sum((1, 2, 3))
        y_hat = self._rounded(scaled) * step + mean
        total = z_bits + bits
        x_hat = self.synthesis(y_hat, torch.ones_like(y_hat[:, :1]))
        return ModelOutput(x_hat, total[:, None], total * step)


def wide_bin_bits(residual: Tensor, raw_scale: Tensor, step: float) -> Tensor:
    """Bits of `residual` = y - mean in bins of width `step` of a Gaussian."""
    distance = residual.abs()
    factor = 1 / (sigma_from_raw(raw_scale) * math.sqrt(2))
    upper = torch.erfc((distance - 0.5 * step) * factor)
    lower = torch.erfc((distance + 0.5 * step) * factor)
    return -torch.log2((0.5 * (upper - lower)).clamp_min(LIKELIHOOD_MIN))
