"""The entropy model on integers: what encoder and decoder compute alike on any machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.channel_layout import RATIO
from codec_plugin.entropy.channel_groups import EntropyModel, known_before
from codec_plugin.entropy.hyperprior import Z_LIMIT
from codec_plugin.entropy.integer_conv import ACTIVATION_BITS, FixedConv, clip_relu, shift_down
from codec_plugin.entropy.integer_layers import (
    ACTIVATION_CLIP,
    FRACTION_BITS,
    PARAMETER_BITS,
    Y_CLIP,
    CodingLayers,
    DeltaLayers,
)
from codec_plugin.tiles import HYPER_STRIDE, TILE, remembered, tiles

__all__ = ["FRACTION_BITS", "BlockParameters", "ExactEntropy", "ExactState"]

_PARAMETER_LIMIT = 2.0**30
_HYPER_OVERLAP = 8  # latent positions, whole cells of z: the hyper network reaches 7
_BLOCK_OVERLAP = 2  # a block's network reads kernels of 5 at most, once


@dataclass(frozen=True)
class BlockParameters:
    """How the symbols of one block are coded.

    Attributes:
        mean: (B, C_k, h, w) int32 with `FRACTION_BITS` fraction bits.
        index: (B, C_k, h, w) uint8 scale index, 0..63.
    """

    mean: Tensor
    index: Tensor


class ExactState(NamedTuple):
    """What ẑ tells, as int32: features (12 fraction bits), base mean and raw scale (16)."""

    features: Tensor
    mean: Tensor
    raw_scale: Tensor


class ExactEntropy:
    """Integer twin of `EntropyModel`: convolutions, shifts with floor, clipped ReLU, no more.

        z int ─► hyper ─► state (features, base) ─► block(k, state, ŷ_<k int) ─► mean int, index
                                                        ▲                             │
        symbol_k = round(y_k - mean) ◄──────────────────┼─────────────────────────────┘
        ŷ_k int = symbol_k · 2^F + mean ────────────────┘ (for blocks > k)

    Every function of integers here is exact in float64 (see `integer_conv`), so results do not
    depend on threads, batch, memory layout or libraries. Pictures of more than 96 × 96 latent
    positions run in tiles, with the same result.

    Args:
        layers: the integers.
        tile: side of a tile in latent positions, a multiple of 4.
    """

    def __init__(self, layers: CodingLayers, tile: int = TILE) -> None:
        self.layers = layers
        self.tile = tile
        limit = 2**31 - 1  # raw scales stay within ±2**30: the comparison is the same
        self._thresholds = layers.thresholds.clamp(-limit, limit).to(torch.int32)

    @classmethod
    def from_model(cls, model: nn.Module) -> "ExactEntropy":
        """Freeze a trained `ProgressiveModel` or its `EntropyModel`.

        Raises:
            CheckpointError: the weights are too large for exact sums.
        """
        entropy = model if isinstance(model, EntropyModel) else model.entropy
        assert isinstance(entropy, EntropyModel)
        return cls(CodingLayers.freeze(entropy))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "ExactEntropy":
        """Read what `tensors` returned; nothing in it is trusted.

        Raises:
            CheckpointError: a tensor is missing, malformed or too large for exact sums.
        """
        return cls(CodingLayers.load(tensors))

    def tensors(self) -> dict[str, Tensor]:
        """All integers of the coding path, by name; equal paths give equal tensors."""
        return self.layers.save()

    @property
    def blocks(self) -> tuple[int, ...]:
        """Widths of the blocks."""
        return self.layers.blocks

    @property
    def passes(self) -> tuple[int, ...]:
        """Passes of each block."""
        return self.layers.passes

    @property
    def hyper_channels(self) -> int:
        """Channels Z that `hyper` reads."""
        return self.layers.hyper["enter"].in_channels

    @torch.no_grad()
    def hyper(self, z: Tensor) -> ExactState:
        """Features and base parameters from the symbols of z.

        Args:
            z: (B, Z, h/4, w/4) integers of any type.
        """
        height, width = z.shape[2:]
        if HYPER_STRIDE * max(height, width) <= self.tile:
            return self._hyper_whole(z)
        grid = (HYPER_STRIDE * height, HYPER_STRIDE * width)
        channels = sum(self.blocks)
        counts = (self.layers.hyper["mix_full"].out_channels, channels, channels)
        state = ExactState(*(torch.empty((len(z), n, *grid), dtype=torch.int32) for n in counts))
        size, overlap = self.tile // HYPER_STRIDE, _HYPER_OVERLAP // HYPER_STRIDE
        hyper = remembered(self._hyper_whole)
        for tile in tiles(height, width, size, overlap):
            for whole, part in zip(state, hyper(tile.read(z)), strict=True):
                tile.write(whole, tile.crop(part, HYPER_STRIDE), HYPER_STRIDE)
        return state

    @torch.no_grad()
    def block(
        self,
        k: int,
        state: ExactState,
        before: Sequence[Tensor],
        own: Tensor | None = None,
        pass_index: int = 0,
        narrowed: ExactState | None = None,
    ) -> BlockParameters:
        """Parameters of block `k`.

        Args:
            k: 0-based block.
            state: of `hyper`.
            before: ŷ of blocks 0..k-1 (or more; the rest is not read), each (B, C, h, w) integers
                of any type with `FRACTION_BITS` fraction bits.
            own: the same of block k at the positions of passes before `pass_index`, else zero.
            pass_index: pass, 0-based; the parameters are meant for its positions.
            narrowed: `narrowed(k, state, before)`, if at hand: the same for all passes.
        """
        here = self.narrowed(k, state, before) if narrowed is None else narrowed
        if pass_index:
            assert own is not None
            layers = self.layers.spatial[k][pass_index - 1]
            seen = known_before(self.layers.layout, k, before)
            here = self._refined(layers, here, [*seen, own])
        index = torch.bucketize(here.raw_scale, self._thresholds, out_int32=True, right=True)
        mean = _shifted(here.mean, PARAMETER_BITS - FRACTION_BITS)
        return BlockParameters(mean, index.to(torch.uint8))

    @torch.no_grad()
    def narrowed(self, k: int, state: ExactState, before: Sequence[Tensor]) -> ExactState:
        """`state` with mean and raw scale of block `k` alone, refined by the blocks before it."""
        first = sum(self.blocks[:k])
        channels = slice(first, first + self.blocks[k])
        mean, layout = state.mean[:, channels], self.layers.layout
        if layout.planes[k]:
            mean = _around_parents(mean, torch.cat(list(before[:k]), 1)[:, list(layout.parents(k))])
        state = ExactState(state.features, mean, state.raw_scale[:, channels])
        if not self.layers.deltas:
            return state
        return self._refined(self.layers.deltas[k], state, known_before(layout, k, before))

    @torch.no_grad()
    def plane_context(self, network: int, state: ExactState, seen: Sequence[Tensor]) -> ExactState:
        """Both answers of a network that reads digits, in place of `state`'s mean and raw scale.

        Args:
            network: 0 or 1.
            state: of `hyper`.
            seen: middles and depths of bins, each (B, M, h, w) integers with `FRACTION_BITS`
                fraction bits.
        Returns:
            `mean` and `raw_scale` are the answers, int32 with 16 fraction bits.
        """
        nothing = torch.zeros_like(state.mean)
        blank = ExactState(state.features, nothing, nothing)
        return self._refined(self.layers.plane_context[network], blank, seen)

    def _refined(
        self, layers: DeltaLayers, state: ExactState, seen: Sequence[Tensor]
    ) -> ExactState:
        """Mean and raw scale with what a refinement adds, tile by tile where that is many."""
        height, width = state.features.shape[2:]
        if max(height, width) <= self.tile:
            return _refinement(layers, state, seen)
        mean, raw_scale = torch.empty_like(state.mean), torch.empty_like(state.raw_scale)
        refinement = remembered(
            lambda features, mean, raw_scale, *y_hat: _refinement(
                layers, ExactState(features, mean, raw_scale), y_hat
            )
        )
        for tile in tiles(height, width, self.tile, _BLOCK_OVERLAP):
            part = refinement(*map(tile.read, (*state, *seen)))
            tile.write(mean, tile.crop(part.mean))
            tile.write(raw_scale, tile.crop(part.raw_scale))
        return ExactState(state.features, mean, raw_scale)

    def _hyper_whole(self, z: Tensor) -> ExactState:
        layers = self.layers.hyper
        t = z.double().clamp(-Z_LIMIT, Z_LIMIT)
        t = _activated(layers["enter"], t)
        t = functional.pixel_shuffle(_activated(layers["up_half"], t), 2)
        t = _activated(layers["mix_half"], t)
        t = functional.pixel_shuffle(_activated(layers["up_full"], t), 2)
        features = _activated(layers["mix_full"], t)
        mean, raw_scale = _parameters(layers["base"], features).to(torch.int32).chunk(2, 1)
        return ExactState(features.to(torch.int32), mean, raw_scale)


def _around_parents(mean: Tensor, parents: Tensor) -> Tensor:
    """Means of refined channels: the coarser version, in finer steps, is added."""
    coarser = parents.long().clamp(-Y_CLIP, Y_CLIP) * RATIO << (PARAMETER_BITS - FRACTION_BITS)
    return (mean + coarser).clamp(-int(_PARAMETER_LIMIT), int(_PARAMETER_LIMIT)).to(torch.int32)


def _refinement(layers: DeltaLayers, state: ExactState, seen: Sequence[Tensor]) -> ExactState:
    """Integer twin of `BlockDelta`, added to what the state holds."""
    t = layers.from_features(state.features.double())
    if layers.from_blocks is not None:
        y_hat = torch.cat([block.double() for block in seen], 1)
        t = t + layers.from_blocks(y_hat.clamp(-Y_CLIP, Y_CLIP))
    t = _rounded(layers.from_features, t)
    deltas = _parameters(layers.leave, _activated(layers.hidden, t)).chunk(2, 1)
    sums = [old + delta for old, delta in zip(state[1:], deltas, strict=True)]
    mean, raw_scale = (_limited(value).to(torch.int32) for value in sums)
    return ExactState(state.features, mean, raw_scale)


def _shifted(value: Tensor, bits: int) -> Tensor:
    """`shift_down` of int32 that stay far below 2**31, in place of a copy in float64."""
    return (value + (1 << (bits - 1))) >> bits


def _rounded(layer: FixedConv, sums: Tensor) -> Tensor:
    """Clipped ReLU of a layer's sums, rounded to the bits of activations."""
    return clip_relu(shift_down(sums, layer.out_bits - ACTIVATION_BITS), ACTIVATION_CLIP)


def _activated(layer: FixedConv, value: Tensor) -> Tensor:
    return _rounded(layer, layer(value))


def _parameters(layer: FixedConv, value: Tensor) -> Tensor:
    parameters = shift_down(layer(value), layer.out_bits - PARAMETER_BITS)
    return _limited(parameters)


def _limited(value: Tensor) -> Tensor:
    return value.clamp(-_PARAMETER_LIMIT, _PARAMETER_LIMIT)
