"""Choosing symbols: the nearest one, or the one below where the bits saved outweigh the error."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from codec_plugin.latent_codec.symbol_order import SYMBOL_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.entropy.cdf_tables import CodingTables

__all__ = ["Quantiser", "whole_numbers"]

_WEIGHED = 12  # larger symbols are rounded: one step less saves next to nothing


class Quantiser:
    """Rate-distortion optimised quantisation by the tables that the bytes use.

    A symbol q = round(r) ≠ 0 becomes q - sign(q) where that lowers bits(q) + w·(r - q)², with w the
    bits that a squared error of one step in that channel is worth. The decoder does not change.

    Args:
        tables: of the checkpoint.
        error_costs: w of each channel, block by block; empty rounds everything.
        first_scales: row of the tables of each block's first scale; empty means 0.
    Source: Sullivan & Wiegand 1998, "Rate-distortion optimization for video compression", sec. IV.
    """

    def __init__(
        self,
        tables: CodingTables,
        error_costs: Sequence[Sequence[float]] = (),
        first_scales: Sequence[int] = (),
    ) -> None:
        self.first_scales = first_scales
        self.error_costs = [
            torch.tensor(costs, dtype=torch.float32).view(1, -1, 1, 1) for costs in error_costs
        ]
        self.bits = _bits(tables) if error_costs else None

    def at_price(self, share: float, blocks: int) -> Quantiser:
        """The same, for which errors in the first blocks cost that share of what they did."""
        twin = copy(self)
        twin.error_costs = [
            costs * share if k < blocks else costs for k, costs in enumerate(self.error_costs)
        ]
        return twin

    def __call__(self, k: int, residual: Tensor, index: Tensor) -> Tensor:
        """Symbols (1, C_k, …) int32 of block `k`.

        Args:
            residual: y - mean, float, in quantiser steps, channels second.
            index: scale index of each element, of the same shape.
        """
        nearest = whole_numbers(residual)
        if self.bits is None:
            return nearest
        below = nearest - nearest.sign()
        small = (nearest != 0) & (nearest.abs() <= _WEIGHED)
        row, middle = index.long() + (self.first_scales[k] if self.first_scales else 0), _WEIGHED
        saved = (
            self.bits[row, nearest.clamp(-middle, middle).long() + middle]
            - self.bits[row, below.clamp(-middle, middle).long() + middle]
        )
        error = (residual - below).square() - (residual - nearest).square()
        cost = self.error_costs[k].view(1, -1, *[1] * (residual.ndim - 2))
        return torch.where(small & (saved > cost * error), below, nearest)


def whole_numbers(value: Tensor) -> Tensor:
    """Rounded, within the symbol limit, int32."""
    limited = torch.nan_to_num(value).clamp(-SYMBOL_LIMIT, SYMBOL_LIMIT)
    return torch.round(limited).to(torch.int32)


def _bits(tables: CodingTables) -> Tensor:
    """Code length of symbols -12..12 under each scale's table, (n_scales, 25) float32.

    A symbol that a table does not hold costs its escape and, about, two bits a digit more.
    """
    symbols = np.arange(-_WEIGHED, _WEIGHED + 1)
    lengths = np.empty((tables.n_scales, len(symbols)), dtype=np.float32)
    for index in range(tables.n_scales):
        row = tables.scale(index)
        own = -np.log2(row.frequencies / row.frequencies.sum())
        place = symbols - row.low
        held = (place >= 0) & (place < len(own) - 1)
        escape = own[-1] + 2 * np.log2(1.0 + np.abs(symbols))
        lengths[index] = np.where(held, own[np.clip(place, 0, len(own) - 2)], escape)
    return torch.from_numpy(lengths)
