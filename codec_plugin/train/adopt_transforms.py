"""Take the transforms of a trained codec into a network whose blocks are cut otherwise.

Each base channel of the new network takes the old channel whose analysis kernel is most of its own
basis function, rescaled to the new quantiser step; synthesis and the residual branches follow. The
entropy model starts afresh, for other blocks have other statistics.
"""

from typing import Any

import torch
from torch import Tensor, nn

from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.models.transforms.layers import SeparableResidual, zero_init

__all__ = ["adopt_transforms"]

_ALIKE = 0.6  # least cosine between an old kernel and the basis function it stands for


@torch.no_grad()
def adopt_transforms(old: ProgressiveModel, new: ProgressiveModel) -> int:
    """Copy what fits from `old`; returns how many base channels found a trained one.

    Told that everything is known, the new transforms compute what the old ones did, for the
    channels that both have.

    Raises:
        ConfigError: one of them has not the compact transforms.
    """
    if not old.config.transform == new.config.transform == "compact":
        raise ConfigError(
            "start_transforms needs the compact transforms on both sides; got "
            f"{old.config.transform!r} and {new.config.transform!r}"
        )
    source, factor, worth = _matched(old, new)
    _adopt_analysis(old.analysis, new.analysis, source, factor)
    _adopt_synthesis(old, new, worth)
    return int((source >= 0).sum())


def _matched(old: ProgressiveModel, new: ProgressiveModel) -> tuple[Tensor, Tensor, Tensor]:
    """How old channels of y stand for new base channels.

    Returns:
        For each new base channel its old channel (-1: none) and new value over old one; and
        (M_old, M_new) what each old channel is worth in a new step: versions of one channel all
        count, for the old synthesis read them all.
    """
    kernels = _linear(old.analysis).weight.flatten(1)  # (M_old, 3·16·16)
    started = _linear(new.analysis).weight.flatten(1)  # basis / step
    gain = started.norm(dim=1)
    projected = (started / gain[:, None]) @ kernels.T  # (M_new, M_old)
    alike = projected.abs() >= _ALIKE * kernels.norm(dim=1)[None]
    projected = torch.where(alike, projected, 0.0)
    # Of two versions of a channel the finer one has the larger gain.
    best = projected.abs().max(1)
    source = torch.where(best.values > 0, best.indices, -1)
    picked = projected.gather(1, best.indices[:, None])[:, 0]
    factor = torch.where(source >= 0, gain / torch.where(source >= 0, picked, 1.0), 1.0)
    return source, factor, (projected / gain[:, None]).T


def _adopt_analysis(old: nn.Module, new: nn.Module, source: Tensor, factor: Tensor) -> None:
    taken = source >= 0
    before, after = _linear(old), _linear(new)
    for name in ("weight", "bias"):
        value, target = getattr(before, name), getattr(after, name)
        scale = factor[taken].view(-1, *[1] * (value.ndim - 1))
        target[taken] = value[source[taken]] * scale
    old_stages, new_stages = _stages(old.residual), _stages(new.residual)
    for (old_conv, old_blocks), (new_conv, new_blocks) in zip(
        old_stages[:-1], new_stages[:-1], strict=True
    ):
        _widen(old_conv, new_conv)
        for block in new_blocks:  # those without a model start as the identity
            zero_init(block.reduce)
        for old_block, new_block in zip(old_blocks, new_blocks, strict=False):
            _widen(old_block.depthwise, new_block.depthwise)
            _widen(old_block.expand, new_block.expand)
            _widen(old_block.reduce, new_block.reduce)
    last, target = old_stages[-1][0], new_stages[-1][0]
    columns = min(last.weight.shape[1], target.weight.shape[1])
    zero_init(target)
    target.weight[taken, :columns] = last.weight[source[taken], :columns] * factor[taken].view(
        -1, 1, 1, 1
    )
    assert target.bias is not None
    assert last.bias is not None
    target.bias[taken] = last.bias[source[taken]] * factor[taken]


def _adopt_synthesis(old: ProgressiveModel, new: ProgressiveModel, worth: Tensor) -> None:
    before: Any = old.synthesis_net
    after: Any = new.synthesis_net
    state = before.state_dict()
    for name, value in after.state_dict().items():
        if name in state and state[name].shape == value.shape:
            value.copy_(state[name])
    taken = worth.any(0)
    total = old.config.base_channels
    read = before.linear.weight[:, :, 0, 0] @ worth
    after.linear.weight[:, taken] = read[:, taken, None, None]
    after.enter.weight.zero_()
    latent, known = before.enter.weight[:, :total], before.enter.weight[:, total:]
    after.enter.weight[:, : len(taken)] = (latent[:, :, 0, 0] @ worth)[:, :, None, None]
    after.enter.bias.copy_(before.enter.bias + known.sum((1, 2, 3)))
    for name in ("film_low", "film_mid", "film_high"):
        film, target = getattr(before, name).project, getattr(after, name).project
        target.weight.zero_()
        target.bias.copy_(film.bias + film.weight.sum((1, 2, 3)))


def _linear(analysis: nn.Module) -> nn.Conv2d:
    layer = analysis.linear
    assert isinstance(layer, nn.Conv2d)
    return layer


def _stages(residual: Any) -> list[tuple[nn.Conv2d, list[SeparableResidual]]]:
    """Convolutions of a residual branch, each with the blocks after it."""
    stages: list[tuple[nn.Conv2d, list[SeparableResidual]]] = []
    for layer in residual:
        if isinstance(layer, nn.Conv2d):
            stages.append((layer, []))
        else:
            stages[-1][1].append(layer)
    return stages


def _widen(before: nn.Conv2d, after: nn.Conv2d) -> None:
    """Old rows and columns first; old rows ignore new columns, new rows keep their own start."""
    rows, columns = (
        min(a, b) for a, b in zip(before.weight.shape[:2], after.weight.shape[:2], strict=True)
    )
    after.weight[:rows] = 0.0
    after.weight[:rows, :columns] = before.weight[:rows, :columns]
    if before.bias is not None and after.bias is not None:
        after.bias[:rows] = before.bias[:rows]
