"""Trit-planes while training: the latent at a random plane, and two networks that read it.

symbols at depth p (bins of 3^p): middles, depths ─┬─► rate network ─► next digit's three logits
ẑ ─► features ─────────────────────────────────────┴─► distortion network ─► move inside the bin
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from codec_plugin.entropy.channel_groups import Parameters, gaussian_bits
from codec_plugin.entropy.hyperprior import LIKELIHOOD_MIN
from codec_plugin.entropy.scale_table import sigma_from_raw
from codec_plugin.models.progressive import ModelOutput, ProgressiveModel

__all__ = ["DEPTH_UNIT", "LADDER", "MOST_DEPTH", "MOVE_LIMIT", "DigitContextModel"]

LADDER = 12
"""Answers of the rate network are whole quarters of a bit, at most so many either way."""
MOVE_LIMIT = 1.0  # of half a bin, or of a deviation where that is less
DEPTH_UNIT = 8  # what networks read is an eighth
MOST_DEPTH = 7  # planes that are drawn while training
_REACH = 4.6  # deviations to the end of a table, as 2^-18 lies outside
_DEEP_CHANCE = 0.5


class _Bins(NamedTuple):
    """Bins of 3^depth symbols that are known: their middles and widths (B, M, h, w)."""

    middle: Tensor
    width: Tensor


class DigitContextModel(ProgressiveModel):
    """One block; half of the steps at the finest step as `single-rate`, the others at a plane.

    At a plane the latent is held, as the paper trains its networks after the codec: the rate
    network learns from the digits that come next, the distortion network and the synthesis from the
    picture that the bins decode to.
    Source: Jeon et al. 2023, sec. 3.3 (CRR) and 3.4 (CDR).
    """

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` (B, 3, H, W) at a random depth; in evaluation whole."""
        if isinstance(stage, Tensor):
            return self.by_stage(x, stage, keep)
        if not self.training or float(torch.rand(())) >= _DEEP_CHANCE:
            return super().forward(x, stage, keep)
        depth = 1 + int(torch.randint(MOST_DEPTH, ()))
        with torch.no_grad():
            y, hyper, z_bits = self._analysed(x)
            parameters = self.entropy.block(0, hyper, [])
            symbols = torch.round(y.float() - parameters.mean)
            sigma = sigma_from_raw(parameters.raw_scale)
            planes = _planes(sigma)
            left = torch.minimum(planes, torch.tensor(float(depth)))
            bins = _bins(symbols, left)
            base_bits = gaussian_bits(symbols, parameters.raw_scale)
        context = [bins.middle, left * DEPTH_UNIT]
        tilt, peak = self._answers(0, hyper.features, context)
        limit = LADDER / 4
        saved = _digit_bits(
            symbols, bins, sigma, tilt.clamp(-limit, limit), peak.clamp(-limit, limit)
        )
        saved = torch.where(planes >= depth, saved, 0.0).sum((1, 2, 3))
        shift, shrink = self._answers(1, hyper.features, context)
        move = (shift + bins.middle.sign() * shrink).clamp(-MOVE_LIMIT, MOVE_LIMIT)
        y_hat = parameters.mean + _centre(bins, sigma) + move * torch.minimum(bins.width / 2, sigma)
        x_hat = self.synthesis(y_hat, torch.ones_like(y_hat[:, :1]))
        # λ falls with the step: the same picture, a smaller gradient.
        x_hat = x_hat.detach() + (x_hat - x_hat.detach()) * 3.0**-depth
        bits = base_bits.sum((1, 2, 3)) + z_bits.sum((1, 2, 3)) + saved
        return ModelOutput(x_hat, bits[:, None], bits)

    def _answers(self, network: int, features: Tensor, context: list[Tensor]) -> Parameters:
        answers: Tensor = self.entropy.plane_context[network](features, context)
        return Parameters(*answers.float().chunk(2, 1))


def _planes(sigma: Tensor) -> Tensor:
    """Digits of a Gaussian's table, about: the fewest that reach its end."""
    radius = (_REACH * sigma).ceil().clamp_min(2)
    return torch.ceil(torch.log(2 * radius + 1) / math.log(3) - 1e-4)


def _bins(symbols: Tensor, depth: Tensor) -> _Bins:
    width = torch.round(3.0**depth)
    return _Bins(torch.round(symbols / width) * width, width)


def _mass(low: Tensor, high: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian mass of low … high, taken in the tail where that is one."""
    flip = torch.where(low + high < 0, -1.0, 1.0)
    factor = 1 / (sigma * math.sqrt(2))
    near, far = torch.where(flip < 0, -high, low), torch.where(flip < 0, -low, high)
    return 0.5 * (torch.erfc(near * factor) - torch.erfc(far * factor))


def _digit_bits(symbols: Tensor, bins: _Bins, sigma: Tensor, tilt: Tensor, peak: Tensor) -> Tensor:
    """Bits of each bin's next digit with the network's answers, less those without."""
    third = bins.width / 3
    edges = [bins.middle + (n - 1.5) * third for n in range(4)]
    base = torch.stack(
        [
            torch.log2(_mass(low, high, sigma).clamp_min(LIKELIHOOD_MIN))
            for low, high in pairwise(edges)
        ]
    )
    logits = base + torch.stack([-tilt, peak, tilt])
    digit = (torch.round((symbols - bins.middle) / third) + 1).clamp(0, 2).long()[None]
    nats = [value * math.log(2) for value in (base, logits)]
    before, after = (-value.log_softmax(0).gather(0, digit)[0] / math.log(2) for value in nats)
    return after - before


def _centre(bins: _Bins, sigma: Tensor) -> Tensor:
    """Mean of a zero-mean Gaussian inside each bin."""
    low, high = bins.middle - bins.width / 2, bins.middle + bins.width / 2
    mass = _mass(low, high, sigma)
    density = [torch.exp(-0.5 * (edge / sigma) ** 2) for edge in (low, high)]
    mean = sigma / math.sqrt(2 * math.pi) * (density[0] - density[1]) / mass.clamp_min(1e-12)
    return torch.where(mass > 1e-6, torch.minimum(torch.maximum(mean, low), high), bins.middle)
