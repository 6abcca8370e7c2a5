"""Cut a trained latent into other blocks: same base channels, same transforms, another layout.

    start   18 │ 38 │ 72 │ 96 │ refined once │ refined again       steps 1, 1/3, 1/9
    new     224 channels at the finest step, or 3 times all 224, or ten slices, …

The transforms compute what they did: analysis rows are scaled to the new steps, the layers that
read the latent by the inverse. Of the entropy model the side information, the features, the base
parameters of every version of a channel that both have, and the refinements (Δ) of blocks that
read the same context are kept; what is left begins near the start's, or at zero.
"""

from typing import Any

import msgspec
import torch
from torch import Tensor

from codec_plugin.channel_layout import RATIO, ChannelLayout
from codec_plugin.config import ModelConfig
from codec_plugin.entropy.scale_table import inverse_softplus, sigma_from_raw
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["reblock", "shares"]


_REFINEMENTS = ("entropy.deltas.", "entropy.spatial.", "entropy.plane_context.")


@torch.no_grad()
def reblock(
    old: ProgressiveModel,
    blocks: tuple[int, ...] | ChannelLayout,
    *,
    coarser: float = 1.0,
    **changes: Any,
) -> ProgressiveModel:
    """A network with the weights of `old` whose channels are coded as `blocks`.

    Told that everything is known, it decodes as `old` does. Every block is coded in one pass unless
    `changes` says otherwise.

    Args:
        old: of any layout.
        blocks: widths of blocks that share no channel, or a layout.
        coarser: finest step of each channel over that of `old`.
        changes: further fields of the config, such as `fill="zero"`.
    Raises:
        ConfigError: other base channels in all, or other steps of transforms that cannot be scaled.
    """
    layout = blocks if isinstance(blocks, ChannelLayout) else ChannelLayout.consecutive(blocks)
    if layout.base_channels != old.config.base_channels:
        raise ConfigError(
            f"blocks {layout.widths} must sum to {old.config.base_channels} base channels; got "
            f"{layout.base_channels}"
        )
    gain = _finest(old.config.layout) / (_finest(layout) * coarser)
    same = layout == old.config.layout and coarser == 1
    steps = old.config.steps if same else _steps(old.config, layout, gain)
    fields: dict[str, Any] = {
        "blocks": layout.widths,
        "steps": steps,
        "passes": msgspec.UNSET,
        "ranges": layout.ranges if layout.refines else msgspec.UNSET,
    }
    new = ProgressiveModel(msgspec.structs.replace(old.config, **(fields | changes)))
    state = old.state_dict()
    share = None if same else shares(old.config.layout, layout, gain)
    for name, value in new.state_dict().items():
        if name.startswith("entropy.hyper.base.") and not same:
            continue
        if name.startswith(_REFINEMENTS) or name not in state:
            continue
        source = state[name]
        if share is not None and _reads_known(name, source, old.config):
            source = _known_columns(source, share)
        if source.shape == value.shape:
            value.copy_(source)
    if not same:
        _rescale(new, gain)
        _base_parameters(old, new, gain)
    _keep_refinements(old, new, gain, same=same)
    return new


def shares(old: ChannelLayout, new: ChannelLayout, gain: Tensor) -> Tensor:
    """(old blocks, new blocks): which part of each old block each new block makes known.

    A version of a channel is known with the first new block whose step is no coarser, or with the
    last of that channel.

    Args:
        gain: (base channels,) old base step over new base step.
    """
    table = torch.zeros(len(old.ranges), len(new.ranges))
    versions: dict[int, list[tuple[float, int]]] = {}
    for k, channel, plane in _versions(new):
        versions.setdefault(channel, []).append((float(gain[channel]) * RATIO**plane, k))
    for k, channel, plane in _versions(old):
        held = [block for fine, block in versions[channel] if fine >= RATIO**plane * 0.999]
        table[k, held[0] if held else versions[channel][-1][1]] += 1
    return table / table.sum(1, keepdim=True)


def _versions(layout: ChannelLayout) -> list[tuple[int, int, int]]:
    """(block, base channel, plane) of each channel of y."""
    blocks = enumerate(zip(layout.ranges, layout.planes, strict=True))
    return [(k, channel, plane) for k, (ends, plane) in blocks for channel in range(*ends)]


def _finest(layout: ChannelLayout) -> Tensor:
    """(base channels,) steps of the finest version of each channel in one of its first."""
    finest = torch.ones(layout.base_channels)
    for _, channel, plane in _versions(layout):
        finest[channel] = float(RATIO**plane)  # later versions are finer
    return finest


def _steps(old: ModelConfig, layout: ChannelLayout, gain: Tensor) -> tuple[float, ...]:
    """Steps of the config; they matter only where a basis is drawn anew."""
    base = float((torch.tensor(old.base_steps) / gain).min())
    return tuple(base / RATIO**plane for plane in layout.planes)


def _reads_known(name: str, weight: Tensor, old: ModelConfig) -> bool:
    """Whether the last input columns of a layer are the map of what is known of each block."""
    if weight.ndim != 4 or not name.startswith("synthesis_net."):
        return False
    return ".enter." in name or ("film" in name and weight.shape[1] == old.n_blocks)


def _known_columns(weight: Tensor, share: Tensor) -> Tensor:
    """Weights whose last input columns read what is known of each block, for new blocks."""
    n_old = share.shape[0]
    latent, known = weight[:, :-n_old], weight[:, -n_old:]
    return torch.cat([latent, torch.einsum("ojyx,jk->okyx", known, share)], 1)


def _rescale(model: ProgressiveModel, gain: Tensor) -> None:
    """Make the analysis `gain` times as large, channel by channel, unseen by what reads it."""
    if bool((gain == 1).all()):
        return
    if model.config.transform != "compact":
        raise ConfigError(
            f"other steps need the compact transforms; got {model.config.transform!r}: begin at a "
            "start whose blocks share no channel, or at one of the method's own"
        )
    analysis: Any = model.analysis
    synthesis: Any = model.synthesis_net
    hyper: Any = model.hyper_analysis
    for layer in (analysis.linear, analysis.residual[-1]):
        layer.weight.mul_(gain.view(-1, 1, 1, 1))
        layer.bias.mul_(gain)
    for layer in (synthesis.linear, synthesis.enter, hyper.layers[0]):
        layer.weight[:, : len(gain)] /= gain.view(1, -1, 1, 1)


def _base_parameters(old: ProgressiveModel, new: ProgressiveModel, gain: Tensor) -> None:
    """Base means and scales of versions that `old` has; first versions at another step follow.

    Of a first version at a step f times as fine the mean is f times as large; so is the deviation,
    which the raw scale tells to first order. Refinements that `old` lacks begin as new ones do.
    """
    before, after = old.entropy.hyper.base, new.entropy.hyper.base
    assert before.bias is not None
    assert after.bias is not None
    places = {
        (channel, plane): place
        for place, (_, channel, plane) in enumerate(_versions(old.config.layout))
    }
    m_old, m_new = old.config.channels, new.config.channels
    for place, (_, channel, plane) in enumerate(_versions(new.config.layout)):
        fine = float(gain[channel]) * RATIO**plane
        exact = next(
            (p for c, p in places if c == channel and abs(RATIO**p / fine - 1) < 1e-3), None
        )
        if plane and not exact:
            after.weight[[place, m_new + place]] = 0.0
            continue
        same_kind = exact is not None and (exact > 0) == (plane > 0)
        source = places[channel, exact if same_kind and exact is not None else 0]
        ratio = 1.0 if same_kind else fine
        after.weight[place] = before.weight[source] * ratio
        after.bias[place] = before.bias[source] * ratio
        raw = before.bias[m_old + source]
        moved = inverse_softplus(sigma_from_raw(raw) * ratio) if ratio != 1 else raw
        slope = ratio * torch.sigmoid(raw) / torch.sigmoid(moved) if ratio != 1 else 1.0
        after.weight[m_new + place] = before.weight[m_old + source] * slope
        after.bias[m_new + place] = moved


def _keep_refinements(
    old: ProgressiveModel, new: ProgressiveModel, gain: Tensor, *, same: bool
) -> None:
    """Copy the refinements of blocks that begin where one of `old` did and read what it read."""
    if same and new.config.plane_networks == old.config.plane_networks:
        new.entropy.plane_context.load_state_dict(old.entropy.plane_context.state_dict())
    if not (old.config.use_delta and new.config.use_delta):
        return
    known = {_reads(old.config, k, torch.ones_like(gain)): k for k in range(old.config.n_blocks)}
    for k in range(new.config.n_blocks):
        j = known.get(_reads(new.config, k, gain))
        if j is not None:
            _keep_delta(old.entropy.deltas[j], new.entropy.deltas[k])
    if same and new.config.pass_counts == old.config.pass_counts:
        new.entropy.spatial.load_state_dict(old.entropy.spatial.state_dict())


def _reads(config: ModelConfig, k: int, gain: Tensor) -> tuple[Any, ...]:
    """First version that block `k` codes, and the versions that its refinement reads."""
    layout = config.layout

    def version(channel: int, plane: int) -> tuple[int, int]:
        return channel, round(1000 * float(gain[channel]) * RATIO**plane)

    all_versions = _versions(layout)
    seen = [version(*all_versions[place][1:]) for place in layout.latest(k)]
    own = version(layout.ranges[k][0], layout.planes[k])
    return own, layout.planes[k] > 0, tuple(seen), bool(seen) and config.use_context


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
