"""Side information: the prior of z and the network that turns ẑ into base parameters."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.config import ModelConfig

__all__ = [
    "ACTIVATION_MAX",
    "LIKELIHOOD_MIN",
    "Z_LIMIT",
    "Z_SHIFT",
    "ClippedReLU",
    "FactorisedPrior",
    "HyperOutput",
    "HyperSynthesis",
]

ACTIVATION_MAX = 64.0
LIKELIHOOD_MIN = 1e-9
Z_LIMIT = 512  # symbols beyond are coded, but the networks see the limit
Z_SHIFT = 2  # the networks see z / 4: powers of two cost nothing in fixed point


class ClippedReLU(nn.Module):
    """clamp(x, 0, 64): the one nonlinearity that integers reproduce exactly."""

    def forward(self, x: Tensor) -> Tensor:
        """Clip `x`, any shape."""
        return x.clamp(0.0, ACTIVATION_MAX)


class FactorisedPrior(nn.Module):
    """Distribution of z: one mixture of three logistics a channel, the same at all places.

    Source: Ballé et al. 2018, sec. 3 (a factorised prior); mixture as in Salimans et al. 2017.
    """

    def __init__(self, channels: int, components: int = 3) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(channels, components))
        spread = torch.linspace(-1, 1, components) if components > 1 else torch.zeros(1)
        self.location = nn.Parameter(spread.repeat(channels, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, components))

    def cumulative(self, value: Tensor) -> Tensor:
        """P(Z <= value) for `value` (Z, N), a row a channel."""
        weight = self.logits.to(value.dtype).softmax(1)[:, None]
        location = self.location.to(value.dtype)[:, None]
        scale = self.log_scale.to(value.dtype).clamp(-4, 8).exp()[:, None]
        return (torch.sigmoid((value[..., None] - location) / scale) * weight).sum(-1)

    def bits(self, z: Tensor) -> Tensor:
        """Bits of each element of `z` (B, Z, h, w), noisy or rounded, in unit bins."""
        batch, channels, height, width = z.shape
        rows = z.transpose(0, 1).reshape(channels, -1)
        mass = self.cumulative(rows + 0.5) - self.cumulative(rows - 0.5)
        bits = -torch.log2(mass.clamp_min(LIKELIHOOD_MIN))
        return bits.reshape(channels, batch, height, width).transpose(0, 1)

    @torch.no_grad()
    def fit(self, z: Tensor) -> None:
        """Centre and widen the mixture to the mean and deviation of `z` (B, Z, h, w)."""
        mean = z.mean((0, 2, 3))
        std = z.std((0, 2, 3)).clamp_min(0.2)
        offsets = torch.linspace(-1, 1, self.location.shape[1], device=z.device)
        self.location.copy_(mean[:, None] + std[:, None] * offsets)
        self.log_scale.copy_((std * 0.4).log()[:, None].expand_as(self.log_scale))


class HyperOutput(NamedTuple):
    """What ẑ tells about the whole latent.

    Attributes:
        features: (B, F, h, w) in 0..64, read by every block's network.
        mean: (B, M, h, w) base means.
        raw_scale: (B, M, h, w) base scales before the softplus.
    """

    features: Tensor
    mean: Tensor
    raw_scale: Tensor


class HyperSynthesis(nn.Module):
    """ẑ to features and base parameters of all channels.

        ẑ/4 ─► 3×3 ─► 1×1, shuffle 2 ─► 3×3 ─► 1×1, shuffle 2 ─► 3×3 ─► features ─► 1×1 ─► mean, raw
          h/4                    h/2                        h

    Convolutions and clipped ReLU only, so that `exact` can freeze it to integers. Most weights
    work at h/4 and h/2, where they cost little.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.feature_width
        inner = min(192, 8 * config.hyper_channels)  # narrow models stay narrow
        self.enter = nn.Conv2d(config.hyper_channels, inner, 3, padding=1)
        self.up_half = nn.Conv2d(inner, 4 * width, 1)
        self.mix_half = nn.Conv2d(width, width, 3, padding=1)
        self.up_full = nn.Conv2d(width, 4 * width, 1)
        self.mix_full = nn.Conv2d(width, width, 3, padding=1)
        self.base = nn.Conv2d(width, 2 * config.channels, 1)
        self.activation = ClippedReLU()
        with torch.no_grad():
            self.base.weight.mul_(0.1)
            self.base.bias.zero_()  # type: ignore[union-attr]
            self.base.bias[config.channels :] = 0.4  # type: ignore[index]

    def forward(self, z_hat: Tensor) -> HyperOutput:
        """Transform ẑ (B, Z, h/4, w/4), whole numbers, to parameters at (h, w)."""
        t = z_hat.clamp(-Z_LIMIT, Z_LIMIT) * 0.5**Z_SHIFT
        t = self.activation(self.enter(t))
        t = self.activation(functional.pixel_shuffle(self.up_half(t), 2))
        t = self.activation(self.mix_half(t))
        t = self.activation(functional.pixel_shuffle(self.up_full(t), 2))
        features = self.activation(self.mix_full(t))
        mean, raw_scale = self.base(features).chunk(2, 1)
        return HyperOutput(features, mean, raw_scale)
