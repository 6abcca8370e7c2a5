"""The `tic` transforms of the paper: strided convolutions and Swin transformer groups."""

import math

import torch
from torch import Tensor, nn

from codec_plugin.config import ModelConfig
from codec_plugin.errors import ConfigError
from codec_plugin.models.transforms.layers import Film
from codec_plugin.models.transforms.swin import SwinGroup

__all__ = ["TicAnalysis", "TicSynthesis"]

_HEAD_WIDTH = 24  # wanted channels a head; the number of heads divides the width
_WINDOWS = (8, 8, 8, 4)  # at H/2, H/4, H/8, H/16: divide every multiple of 64 pixels


def _group(channels: int, depth: int, window: int) -> SwinGroup:
    heads = max(n for n in range(1, 17) if channels % n == 0 and channels / n >= _HEAD_WIDTH)
    return SwinGroup(channels, depth, heads, window)


def _plan(config: ModelConfig, width: int) -> tuple[list[int], list[int]]:
    """Channels and depths at H/2, H/4, H/8, H/16."""
    depths = list(config.synthesis_depths)[::-1]
    if len(depths) != len(_WINDOWS) or min(config.base_channels, width) < _HEAD_WIDTH:
        raise ConfigError(
            f"tic needs synthesis_depths of four numbers and at least {_HEAD_WIDTH} channels; got "
            f"{config.synthesis_depths}, {width}, {config.base_channels}; see ModelConfig.paper()"
        )
    return [width, width, width, config.base_channels], depths


def _reach(depths: list[int]) -> int:
    """Latent positions that a result may depend on each way, a multiple of 8.

    A plain window reaches a window less one, a shifted one half a window more.
    """
    scales = (8, 4, 2, 1)
    reach = sum(
        (window * (depth // 2 + depth % 2) + window // 2 * (depth // 2) + 2) / scale
        for window, depth, scale in zip(_WINDOWS, depths, scales, strict=True)
    )
    return 8 * math.ceil(reach / 8)


class TicAnalysis(nn.Module):
    """Image to latent.

        x ─► conv /2 ─► Swin ─► conv /2 ─► Swin ─► conv /2 ─► Swin ─► conv /2 ─► Swin ─► y
              N, H/2            N, H/4             N, H/8             M, H/16

    x (B, 3, H, W) in 0..1; y (B, M, H/16, W/16). Width N is `analysis_widths[0]`, the depths of the
    groups are `synthesis_depths` read backwards.
    Source: Lu et al. 2022 (TIC), fig. 2; widths as in the paper: N 192, M 320.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths, depths = _plan(config, config.analysis_widths[0])
        layers: list[nn.Module] = []
        before = 3
        for width, depth, window in zip(widths, depths, _WINDOWS, strict=True):
            kernel = 5 if before == 3 else 3
            layers.append(nn.Conv2d(before, width, kernel, stride=2, padding=kernel // 2))
            layers.append(_group(width, depth, window))
            before = width
        self.layers = nn.Sequential(*layers)
        self.reach = _reach(depths)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (B, 3, H, W) to y (B, M, H/16, W/16)."""
        y: Tensor = self.layers(x - 0.5)
        return y


class TicSynthesis(nn.Module):
    """Latent to image: the mirror of `TicAnalysis`, given at each scale which blocks are real.

        ŷ, known ─► conv ─► FiLM ─► Swin ─► up 2 ─┬─► …  ┬─► …  ┬─► FiLM ─► Swin ─► up 2 ─► x̂
                            M, H/16               N, H/8 N, H/4 N, H/2

    ŷ (B, M, h, w), known (B, n_blocks, h, w) in 0..1, x̂ (B, 3, 16h, 16w) unclamped.
    Source: Lu et al. 2022 (TIC), fig. 2; FiLM by Perez et al. 2018.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths, depths = _plan(config, config.synthesis_widths[0])
        steps = list(zip(widths, depths, _WINDOWS, strict=True))[::-1]
        self.enter = nn.Conv2d(
            config.base_channels + config.n_blocks, config.base_channels, 3, padding=1
        )
        self.films, self.groups, self.ups = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        after = [width for width, _, _ in steps[1:]] + [3]
        for (width, depth, window), target in zip(steps, after, strict=True):
            self.films.append(Film(config.n_blocks, width))
            self.groups.append(_group(width, depth, window))
            up = nn.Conv2d(width, 4 * target, 3, padding=1)
            self.ups.append(nn.Sequential(up, nn.PixelShuffle(2)))
        self.reach = _reach(depths)

    def forward(self, y_hat: Tensor, known: Tensor) -> Tensor:
        """Transform ŷ (B, M, h, w), of which `known` is real, to x̂ (B, 3, 16h, 16w)."""
        t: Tensor = self.enter(torch.cat([y_hat, known], 1))
        for film, group, up in zip(self.films, self.groups, self.ups, strict=True):
            t = up(group(film(t, known)))
        return t + 0.5
