"""Swin transformer blocks on feature maps, for the `tic` transforms."""

import torch
from torch import Tensor, nn

__all__ = ["SwinGroup", "WindowAttention"]


class WindowAttention(nn.Module):
    """Self-attention inside windows with a learned bias per relative position.

    Source: Liu et al. 2021 (Swin), sec. 3.2.
    """

    relative: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
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

    def forward(self, x: Tensor, shift: int) -> Tensor:
        """Attend within windows of (B, H, W, C), rolled by `shift`; H and W hold whole windows."""
        from torchvision.models.swin_transformer import shifted_window_attention

        attended: Tensor = shifted_window_attention(
            x,
            self.to_qkv.weight,
            self.leave.weight,
            self.bias[self.relative].permute(2, 0, 1)[None],
            [self.window] * 2,
            self.heads,
            [shift] * 2,
            qkv_bias=self.to_qkv.bias,
            proj_bias=self.leave.bias,
        )
        return attended


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
        x = x + self.attention(self.norm_attention(x), shift)
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
