"""The integer layers of the coding path: frozen from a model, written to and read from tensors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from codec_plugin.channel_layout import ChannelLayout
from codec_plugin.config import MAX_BLOCKS, MAX_CHANNELS, MAX_PASSES
from codec_plugin.entropy.channel_groups import Y_LIMIT, Y_SHIFT, BlockDelta, EntropyModel
from codec_plugin.entropy.hyperprior import ACTIVATION_MAX, Z_LIMIT, Z_SHIFT
from codec_plugin.entropy.integer_conv import ACTIVATION_BITS, FixedConv, best_shift
from codec_plugin.entropy.scale_table import N_SCALES, raw_thresholds
from codec_plugin.errors import CheckpointError, ConfigError

__all__ = [
    "ACTIVATION_CLIP",
    "FRACTION_BITS",
    "PARAMETER_BITS",
    "Y_CLIP",
    "CodingLayers",
    "DeltaLayers",
]

# ŷ / 8 has the fraction bits of an activation, so both enter one sum without a shift.
FRACTION_BITS = ACTIVATION_BITS - Y_SHIFT
PARAMETER_BITS = 16
ACTIVATION_CLIP = int(ACTIVATION_MAX) << ACTIVATION_BITS
Y_CLIP = Y_LIMIT << FRACTION_BITS
_HYPER_LAYERS = ("enter", "up_half", "mix_half", "up_full", "mix_full", "base")


@dataclass(frozen=True)
class DeltaLayers:
    """One block's refinement; the two entries share their fraction bits."""

    from_features: FixedConv
    from_blocks: FixedConv | None
    hidden: FixedConv
    leave: FixedConv


@dataclass(frozen=True)
class CodingLayers:
    """Every integer that decides what a symbol's table is.

    Attributes:
        layout: base channels of each block.
        hyper: layers of the hyper synthesis by name.
        deltas: one refinement a block, or none at all.
        spatial: for each block, the further refinement of each pass after its first.
        plane_context: networks that read digits, two or none.
        thresholds: (63,) int64 raw scales, 16 fraction bits, where the next scale index begins.
    """

    layout: ChannelLayout
    hyper: dict[str, FixedConv]
    deltas: tuple[DeltaLayers, ...]
    thresholds: Tensor
    spatial: tuple[tuple[DeltaLayers, ...], ...] = ()
    plane_context: tuple[DeltaLayers, ...] = ()

    def __post_init__(self) -> None:
        """Refuse layers that do not fit one another.

        Raises:
            CheckpointError: naming them.
        """
        wrong = [name for name, (got, expected) in self._links().items() if got != expected]
        if wrong:
            raise CheckpointError(
                f"coding layers do not fit one another at {', '.join(wrong)}; "
                "the checkpoint is damaged; get it again"
            )

    @classmethod
    def freeze(cls, entropy: EntropyModel) -> "CodingLayers":
        """Round a trained entropy model.

        Raises:
            CheckpointError: the weights are too large for exact sums.
        """
        hyper = {}
        for name in _HYPER_LAYERS:
            bits, limit = _hyper_input(name)
            layer = getattr(entropy.hyper, name)
            hyper[name] = FixedConv.freeze(layer, in_bits=bits, in_limit=limit)
        deltas = [_freeze_delta(delta) for delta in entropy.deltas if isinstance(delta, BlockDelta)]
        thresholds = torch.round(raw_thresholds() * 2.0**PARAMETER_BITS).to(torch.int64)
        spatial = tuple(
            tuple(_freeze_delta(delta) for delta in block if isinstance(delta, BlockDelta))
            for block in entropy.spatial
            if isinstance(block, nn.ModuleList)
        )
        context = [_freeze_delta(d) for d in entropy.plane_context if isinstance(d, BlockDelta)]
        return cls(entropy.layout, hyper, tuple(deltas), thresholds, spatial, tuple(context))

    @classmethod
    def load(cls, tensors: Mapping[str, Tensor]) -> "CodingLayers":
        """Read what `save` wrote; nothing in it is trusted.

        Raises:
            CheckpointError: a tensor is missing, malformed or too large for exact sums.
        """
        blocks = _integers(tensors, "blocks", torch.int32)
        if not 1 <= len(blocks) <= MAX_BLOCKS or min(blocks) < 1 or sum(blocks) > MAX_CHANNELS:
            raise CheckpointError(f"coding tensor 'blocks' holds no block widths: {blocks[:20]}")
        layout = ChannelLayout.consecutive(blocks)
        if "ranges" in tensors:
            layout = _loaded_layout(_integers(tensors, "ranges", torch.int32), tuple(blocks))
        thresholds = torch.tensor(_integers(tensors, "thresholds", torch.int64))
        if len(thresholds) != N_SCALES - 1 or bool((thresholds.diff() <= 0).any()):
            raise CheckpointError(f"coding tensor 'thresholds' must be {N_SCALES - 1} rising ints")
        hyper = {}
        for name in _HYPER_LAYERS:
            bits, limit = _hyper_input(name)
            hyper[name] = FixedConv.load(tensors, f"hyper.{name}", in_bits=bits, in_limit=limit)
        deltas: list[DeltaLayers] = []
        if "delta.0.leave.weight" in tensors:
            deltas = [_load_delta(tensors, f"delta.{k}") for k in range(len(blocks))]
        spatial = tuple(_load_passes(tensors, k) for k in range(len(blocks)))
        context: tuple[DeltaLayers, ...] = ()
        if "plane_context.0.leave.weight" in tensors:
            context = tuple(_load_delta(tensors, f"plane_context.{n}") for n in range(2))
        return cls(layout, hyper, tuple(deltas), thresholds, spatial, context)

    def save(self) -> dict[str, Tensor]:
        """All integers by name; equal layers give equal tensors."""
        result = {
            "blocks": torch.tensor(self.blocks, dtype=torch.int32),
            "thresholds": self.thresholds,
        }
        if self.layout.refines:  # older coding paths have none, and keep their identity
            bounds = [bound for pair in self.layout.ranges for bound in pair]
            result["ranges"] = torch.tensor(bounds, dtype=torch.int32)
        for name, layer in self.hyper.items():
            result |= layer.save(f"hyper.{name}")
        for place, _, delta in self._placed():
            for name, part in vars(delta).items():
                if part is not None:
                    result |= part.save(f"{place}.{name}")
        return result

    @property
    def blocks(self) -> tuple[int, ...]:
        """Widths of the blocks."""
        return self.layout.widths

    @property
    def passes(self) -> tuple[int, ...]:
        """Passes of each block."""
        return tuple(1 + len(block) for block in self.spatial) or (1,) * len(self.blocks)

    def _placed(self) -> Iterator[tuple[str, int, DeltaLayers]]:
        """Name, block and layers of every refinement."""
        for k, delta in enumerate(self.deltas):
            yield f"delta.{k}", k, delta
        for k, block in enumerate(self.spatial):
            for pass_index, delta in enumerate(block):
                yield f"spatial.{k}.{pass_index}", k, delta
        for number, delta in enumerate(self.plane_context):
            yield f"plane_context.{number}", 0, delta

    def _links(self) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
        """Channel counts at each joint: (got, expected)."""
        hyper = self.hyper
        features = hyper["mix_full"].out_channels
        links: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
            "hyper.up_half": (
                (hyper["up_half"].in_channels, hyper["up_half"].out_channels),
                (hyper["enter"].out_channels, 4 * hyper["mix_half"].in_channels),
            ),
            "hyper.up_full": (
                (hyper["up_full"].in_channels, hyper["up_full"].out_channels),
                (hyper["mix_half"].out_channels, 4 * hyper["mix_full"].in_channels),
            ),
            "hyper.base": (
                (hyper["base"].in_channels, hyper["base"].out_channels),
                (features, 2 * sum(self.blocks)),
            ),
        }
        for place, k, delta in self._placed():
            width = delta.from_features.out_channels
            links[place] = (
                (delta.from_features.in_channels, delta.hidden.in_channels),
                (features, width),
            )
            links[f"{place}.leave"] = (
                (delta.leave.in_channels, delta.leave.out_channels),
                (delta.hidden.out_channels, 2 * self.blocks[k]),
            )
            if delta.from_blocks is not None:
                kind = place.partition(".")[0]
                own = {"spatial": 1, "plane_context": 2}.get(kind, 0) * self.blocks[k]
                links[f"{place}.from_blocks"] = (
                    (delta.from_blocks.in_channels, delta.from_blocks.out_channels),
                    (len(self.layout.latest(k)) + own, width),
                )
        return links


def _hyper_input(name: str) -> tuple[int, int]:
    """Fraction bits and largest magnitude of what a hyper layer reads."""
    return (Z_SHIFT, Z_LIMIT) if name == "enter" else (ACTIVATION_BITS, ACTIVATION_CLIP)


def _loaded_layout(bounds: list[int], blocks: tuple[int, ...]) -> ChannelLayout:
    """Layout from a checkpoint's numbers.

    Raises:
        CheckpointError: they are no layout of those blocks.
    """
    try:
        layout = ChannelLayout(tuple(zip(bounds[::2], bounds[1::2], strict=False)))
    except ConfigError as error:
        raise CheckpointError(f"coding tensor 'ranges': {error}") from error
    if layout.widths != blocks:
        raise CheckpointError(f"coding tensor 'ranges' does not fit blocks {blocks}")
    return layout


def _freeze_delta(delta: BlockDelta) -> DeltaLayers:
    shift = best_shift(delta.from_features.weight.detach().double(), ACTIVATION_CLIP)
    from_blocks = None
    if delta.from_blocks is not None:
        shift = min(shift, best_shift(delta.from_blocks.weight.detach().double(), Y_CLIP))
        from_blocks = FixedConv.freeze(
            delta.from_blocks, in_bits=ACTIVATION_BITS, in_limit=Y_CLIP, shift=shift
        )
    bits, limit = ACTIVATION_BITS, ACTIVATION_CLIP
    return DeltaLayers(
        FixedConv.freeze(delta.from_features, in_bits=bits, in_limit=limit, shift=shift),
        from_blocks,
        FixedConv.freeze(delta.hidden, in_bits=bits, in_limit=limit),
        FixedConv.freeze(delta.leave, in_bits=bits, in_limit=limit),
    )


def _load_passes(tensors: Mapping[str, Tensor], k: int) -> tuple[DeltaLayers, ...]:
    """Refinements of the passes of block `k` after its first, none where it has one pass."""
    refinements = []
    for pass_index in range(MAX_PASSES - 1):
        place = f"spatial.{k}.{pass_index}"
        if f"{place}.from_blocks.weight" not in tensors:
            break
        refinements.append(_load_delta(tensors, place))
    return tuple(refinements)


def _load_delta(tensors: Mapping[str, Tensor], place: str) -> DeltaLayers:
    def layer(name: str, limit: int) -> FixedConv:
        return FixedConv.load(tensors, f"{place}.{name}", in_bits=ACTIVATION_BITS, in_limit=limit)

    from_blocks = None
    if f"{place}.from_blocks.weight" in tensors:
        from_blocks = layer("from_blocks", Y_CLIP)
    from_features = layer("from_features", ACTIVATION_CLIP)
    if from_blocks is not None and from_blocks.shift != from_features.shift:
        raise CheckpointError(f"{place}: the two entries must share their shift")
    hidden, leave = layer("hidden", ACTIVATION_CLIP), layer("leave", ACTIVATION_CLIP)
    return DeltaLayers(from_features, from_blocks, hidden, leave)


def _integers(tensors: Mapping[str, Tensor], name: str, dtype: torch.dtype) -> list[int]:
    if name not in tensors or tensors[name].dtype != dtype or tensors[name].ndim != 1:
        raise CheckpointError(
            f"the checkpoint lacks the coding tensor {name!r} ({dtype}, one axis)"
        )
    return [int(value) for value in tensors[name]]
