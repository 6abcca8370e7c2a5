"""Cut a trained latent into other blocks: same channels, same transforms, another partition."""

from typing import Any

import msgspec
import torch
from torch import Tensor

from codec_plugin.config import ModelConfig
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["reblock", "shares"]


@torch.no_grad()
def reblock(old: ProgressiveModel, blocks: tuple[int, ...], **changes: Any) -> ProgressiveModel:
    """A network with the weights of `old` whose channels are grouped as `blocks`.

    Told that everything is known, it decodes as `old` does. Refinements of a block (Δ) are kept
    for the channels that it held before, where it reads what it read; others begin at zero, and
    every block is coded in one pass unless `changes` says otherwise.

    Args:
        old: of any partition.
        blocks: widths that sum to the same number of channels.
        changes: further fields of the config, such as `fill="zero"`.
    Raises:
        ConfigError: other channels in all.
    """
    if sum(blocks) != old.config.channels:
        raise ConfigError(f"blocks {blocks} must sum to {old.config.channels} channels")
    steps = (min(old.config.steps),) * len(blocks)  # matter only where a basis is drawn anew
    changes = {"passes": msgspec.UNSET} | changes
    config = msgspec.structs.replace(old.config, blocks=blocks, steps=steps, **changes)
    new = ProgressiveModel(config)
    share = shares(old.config, config)
    state = old.state_dict()
    for name, value in new.state_dict().items():
        if name.startswith("entropy.deltas.") or name not in state:
            continue
        source = state[name]
        if name.startswith("synthesis_net.") and source.shape != value.shape:
            source = _known_columns(source, share)
        if source.shape == value.shape:
            value.copy_(source)
    for k in _kept_deltas(old.config, config):
        _keep_delta(old.entropy.deltas[k], new.entropy.deltas[k])
    return new


def shares(old: ModelConfig, new: ModelConfig) -> Tensor:
    """(old blocks, new blocks): which part of each old block's channels each new block holds."""
    owner_old = torch.repeat_interleave(torch.tensor(old.blocks))
    owner_new = torch.repeat_interleave(torch.tensor(new.blocks))
    counts = torch.zeros(old.n_blocks, new.n_blocks)
    counts.index_put_((owner_old, owner_new), torch.ones(old.channels), accumulate=True)
    return counts / counts.sum(1, keepdim=True)


def _known_columns(weight: Tensor, share: Tensor) -> Tensor:
    """Weights whose last input columns read what is known of each block, for new blocks."""
    n_old = share.shape[0]
    latent, known = weight[:, :-n_old], weight[:, -n_old:]
    return torch.cat([latent, torch.einsum("ojyx,jk->okyx", known, share)], 1)


def _kept_deltas(old: ModelConfig, new: ModelConfig) -> list[int]:
    """Blocks at the front that begin where they did and read the same context."""
    if not (old.use_delta and new.use_delta):
        return []
    kept = []
    for k in range(min(old.n_blocks, new.n_blocks)):
        if old.blocks[:k] != new.blocks[:k] or (k and old.use_context != new.use_context):
            break
        kept.append(k)
    return kept


def _keep_delta(before: Any, after: Any) -> None:
    """Copy a refinement; its last layer for the channels that both blocks hold."""
    for name in ("from_features", "from_blocks", "hidden"):
        layer = getattr(before, name)
        if layer is not None:
            getattr(after, name).load_state_dict(layer.state_dict())
    for source, target in zip(before.leave.parameters(), after.leave.parameters(), strict=True):
        for old_half, new_half in zip(source.chunk(2), target.chunk(2), strict=True):
            count = min(len(old_half), len(new_half))
            new_half[:count] = old_half[:count]
