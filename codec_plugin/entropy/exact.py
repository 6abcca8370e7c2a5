"""The entropy model frozen to integers: what encoder and decoder compute alike on any machine."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from codec_plugin.config import MAX_BLOCKS, MAX_CHANNELS
from codec_plugin.entropy.blocks import Y_LIMIT, Y_SHIFT, BlockDelta, EntropyModel
from codec_plugin.entropy.fixed import (
    ACTIVATION_BITS,
    FixedConv,
    best_shift,
    clip_relu,
    shift_down,
)
from codec_plugin.entropy.hyper import ACTIVATION_MAX, Z_LIMIT, Z_SHIFT, HyperSynthesis
from codec_plugin.entropy.scales import N_SCALES, raw_thresholds
from codec_plugin.errors import CheckpointError
from codec_plugin.tiling import Tile, tiles

__all__ = ["FRACTION_BITS", "BlockParameters", "ExactEntropy", "ExactState"]

# ŷ / 8 has the fraction bits of an activation, so both enter one sum without a shift.
FRACTION_BITS = ACTIVATION_BITS - Y_SHIFT
PARAMETER_BITS = 16
_PARAMETER_LIMIT = 2.0**30
_CLIP = int(ACTIVATION_MAX) << ACTIVATION_BITS
_Y_CLIP = Y_LIMIT << FRACTION_BITS
_TILE = 64
_OVERLAP = 8  # latent positions; the hyper network reaches 7, a block's at most 2
_LAYERS = ("enter", "up_half", "mix_half", "up_full", "mix_full", "base")


class BlockParameters(NamedTuple):
    """How the symbols of one block are coded.

    Attributes:
        mean: (B, C_k, h, w) int32 with `FRACTION_BITS` fraction bits.
        index: (B, C_k, h, w) uint8 rung of the scale ladder, 0..63.
    """

    mean: Tensor
    index: Tensor


class ExactState(NamedTuple):
    """What ẑ tells, as int32: features (12 fraction bits), base mean and raw scale (16)."""

    features: Tensor
    mean: Tensor
    raw_scale: Tensor


class _FixedDelta(NamedTuple):
    """Layers of one block's refinement; both entries share their fraction bits."""

    from_features: FixedConv
    from_blocks: FixedConv | None
    hidden: FixedConv
    leave: FixedConv


class ExactEntropy:
    """Integer twin of `EntropyModel`: convolutions, shifts with floor, clipped ReLU, no more.

        z int ─► hyper ─► state (features, base) ─► block(k, state, ŷ_<k int) ─► mean int, index
                                                        ▲                             │
        symbol_k = round(y_k - mean) ◄──────────────────┼─────────────────────────────┘
        ŷ_k int = symbol_k · 2^F + mean ────────────────┘ (for blocks > k)

    Pictures of more than 64 × 64 latent positions run in tiles, with the same result.

    Args:
        blocks: widths of the blocks.
        hyper: the layers of the hyper synthesis by name.
        deltas: one refinement a block, or none.
        thresholds: (63,) int64 raw scales, 16 fraction bits, where the next rung begins.
    """

    def __init__(
        self,
        blocks: Sequence[int],
        hyper: Mapping[str, FixedConv],
        deltas: Sequence[_FixedDelta],
        thresholds: Tensor,
    ) -> None:
        self.blocks = tuple(blocks)
        self.tile = _TILE
        self._hyper = dict(hyper)
        self._deltas = tuple(deltas)
        self._thresholds = thresholds

    @classmethod
    def from_model(cls, model: torch.nn.Module) -> "ExactEntropy":
        """Freeze a trained `ProgressiveModel` or its `EntropyModel`.

        Raises:
            CheckpointError: the weights are too large for exact sums.
        """
        entropy = model if isinstance(model, EntropyModel) else model.entropy
        assert isinstance(entropy, EntropyModel)
        thresholds = torch.round(raw_thresholds() * 2.0**PARAMETER_BITS).to(torch.int64)
        return cls(
            entropy.config.blocks,
            _freeze_hyper(entropy.hyper),
            [_freeze_delta(delta) for delta in entropy.deltas if isinstance(delta, BlockDelta)],
            thresholds,
        )

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "ExactEntropy":
        """Read what `tensors` returned; nothing in it is trusted.

        Raises:
            CheckpointError: a tensor is missing, malformed or too large for exact sums.
        """
        blocks = _integers(tensors, "blocks", torch.int32)
        if not 1 <= len(blocks) <= MAX_BLOCKS or min(blocks) < 1 or sum(blocks) > MAX_CHANNELS:
            raise CheckpointError(f"coding tensor 'blocks' holds no block widths: {blocks[:20]}")
        thresholds = torch.tensor(_integers(tensors, "thresholds", torch.int64))
        if len(thresholds) != N_SCALES - 1 or bool((thresholds.diff() <= 0).any()):
            raise CheckpointError(f"coding tensor 'thresholds' must be {N_SCALES - 1} rising ints")
        hyper = {}
        for name in _LAYERS:
            bits, limit = _hyper_input(name)
            hyper[name] = FixedConv.load(tensors, f"hyper.{name}", in_bits=bits, in_limit=limit)
        deltas = []
        if "delta.0.leave.weight" in tensors:
            deltas = [_load_delta(tensors, k) for k in range(len(blocks))]
        exact = cls(blocks, hyper, deltas, thresholds)
        exact._check_shapes()
        return exact

    def tensors(self) -> dict[str, Tensor]:
        """All integers of the coding path, by name; equal paths give equal tensors."""
        result = {
            "blocks": torch.tensor(self.blocks, dtype=torch.int32),
            "thresholds": self._thresholds,
        }
        for name, layer in self._hyper.items():
            result |= layer.save(f"hyper.{name}")
        for k, delta in enumerate(self._deltas):
            for name, layer in delta._asdict().items():
                if layer is not None:
                    result |= layer.save(f"delta.{k}.{name}")
        return result

    @property
    def hyper_channels(self) -> int:
        """Channels Z that `hyper` reads."""
        return self._hyper["enter"].weight.shape[1]

    @torch.no_grad()
    def hyper(self, z: Tensor) -> ExactState:
        """Features and base parameters from the symbols of z.

        Args:
            z: (B, Z, h/4, w/4) integers of any type.
        """
        batch, _, height, width = z.shape
        grid = (4 * height, 4 * width)
        if max(grid) <= self.tile:
            return self._hyper_whole(z)
        channels = sum(self.blocks)
        features = self._hyper["mix_full"].weight.shape[0]
        state = ExactState(
            *(
                torch.empty((batch, count, *grid), dtype=torch.int32)
                for count in (features, channels, channels)
            )
        )
        for tile in tiles(height, width, max(self.tile // 4, 1), _OVERLAP // 4):
            for whole, part in zip(state, self._hyper_whole(tile.read(z)), strict=True):
                tile.write(whole, tile.crop(part, 4), 4)
        return state

    @torch.no_grad()
    def block(self, k: int, state: ExactState, before: Sequence[Tensor]) -> BlockParameters:
        """Parameters of block `k`.

        Args:
            k: 0-based block.
            state: of `hyper`.
            before: ŷ of blocks 0..k-1 (or more; the rest is not read), each (B, C, h, w) integers
                with `FRACTION_BITS` fraction bits.
        """
        first = sum(self.blocks[:k])
        own = slice(first, first + self.blocks[k])
        base = (state.mean[:, own], state.raw_scale[:, own])
        height, width = state.features.shape[2:]
        if max(height, width) <= self.tile:
            return self._block_whole(k, state.features, *base, before[:k])
        mean = torch.empty(base[0].shape, dtype=torch.int32)
        index = torch.empty(base[0].shape, dtype=torch.uint8)
        for tile in tiles(height, width, self.tile, _OVERLAP):
            part = self._block_tile(k, tile, state.features, base, before)
            tile.write(mean, tile.crop(part.mean))
            tile.write(index, tile.crop(part.index))
        return BlockParameters(mean, index)

    def _block_tile(
        self,
        k: int,
        tile: Tile,
        features: Tensor,
        base: tuple[Tensor, Tensor],
        before: Sequence[Tensor],
    ) -> BlockParameters:
        return self._block_whole(
            k,
            tile.read(features),
            tile.read(base[0]),
            tile.read(base[1]),
            [tile.read(y_hat) for y_hat in before[:k]],
        )

    def _hyper_whole(self, z: Tensor) -> ExactState:
        layers = self._hyper
        t = z.double().clamp(-Z_LIMIT, Z_LIMIT)
        t = _activate(layers["enter"], layers["enter"](t))
        t = _activate(layers["up_half"], functional.pixel_shuffle(layers["up_half"](t), 2))
        t = _activate(layers["mix_half"], layers["mix_half"](t))
        t = _activate(layers["up_full"], functional.pixel_shuffle(layers["up_full"](t), 2))
        features = _activate(layers["mix_full"], layers["mix_full"](t))
        base = _parameters(layers["base"], features).to(torch.int32)
        mean, raw_scale = base.chunk(2, 1)
        return ExactState(features.to(torch.int32), mean, raw_scale)

    def _block_whole(
        self, k: int, features: Tensor, mean: Tensor, raw_scale: Tensor, before: Sequence[Tensor]
    ) -> BlockParameters:
        if self._deltas:
            layers = self._deltas[k]
            t = layers.from_features(features.double())
            if layers.from_blocks is not None:
                y_hat = torch.cat([block.double() for block in before], 1)
                t = t + layers.from_blocks(y_hat.clamp(-_Y_CLIP, _Y_CLIP))
            t = _activate(layers.from_features, t)
            t = _activate(layers.hidden, layers.hidden(t))
            delta_mean, delta_raw = _parameters(layers.leave, t).chunk(2, 1)
            exact_mean, raw = mean.double() + delta_mean, raw_scale.double() + delta_raw
        else:
            exact_mean, raw = mean.double(), raw_scale.double()
        index = torch.bucketize(raw.to(torch.int64), self._thresholds, right=True)
        fixed = shift_down(exact_mean, PARAMETER_BITS - FRACTION_BITS)
        return BlockParameters(fixed.to(torch.int32), index.to(torch.uint8))

    def _check_shapes(self) -> None:
        """Refuse layers that do not fit one another."""
        channels = sum(self.blocks)
        features = self._hyper["mix_full"].weight.shape[0]
        width = self._hyper["mix_half"].weight.shape[0]
        expected = {
            "up_half": (4 * self._hyper["mix_half"].weight.shape[1], len_of(self._hyper["enter"])),
            "up_full": (4 * self._hyper["mix_full"].weight.shape[1], width),
            "base": (2 * channels, features),
        }
        found = {name: tuple(self._hyper[name].weight.shape[:2]) for name in expected}
        before = 0
        for k, delta in enumerate(self._deltas):
            hidden = len_of(delta.from_features)
            expected[f"delta {k}"] = (features, hidden, hidden, 2 * self.blocks[k])
            found[f"delta {k}"] = (
                delta.from_features.weight.shape[1],
                delta.hidden.weight.shape[1],
                delta.leave.weight.shape[1] if len_of(delta.hidden) == hidden else -1,
                len_of(delta.leave),
            )
            if delta.from_blocks is not None:
                expected[f"context {k}"] = (hidden, before)
                found[f"context {k}"] = tuple(delta.from_blocks.weight.shape[:2])
            before += self.blocks[k]
        wrong = [name for name in expected if expected[name] != found[name]]
        if wrong:
            raise CheckpointError(f"coding layers do not fit one another: {', '.join(wrong)}")


def len_of(layer: FixedConv) -> int:
    """Output channels of a layer."""
    return len(layer.weight)


def _activate(layer: FixedConv, sums: Tensor) -> Tensor:
    return clip_relu(shift_down(sums, layer.out_bits - ACTIVATION_BITS), _CLIP)


def _parameters(layer: FixedConv, value: Tensor) -> Tensor:
    parameters = shift_down(layer(value.double()), layer.out_bits - PARAMETER_BITS)
    return parameters.clamp(-_PARAMETER_LIMIT, _PARAMETER_LIMIT)


def _hyper_input(name: str) -> tuple[int, int]:
    """Fraction bits and largest magnitude of what a hyper layer reads."""
    return (Z_SHIFT, Z_LIMIT) if name == "enter" else (ACTIVATION_BITS, _CLIP)


def _freeze_hyper(hyper: HyperSynthesis) -> dict[str, FixedConv]:
    layers = {}
    for name in _LAYERS:
        bits, limit = _hyper_input(name)
        layers[name] = FixedConv.freeze(getattr(hyper, name), in_bits=bits, in_limit=limit)
    return layers


def _freeze_delta(delta: BlockDelta) -> _FixedDelta:
    activations = {"in_bits": ACTIVATION_BITS, "in_limit": _CLIP}
    shift = best_shift(delta.from_features.weight.detach().double(), _CLIP)
    from_blocks = None
    if delta.from_blocks is not None:
        shift = min(shift, best_shift(delta.from_blocks.weight.detach().double(), _Y_CLIP))
        from_blocks = FixedConv.freeze(
            delta.from_blocks, in_bits=ACTIVATION_BITS, in_limit=_Y_CLIP, shift=shift
        )
    return _FixedDelta(
        FixedConv.freeze(delta.from_features, shift=shift, **activations),
        from_blocks,
        FixedConv.freeze(delta.hidden, **activations),
        FixedConv.freeze(delta.leave, **activations),
    )


def _load_delta(tensors: Mapping[str, Tensor], k: int) -> _FixedDelta:
    activations = {"in_bits": ACTIVATION_BITS, "in_limit": _CLIP}
    from_blocks = None
    if f"delta.{k}.from_blocks.weight" in tensors:
        from_blocks = FixedConv.load(
            tensors, f"delta.{k}.from_blocks", in_bits=ACTIVATION_BITS, in_limit=_Y_CLIP
        )
    delta = _FixedDelta(
        FixedConv.load(tensors, f"delta.{k}.from_features", **activations),
        from_blocks,
        FixedConv.load(tensors, f"delta.{k}.hidden", **activations),
        FixedConv.load(tensors, f"delta.{k}.leave", **activations),
    )
    if from_blocks is not None and from_blocks.shift != delta.from_features.shift:
        raise CheckpointError(f"delta.{k}: the two entries must share their shift")
    return delta


def _integers(tensors: Mapping[str, Tensor], name: str, dtype: torch.dtype) -> list[int]:
    if name not in tensors or tensors[name].dtype != dtype or tensors[name].ndim != 1:
        raise CheckpointError(
            f"the checkpoint lacks the coding tensor {name!r} ({dtype}, one axis)"
        )
    return [int(value) for value in tensors[name]]
