"""Swin transformer blocks on feature maps, for the `tic` transforms."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["SwinGroup", "WindowAttention"]

_MASKED = -100.0


def _partition(x: Tensor, window: int) -> Tensor:
    """(B, H, W, C) to windows (B · n, window², C)."""
    batch, height, width, channels = x.shape
    split = x.reshape(batch, height // window, window, width // window, window, channels)
    return split.permute(0, 1, 3, 2, 4, 5).reshape(-1, window**2, channels)


def _merge(windows: Tensor, window: int, shape: torch.Size) -> Tensor:
    """Undo `_partition` for a map of `shape` (B, H, W, C)."""
    batch, height, width, channels = shape
    split = windows.reshape(batch, height // window, width // window, window, window, channels)
    return split.permute(0, 1, 3, 2, 4, 5).reshape(batch, height, width, channels)


def _shift_mask(height: int, width: int, window: int, shift: int) -> Tensor:
    """Additive mask (n, window², window²) between places that only the roll made neighbours."""
    rows = torch.arange(height)
    columns = torch.arange(width)
    row_region = (rows >= height - window).long() + (rows >= height - shift).long()
    column_region = (columns >= width - window).long() + (columns >= width - shift).long()
    region = (3 * row_region[:, None] + column_region[None])[None, :, :, None]
    flat = _partition(region, window)[:, :, 0]
    return (flat[:, None] != flat[:, :, None]).float() * _MASKED


class WindowAttention(nn.Module):
    """Self-attention inside windows with a learned bias per relative position.

    Source: Liu et al. 2021 (Swin), sec. 3.2.
    """

    relative: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(channels, 3 * channels)
        self.leave = nn.Linear(channels, channels)
        self.bias = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.bias, std=0.02)
        place = torch.stack(
            torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij"), -1
        ).reshape(-1, 2)
        offset = place[:, None] - place[None] + window - 1
        relative = offset[..., 0] * (2 * window - 1) + offset[..., 1]
        self.register_buffer("relative", relative, persistent=False)

    def forward(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Attend within `windows` (B · n, T, C); `mask` (n, T, T) is added to the logits."""
        count, tokens, channels = windows.shape
        qkv = self.to_qkv(windows).reshape(count, tokens, 3, self.heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        bias = self.bias[self.relative].permute(2, 0, 1)[None]
        if mask is not None:
            bias = (bias + mask[:, None]).repeat(count // len(mask), 1, 1, 1)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        result: Tensor = self.leave(mixed.transpose(1, 2).reshape(count, tokens, channels))
        return result


class _SwinBlock(nn.Module):
    """Attention and a two-layer perceptron, each behind a norm and beside a skip."""

    def __init__(self, channels: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.norm_attention = nn.LayerNorm(channels)
        self.attention = WindowAttention(channels, heads, window)
        self.norm_perceptron = nn.LayerNorm(channels)
        self.perceptron = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) to the same shape, H and W multiples of the window."""
        height, width = x.shape[1:3]
        shift = self.shift if min(height, width) > self.window else 0
        t = self.norm_attention(x)
        mask = None
        if shift:
            t = torch.roll(t, (-shift, -shift), (1, 2))
            mask = _shift_mask(height, width, self.window, shift).to(t)
        t = _merge(self.attention(_partition(t, self.window), mask), self.window, t.shape)
        if shift:
            t = torch.roll(t, (shift, shift), (1, 2))
        x = x + t
        result: Tensor = x + self.perceptron(self.norm_perceptron(x))
        return result


class SwinGroup(nn.Module):
    """`depth` Swin blocks, every other one shifted, with a skip around all.

    Source: Lu et al. 2022 (TIC), sec. 3.2; Liang et al. 2021 (residual Swin groups).
    """

    def __init__(self, channels: int, depth: int, heads: int, window: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                _SwinBlock(channels, heads, window, window // 2 if i % 2 else 0)
                for i in range(depth)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        t: Tensor = self.blocks(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + t
