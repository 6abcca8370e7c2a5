"""Parameters of a block, given ẑ and the blocks before it; float, for training."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from codec_plugin.channel_layout import RATIO, ChannelLayout
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.coding_order import pass_map
from codec_plugin.entropy.hyperprior import (
    LIKELIHOOD_MIN,
    ClippedReLU,
    FactorisedPrior,
    HyperOutput,
    HyperSynthesis,
)
from codec_plugin.entropy.scale_table import inverse_softplus, sigma_from_raw

__all__ = [
    "REFINED_STD",
    "Y_LIMIT",
    "Y_SHIFT",
    "BlockDelta",
    "EntropyModel",
    "Parameters",
    "coarser_values",
    "gaussian_bits",
    "known_before",
]

Y_LIMIT = 1024  # symbols beyond are coded, but the networks see the limit
Y_SHIFT = 3  # the networks see ŷ / 8
REFINED_STD = 0.85  # of an even spread over three steps: what a refinement starts from
_NARROW = 32  # up to this many channels before it, a block's network reads 5 × 5


class Parameters(NamedTuple):
    """Mean and raw scale of one block, each (B, C_k, h, w), in quantiser steps."""

    mean: Tensor
    raw_scale: Tensor


class BlockDelta(nn.Module):
    """Refinement of a block's base parameters; zero before the first step.

        features ─► 1×1 (3×3 for the first block) ─┐
        ŷ/8 of blocks < k ─► 3×3 or 5×5 ───────────┴─ + ─► ReLU ─► 1×1 ─► ReLU ─► 1×1 ─► Δmean, Δraw

    Source: the paper, sec. 4 (Δ-networks, zero-initialised; scale in inverse-softplus form), made
    causal: nothing of the block itself or of later ones enters.
    """

    def __init__(self, features: int, before: int, width: int, channels: int) -> None:
        super().__init__()
        kernel = 1 if before else 3
        self.from_features = nn.Conv2d(features, width, kernel, padding=kernel // 2)
        self.from_blocks: nn.Conv2d | None = None
        if before:
            kernel = 5 if before <= _NARROW else 3
            self.from_blocks = nn.Conv2d(before, width, kernel, padding=kernel // 2, bias=False)
        self.hidden = nn.Conv2d(width, width, 1)
        self.leave = nn.Conv2d(width, 2 * channels, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]
        self.activation = ClippedReLU()

    def forward(self, features: Tensor, before: Sequence[Tensor]) -> Tensor:
        """Δmean and Δraw, (B, 2·C_k, h, w), from features and the ŷ of earlier blocks."""
        t = self.from_features(features)
        if self.from_blocks is not None:
            y_hat = torch.cat(list(before), 1).clamp(-Y_LIMIT, Y_LIMIT)
            t = t + self.from_blocks(y_hat * 0.5**Y_SHIFT)
        delta: Tensor = self.leave(self.activation(self.hidden(self.activation(t))))
        return delta


class EntropyModel(nn.Module):
    """All that a decoder needs to know the probability of the next symbol.

        ẑ ─► hyper ─► features ─────────┬─► Δ_0     ┬─► Δ_1          ┬─► Δ_2 …
                   └─► base mean, raw ──┼── + ─► ŷ_0 ┴── + ─► ŷ_0, ŷ_1 ┴── + ─► …

    Strictly causal: parameters of block k are a function of ẑ, ŷ of blocks < k and, where a block
    is coded in several passes, ŷ of its own positions of the passes before.
    Source: Minnen & Singh 2020, sec. 3.1 (channel-conditional prior); He et al. 2021 (passes).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.prior = FactorisedPrior(config.hyper_channels)
        self.hyper = HyperSynthesis(config)
        self.layout = config.layout
        self.deltas = nn.ModuleList()
        if config.use_delta:
            for k, channels in enumerate(config.blocks):
                before = len(self.layout.latest(k)) if config.use_context else 0
                self.deltas.append(
                    BlockDelta(config.feature_width, before, config.context_width, channels)
                )
        self.spatial = nn.ModuleList()
        for k, (channels, count) in enumerate(zip(config.blocks, config.pass_counts, strict=True)):
            seen = len(self.layout.latest(k)) + channels
            sizes = (config.feature_width, seen, config.context_width, channels)
            self.spatial.append(nn.ModuleList(BlockDelta(*sizes) for _ in range(count - 1)))
        # Of each channel they read where its symbol's bin lies and how deep it is.
        sizes = (config.feature_width, 2 * config.channels, config.context_width, config.channels)
        self.plane_context = nn.ModuleList(BlockDelta(*sizes) for _ in range(config.plane_networks))
        self.offsets = [sum(config.blocks[:k]) for k in range(config.n_blocks)]
        with torch.no_grad():
            refined = torch.tensor(self.layout.factors) > 1
            bias = self.hyper.base.bias
            assert bias is not None
            bias[config.channels :][refined] = inverse_softplus(torch.tensor(REFINED_STD))

    def block(
        self,
        k: int,
        hyper: HyperOutput,
        y_hat_before: Sequence[Tensor],
        own: Tensor | None = None,
        pass_index: int = 0,
    ) -> Parameters:
        """Parameters of block `k` from ẑ's output and ŷ of blocks 0..k-1, in order.

        Args:
            own: ŷ of block k (B, C_k, h, w) at the positions of earlier passes, else zero.
            pass_index: pass, 0-based; the parameters are meant for its positions.
        """
        channels = slice(self.offsets[k], self.offsets[k] + self.config.blocks[k])
        # Likelihoods need their digits, whatever the layers were computed in.
        mean = hyper.mean[:, channels].float()
        raw_scale = hyper.raw_scale[:, channels].float()
        if self.layout.planes[k]:
            mean = mean + coarser_values(self.layout, k, y_hat_before, Y_LIMIT)
        if not self.config.use_delta:
            return Parameters(mean, raw_scale)
        before = known_before(self.layout, k, y_hat_before)
        delta_mean, delta_raw = self.deltas[k](hyper.features, before).chunk(2, 1)
        mean, raw_scale = mean + delta_mean, raw_scale + delta_raw
        if pass_index:
            assert own is not None
            network = self.spatial[k][pass_index - 1]  # type: ignore[index]
            delta_mean, delta_raw = network(hyper.features, [*before, own]).chunk(2, 1)
            mean, raw_scale = mean + delta_mean, raw_scale + delta_raw
        return Parameters(mean, raw_scale)

    def scan(
        self,
        k: int,
        hyper: HyperOutput,
        y_hat_before: Sequence[Tensor],
        settle: Callable[[Parameters, int], Tensor],
    ) -> tuple[Parameters, Tensor]:
        """Parameters and ŷ of a whole block, pass after pass.

        Args:
            settle: ŷ of the block (B, C_k, h, w) under the parameters of a pass; only the
                positions of that pass are used.
        """
        parameters = self.block(k, hyper, y_hat_before)
        y_hat = settle(parameters, 0)
        count = self.config.pass_counts[k]
        place = pass_map(count, y_hat.shape[2], y_hat.shape[3]).to(y_hat.device)
        for pass_index in range(1, count):
            own = torch.where(place < pass_index, y_hat, torch.zeros_like(y_hat))
            finer = self.block(k, hyper, y_hat_before, own, pass_index)
            now = place == pass_index
            mean, raw_scale = (
                torch.where(now, new, old) for new, old in zip(finer, parameters, strict=True)
            )
            parameters = Parameters(mean, raw_scale)
            y_hat = torch.where(now, settle(finer, pass_index), y_hat)
        return parameters, y_hat


def known_before(layout: ChannelLayout, k: int, y_hat_before: Sequence[Tensor]) -> list[Tensor]:
    """What the network of block `k` reads of the blocks before: the newest of each channel."""
    before = list(y_hat_before[:k])
    if not any(layout.planes[:k]):
        return before
    return [torch.cat(before, 1)[:, list(layout.latest(k))]]


def coarser_values(
    layout: ChannelLayout, k: int, y_hat_before: Sequence[Tensor], limit: int
) -> Tensor:
    """Coarser versions (B, C_k, h, w) of what block `k` refines, in its steps, within 3 `limit`."""
    parents = torch.cat(list(y_hat_before[:k]), 1)[:, list(layout.parents(k))]
    return parents.clamp(-limit, limit) * RATIO


def gaussian_bits(residual: Tensor, raw_scale: Tensor) -> Tensor:
    """Bits of `residual` = y - mean, noisy or rounded, in unit bins of a Gaussian.

    Both bounds are taken in the upper tail, where erfc loses no digits.
    """
    distance = residual.abs()
    factor = 1 / (sigma_from_raw(raw_scale) * math.sqrt(2))
    upper = torch.erfc((distance - 0.5) * factor)
    lower = torch.erfc((distance + 0.5) * factor)
    return -torch.log2((0.5 * (upper - lower)).clamp_min(LIKELIHOOD_MIN))
