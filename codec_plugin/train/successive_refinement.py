"""Split a trained first block in two: a coarse version first, its refinement in the second block.

    before   y1 / step                │ y2            │ y3
    after    y1 / (step / gain)       │ y2, y1 / step │ y3        given the first, y1 costs
                                                                  log2(1 / gain) bits a symbol

The first stage gets cheap without making the last one worse: successive refinement. What the
network computes at the later stages stays the same, up to where its quantiser rounds.
Source: Equitz & Cover 1991 (successive refinement).
"""

import math
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from codec_plugin.config import ModelConfig
from codec_plugin.entropy.channel_groups import Y_SHIFT
from codec_plugin.entropy.scale_table import inverse_softplus
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["split_config", "split_first_block"]


def split_config(config: ModelConfig, gain: float) -> ModelConfig:
    """The architecture after a split.

    Raises:
        ConfigError: not the compact transforms, one block only, or a gain outside 0..1.
    """
    if config.transform != "compact" or config.n_blocks < 2 or not 0 < gain < 1:
        raise ConfigError(
            "a split needs the compact transforms, two blocks or more and a gain between 0 and 1; "
            f"got {config.transform!r}, {config.n_blocks} and {gain}"
        )
    if config.passes is not msgspec.UNSET:
        raise ConfigError("a split comes before passes are added; start from a run without them")
    if not (config.use_delta and config.use_context):
        raise ConfigError("a split needs use_delta and use_context: the refinement is predicted")
    first, second, *rest = config.blocks
    step, *steps = config.steps
    return msgspec.structs.replace(
        config,
        blocks=(first, second + first, *rest),
        steps=(step / gain, *steps),
        context_width=config.context_width + 2 * first,
    )


@torch.no_grad()
def split_first_block(old: ProgressiveModel, gain: float) -> ProgressiveModel:
    """A network whose first block has a step 1 / gain times as large, refined in the second."""
    new = ProgressiveModel(split_config(old.config, gain))
    state = old.state_dict()
    for name, value in new.state_dict().items():
        if name in state and state[name].shape == value.shape:
            value.copy_(state[name])
    first = old.config.blocks[0]
    begin, total = sum(old.config.blocks[:2]), old.config.channels
    source = [*range(begin), *range(first), *range(begin, total)]
    maker = torch.ones(len(source))
    maker[:first] = gain
    reader = torch.ones(len(source))
    reader[:first] = 0.0
    channels = _Channels(torch.tensor(source), maker, reader, first, begin)
    _analysis(old, new, channels)
    _synthesis(old, new, channels)
    _base(old, new, channels, gain)
    for k in range(old.config.n_blocks):
        _delta(old, new, channels, k, gain)
    return new


class _Channels:
    """Which old channel each new one comes from, and how it is made and read."""

    def __init__(
        self, source: Tensor, maker: Tensor, reader: Tensor, first: int, begin: int
    ) -> None:
        self.source, self.maker, self.reader = source, maker, reader
        self.first, self.begin = first, begin

    def made(self, rows: Tensor) -> Tensor:
        """Output rows of a layer that produces y."""
        return rows[self.source] * self.maker.view(-1, *[1] * (rows.ndim - 1))

    def read(self, weight: Tensor, count: int | None = None) -> Tensor:
        """Input columns of a layer that reads y (its first `count` new channels)."""
        chosen = self.source[:count]
        return weight[:, chosen] * self.reader[:count].view(1, -1, 1, 1)


def _analysis(old: ProgressiveModel, new: ProgressiveModel, channels: _Channels) -> None:
    # Layers by name, as the compact transforms have them.
    before: Any = old.analysis
    after: Any = new.analysis
    after.linear.weight.copy_(channels.made(before.linear.weight))
    after.linear.bias.copy_(channels.made(before.linear.bias))
    old_tail, new_tail = list(before.residual)[-3:], list(after.residual)[-3:]
    _widen(old_tail[0], new_tail[0], inputs=False)
    _widen(old_tail[1].depthwise, new_tail[1].depthwise, inputs=False)
    _widen(old_tail[1].expand, new_tail[1].expand)
    _widen(old_tail[1].reduce, new_tail[1].reduce)
    last = torch.zeros_like(new_tail[2].weight)
    last[:, : old_tail[2].weight.shape[1]] = channels.made(old_tail[2].weight)
    new_tail[2].weight.copy_(last)
    new_tail[2].bias.copy_(channels.made(old_tail[2].bias))
    old_first = next(m for m in old.hyper_analysis.modules() if isinstance(m, nn.Conv2d))
    new_first = next(m for m in new.hyper_analysis.modules() if isinstance(m, nn.Conv2d))
    new_first.weight.copy_(channels.read(old_first.weight))


def _synthesis(old: ProgressiveModel, new: ProgressiveModel, channels: _Channels) -> None:
    before: Any = old.synthesis_net
    after: Any = new.synthesis_net
    after.linear.weight.copy_(channels.read(before.linear.weight))
    total = old.config.channels
    latent, known = before.enter.weight[:, :total], before.enter.weight[:, total:]
    after.enter.weight.copy_(torch.cat([channels.read(latent), known], 1))


def _base(old: ProgressiveModel, new: ProgressiveModel, channels: _Channels, gain: float) -> None:
    """Base means and scales; the refinement's are those of a uniform error of the first block."""
    before: Any = old.entropy.hyper.base
    after: Any = new.entropy.hyper.base
    refined = slice(channels.begin, channels.begin + channels.first)
    sigma = torch.tensor(1 / gain / math.sqrt(12))
    for target, source in ((after.weight, before.weight), (after.bias, before.bias)):
        mean, raw = source.chunk(2)
        mean, raw = channels.made(mean), channels.made(raw)
        mean[refined], raw[refined] = 0.0, 0.0
        if target is after.bias:
            raw[refined] = inverse_softplus(sigma)
        target.copy_(torch.cat([mean, raw]))


def _delta(
    old: ProgressiveModel, new: ProgressiveModel, channels: _Channels, k: int, gain: float
) -> None:
    before: Any = old.entropy.deltas[k]
    after: Any = new.entropy.deltas[k]
    width = old.config.context_width
    _widen(before.from_features, after.from_features, inputs=False)
    _widen(before.hidden, after.hidden)
    if k == 1:
        after.from_blocks.weight.zero_()
        after.from_blocks.weight[:width] = before.from_blocks.weight / gain
    elif k > 1:
        count = sum(new.config.blocks[:k])
        after.from_blocks.weight[:width] = channels.read(before.from_blocks.weight, count)
    for target, source in (
        (after.leave.weight, before.leave.weight),
        (after.leave.bias, before.leave.bias),
    ):
        target.zero_()
        mean, raw = source.chunk(2)
        if k == 0:
            mean, raw = mean * gain, raw * gain
        size = target.shape[0] // 2
        for offset, part in ((0, mean), (size, raw)):
            view = target[offset : offset + len(part)]
            (view[:, :width] if view.ndim > 1 else view).copy_(part)
    if k == 1:
        _pass_through(after, width, old.config.blocks[1], channels.first, gain)


def _pass_through(delta: Any, width: int, second: int, first: int, gain: float) -> None:
    """Hidden units that carry ŷ1 and -ŷ1 through both ReLUs to the refinement's means."""
    entry: Tensor = delta.from_blocks.weight
    middle = entry.shape[-1] // 2
    delta.from_features.weight[width:] = 0.0
    delta.from_features.bias[width:] = 0.0
    hidden: Tensor = delta.hidden.weight
    hidden[width:] = 0.0
    delta.hidden.bias[width:] = 0.0
    leave: Tensor = delta.leave.weight
    for channel in range(first):
        for sign, unit in ((1.0, width + 2 * channel), (-1.0, width + 2 * channel + 1)):
            entry[unit, channel, middle, middle] = sign
            hidden[unit, unit] = 1.0
            leave[second + channel, unit] = sign * 2**Y_SHIFT / gain


def _widen(before: nn.Conv2d, after: nn.Conv2d, *, inputs: bool = True) -> None:
    """Old rows and columns first; old rows ignore new columns, new rows keep their own start."""
    rows, columns = before.weight.shape[:2]
    after.weight[:rows] = 0.0
    after.weight[:rows, :columns] = before.weight
    if before.bias is not None and after.bias is not None:
        after.bias[:rows] = before.bias
    if not inputs and before.weight.shape[1] != after.weight.shape[1]:
        raise ConfigError(f"expected equal inputs, got {columns} and {after.weight.shape[1]}")
