"""Our codec with one thing changed, each as a method: trained and measured as the peers are.

Fill, order and conditioning are what a decoder does: `--codecs zero-fill=compact` measures them on
a checkpoint that was not trained so; a checkpoint of `c2f train --method zero-fill` was.

All keep the start's blocks, steps, λ and stage weights but for what their name says. Of a channel
that comes again, a zero fill adds nothing to the coarser version, and without Δ its mean is the
coarser version and what ẑ adds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines._stages import scaled_semantics
from codec_plugin.baselines.paper_recipe import paper_blocks
from codec_plugin.baselines.registry import Method
from codec_plugin.channel_layout import ChannelLayout
from codec_plugin.checkpointing.checkpoint import Checkpoint
from codec_plugin.codec import Codec
from codec_plugin.models.progressive import ProgressiveModel

if TYPE_CHECKING:
    from codec_plugin.train.settings import TrainSettings

__all__ = ["ABLATIONS", "METHODS", "UNTRAINED", "imposed"]


def imposed(checkpoint: Checkpoint, **changes: Any) -> Codec:
    """A codec that reads a checkpoint with other fields of its config, such as `fill="zero"`."""
    model = copy.copy(checkpoint.model)
    model.config = msgspec.structs.replace(model.config, **changes)
    return Codec(replace(checkpoint, model=model))


def _same_blocks(model: ProgressiveModel, **changes: Any) -> ProgressiveModel:
    return reblock(model, model.config.layout, **({"passes": model.config.passes} | changes))


def _wide_first(model: ProgressiveModel) -> ProgressiveModel:
    """As many blocks as before, of which those of new channels are cut as the paper cuts three.

    The first has 128 of 320 channels in proportion, the others share the rest; blocks that refine
    stay, so that each stage keeps its step and its λ.
    """
    layout = model.config.layout
    new = layout.planes.count(0)
    first = paper_blocks(layout.base_channels)[0] if new > 1 else layout.base_channels
    rest = layout.base_channels - first
    ends = [first + rest * k // max(1, new - 1) for k in range(new)]
    fresh = iter(zip([0, *ends[:-1]], ends, strict=True))
    ranges = (
        own if plane else next(fresh)
        for own, plane in zip(layout.ranges, layout.planes, strict=True)
    )
    return reblock(model, ChannelLayout(tuple(ranges)))


def _ablation(
    name: str,
    idea: str,
    overrides: tuple[str, ...] | Callable[[TrainSettings], Sequence[str]] = (),
    convert: Callable[[ProgressiveModel], ProgressiveModel] = _same_blocks,
    codec: Callable[[Checkpoint], Codec] = Codec,
    note: str = "none",
) -> Method:
    source = "ablation of coarse2fine"
    return Method(name, source, idea, note, convert, overrides, codec=codec)


def _decoder_side(name: str, idea: str, **changes: Any) -> Method:
    return _ablation(
        name, idea, convert=partial(_same_blocks, **changes), codec=partial(imposed, **changes)
    )


_UNTRAINED = (
    _decoder_side(
        "zero-fill", "what did not arrive is zero, not its conditional mean", fill="zero"
    ),
    _decoder_side("memory-order", "symbols of a block as they lie in memory", use_sort=False),
    _decoder_side(
        "unconditioned", "the synthesis is not told which blocks are real", stage_conditioning=False
    ),
)

METHODS = (
    *_UNTRAINED,
    _ablation(
        "no-refinement",
        "parameters of a block from ẑ alone (no Δ-networks)",
        convert=partial(_same_blocks, use_delta=False, passes=msgspec.UNSET),
        note="one pass a block, as passes need refinements",
    ),
    _ablation(
        "no-context",
        "Δ-networks do not see earlier blocks",
        convert=partial(_same_blocks, use_context=False, passes=msgspec.UNSET),
        note="one pass a block; the refinements of the later blocks begin at zero",
    ),
    _ablation(
        "one-pass",
        "every block in one pass over the picture",
        convert=partial(_same_blocks, passes=msgspec.UNSET),
    ),
    _ablation("whole-blocks", "no random cut while training", ("phases.0.cut_probability=0.0",)),
    _ablation(
        "wide-first",
        "first block of 128/320 of the channels instead of a narrow one",
        convert=_wide_first,
        note="one pass a block; refinements of blocks that begin elsewhere begin at zero",
    ),
    _ablation(
        "own-level",
        "cross-entropy of each stage's own level instead of inner features",
        (
            "phases.0.feature_weights=[]",
            "phases.0.gammas=[4.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]",
            "phases.0.semantic_share=1.5",
        ),
    ),
    _ablation(
        "light-semantics",
        "a quarter of the features' weight",
        scaled_semantics(0.25),
    ),
    _ablation(
        "heavy-semantics",
        "four times the features' weight",
        scaled_semantics(4.0),
    ),
)

UNTRAINED = tuple(method.name for method in _UNTRAINED)
"""Ablations that a checkpoint trained without them can be measured with."""

ABLATIONS = tuple(method.name for method in METHODS)
"""Names of all ablations."""
