"""In which order a block's symbols are coded, and which of them a cut leaves."""

import torch
from torch import Tensor

from codec_plugin.config import ModelConfig
from codec_plugin.entropy.scale_table import N_SCALES, scale_index, sigma_from_raw

__all__ = ["Arrival", "coding_order", "keep_mask", "kept_of_pass", "pass_map"]


def pass_map(count: int, height: int, width: int) -> Tensor:
    """In which pass each position is coded: (h, w) int64, 0-based.

    Two passes are the colours of a chessboard. Of three, the first has every second row and
    column, the second the positions diagonal to them, the third the rest: every position of a
    later pass has neighbours of earlier ones on all sides.
    """
    row = torch.arange(height)[:, None] % 2
    column = torch.arange(width)[None] % 2
    if count == 1:
        return torch.zeros(height, width, dtype=torch.int64)
    other = row ^ column
    return other if count == 2 else torch.where(other == 1, 2, row)


def coding_order(index: Tensor, use_sort: bool) -> Tensor:
    """Order in which the elements of a block are coded: falling scale, ties in memory order.

    Args:
        index: (B, C_k, h, w) integer scale index of each element.
        use_sort: else memory order throughout.
    Returns:
        (B, C_k·h·w) int64 positions in the flattened block, first coded first.
    """
    flat = index.reshape(index.shape[0], -1)
    if not use_sort:
        return torch.arange(flat.shape[1], device=flat.device).expand(flat.shape[0], -1)
    return torch.sort(flat.to(torch.int16), dim=1, descending=True, stable=True).indices


def keep_mask(index: Tensor, keep: Tensor, use_sort: bool, passes: int = 1) -> Tensor:
    """Which elements a decoder knows after the fraction `keep` (B,) of a block's symbols.

    Args:
        index: (B, C_k, h, w) integer scale index of each element.
        keep: (B,) in 0..1.
        use_sort: falling scale inside a pass, else memory order.
        passes: in which the block is coded, one after the other.

    Returns:
        (B, C_k, h, w) bool.
    """
    if passes > 1:
        pass_index = pass_map(passes, index.shape[2], index.shape[3]).to(index.device)
        within = index.long() if use_sort else torch.zeros_like(index, dtype=torch.int64)
        order = coding_order(within + N_SCALES * (passes - 1 - pass_index), True)
    else:
        order = coding_order(index, use_sort)
    count = (keep * order.shape[1]).round()
    first = torch.arange(order.shape[1], device=order.device)[None] < count[:, None]
    return torch.zeros_like(first).scatter_(1, order, first).reshape(index.shape)


def kept_of_pass(
    index: Tensor, keep: Tensor, use_sort: bool, passes: int, pass_index: int
) -> Tensor:
    """`keep_mask` at the positions of one pass, from the parameters of that pass alone.

    Args:
        index: (B, C_k, h, w) integer scale index of each element; only the positions
            of pass `pass_index` are read.
        keep: (B,) in 0..1, share of the whole block's symbols.

    Returns:
        (B, C_k, h, w) bool; false outside the pass.
    """
    channels, height, width = index.shape[1:]
    place = pass_map(passes, height, width)
    before = channels * int((place < pass_index).sum())
    inside = channels * int((place == pass_index).sum())
    now = (place == pass_index).to(index.device)
    key = index.long() if use_sort else torch.zeros_like(index, dtype=torch.int64)
    order = coding_order(torch.where(now, key + 1, 0), True)
    count = (keep * index[0].numel()).round() - before
    first = (
        torch.arange(order.shape[1], device=order.device)[None] < count.clamp(0, inside)[:, None]
    )
    return torch.zeros_like(first).scatter_(1, order, first).reshape(index.shape)


class Arrival:
    """Which symbols of block `k` arrive, picture by picture, found pass after pass.

    Args:
        stage: (B,) last block that arrives, on the host.
        keep: (B,) share of that block's symbols, on the host.
    """

    def __init__(
        self, stage: Tensor, keep: Tensor, k: int, config: ModelConfig, device: torch.device
    ) -> None:
        self.k, self.config = k, config
        cut = (stage == k) & (keep < 1)
        self.rows = cut.nonzero()[:, 0].to(device, non_blocking=True)
        self.keep = keep[cut].to(device, non_blocking=True)
        whole = (stage > k) | ((stage == k) & ~cut)
        self.mask = whole.view(-1, 1, 1, 1).to(device, non_blocking=True)

    def at(self, raw_scale: Tensor, pass_index: int) -> Tensor:
        """Mask (B, C_k or 1, h, w or 1) after pass `pass_index`, coded with these scales."""
        if len(self.rows):
            index = scale_index(sigma_from_raw(raw_scale.detach()[self.rows]))
            passes = self.config.pass_counts[self.k]
            now = kept_of_pass(index, self.keep, self.config.use_sort, passes, pass_index)
            mask = self.mask.expand_as(raw_scale).clone()
            mask[self.rows] = now if pass_index == 0 else mask[self.rows] | now
            self.mask = mask
        return self.mask
