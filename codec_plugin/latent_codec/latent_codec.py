"""Latents to payloads and back: the exact integer path and the range coder, stage by stage.

z ─► put_hyper ─────────────────────────────┐
y_k ─► quantiser(y_k - mean_k) ─► put_block ─► payload k    k = 0 carries z first
          mean_k, index_k = exact.block(k, exact.hyper(z), ŷ of blocks < k), pass after pass
segments ─► take … ─► ŷ (missing symbols filled), known
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from codec_plugin.bitstream.range_coder import StageReader, StageWriter
from codec_plugin.entropy.channel_groups import coarser_values
from codec_plugin.entropy.coding_order import pass_map
from codec_plugin.entropy.integer_layers import Y_CLIP
from codec_plugin.entropy.integer_model import FRACTION_BITS, ExactEntropy, ExactState
from codec_plugin.latent_codec.rdo_quantization import Quantiser, whole_numbers
from codec_plugin.latent_codec.symbol_order import (
    SYMBOL_LIMIT,
    CodingRows,
    put_block,
    put_hyper,
    take_block,
    take_hyper,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from codec_plugin.bitstream.segments import Segment
    from codec_plugin.config import ModelConfig
    from codec_plugin.entropy.cdf_tables import CodingTables

__all__ = ["LatentCodec", "Received"]


@dataclass(frozen=True)
class Received:
    """What a decoder holds after some bytes.

    Attributes:
        y_hat: (1, M, h, w) float32, missing symbols filled.
        known: (1, n_blocks, h, w) float32: share of each block's symbols known at each position.
        hyper_fraction: share of the symbols of z that are known.
        fractions: the same of each block.
    """

    y_hat: Tensor
    known: Tensor
    hyper_fraction: float
    fractions: tuple[float, ...]


class LatentCodec:
    """Code the latents of one picture with frozen integers only.

    Args:
        config: the model's.
        exact: its frozen entropy model.
        tables: its frequencies.
        error_costs: what errors are worth in bits (see `Quantiser`).
    """

    def __init__(
        self,
        config: ModelConfig,
        exact: ExactEntropy,
        tables: CodingTables,
        error_costs: Sequence[Sequence[float]] = (),
    ) -> None:
        self.config = config
        self.exact = exact
        self.rows = CodingRows.of(tables)
        planes = config.layout.planes
        self.first_scales = [tables.first_scale(refined=plane > 0) for plane in planes]
        self.quantiser = Quantiser(tables, error_costs, self.first_scales)

    def choosing(self, quantiser: Quantiser) -> Self:
        """The same coder, whose symbols another quantiser chooses."""
        twin = copy(self)
        twin.quantiser = quantiser
        return twin

    def encode(self, y: Tensor, z: Tensor, stages: int | None = None) -> list[bytes]:
        """Payloads of the first `stages` stages (None: all).

        Args:
            y: (1, M, h, w) float, not yet rounded.
            z: (1, Z, h/4, w/4) float, not yet rounded.
        """
        return [writer.finish() for writer, _ in self.coded(y, z, stages)]

    def coded(
        self, y: Tensor, z: Tensor, stages: int | None = None
    ) -> Iterator[tuple[StageWriter, list[tuple[Tensor, Tensor]]]]:
        """Stage by stage, what is to be written, and each pass's symbols with their table rows."""
        z_int = whole_numbers(z)
        state = self.exact.hyper(z_int)
        y_hat: list[Tensor] = []
        blocks = torch.split(y, list(self.config.blocks), 1)
        for k in range(self.config.n_blocks if stages is None else stages):
            writer = StageWriter()
            if k == 0:
                put_hyper(writer, _array(z_int), self.rows)
            own = torch.zeros(blocks[k].shape, dtype=torch.int32)
            passes = []
            narrowed = self.exact.narrowed(k, state, y_hat)
            for pass_index, chosen in self._passes(k, blocks[k].shape[2:]):
                parameters = self.exact.block(k, state, y_hat, own, pass_index, narrowed)
                mean = parameters.mean[..., chosen]
                residual = blocks[k][..., chosen] - mean * 0.5**FRACTION_BITS
                symbols = self.quantiser(k, residual, parameters.index[..., chosen])
                index = parameters.index[..., chosen] + self.first_scales[k]
                put_block(
                    writer, _array(symbols), _array(index), self.rows, sort=self.config.use_sort
                )
                passes.append((symbols, index))
                own[..., chosen] = (symbols << FRACTION_BITS) + mean
            y_hat.append(own)
            yield writer, passes

    def decode(self, segments: Iterable[Segment], grid: tuple[int, int]) -> Received:
        """Latents from the segments that arrived, none damaged; the last may be cut.

        Args:
            segments: of the first stages, in order.
            grid: (h, w) of y, multiples of 4.
        Raises:
            BitstreamError: a payload that no encoder writes.
        """
        readers = [StageReader(s.payload, whole=s.whole) for s in segments]
        first = readers[0] if readers else StageReader(b"", whole=False)
        shape = (len(self.rows.hyper), grid[0] // 4, grid[1] // 4)
        z, z_known = take_hyper(first, shape, self.rows)
        likeliest = np.array([row.likeliest for row in self.rows.hyper], dtype=np.int32)
        z = np.where(z_known, z, likeliest[:, None, None]).clip(-SYMBOL_LIMIT, SYMBOL_LIMIT)
        state = self.exact.hyper(torch.from_numpy(z)[None])
        y_hat: list[Tensor] = []
        known = torch.zeros(1, self.config.n_blocks, *grid, dtype=torch.float32)
        fractions = [0.0] * self.config.n_blocks
        for k in range(self.config.n_blocks):
            if k >= max(len(readers), 1) and self.config.fill == "zero":
                y_hat.append(self._unsent(k, grid, y_hat))
                continue
            block, share = self._take(k, readers[k] if k < len(readers) else None, state, y_hat)
            y_hat.append(block)
            known[0, k] = share.mean(0, dtype=torch.float32)
            fractions[k] = float(share.mean(dtype=torch.float64))
        return Received(_as_float(y_hat), known, float(z_known.mean()), tuple(fractions))

    def _take(
        self, k: int, reader: StageReader | None, state: ExactState, before: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """ŷ of block `k` as integers, holes filled, and what of it is known (C, h, w)."""
        grid = state.features.shape[2:]
        block = torch.zeros((1, self.config.blocks[k], *grid), dtype=torch.int32)
        share = torch.zeros(block.shape[1:], dtype=torch.bool)
        narrowed = self.exact.narrowed(k, state, before)
        unsent = self._unsent(k, grid, before) if self.config.fill == "zero" else None
        for pass_index, chosen in self._passes(k, grid):
            parameters = self.exact.block(k, state, before, block, pass_index, narrowed)
            mean = parameters.mean[..., chosen]
            part = mean if unsent is None else unsent[..., chosen]
            if reader is not None:
                index = _array(parameters.index[..., chosen] + self.first_scales[k])
                run = take_block(reader, index, self.rows, sort=self.config.use_sort)
                symbols = torch.from_numpy(run.values.clip(-SYMBOL_LIMIT, SYMBOL_LIMIT))[None]
                received = torch.from_numpy(run.known)
                part = torch.where(received[None], (symbols << FRACTION_BITS) + mean, part)
                share[..., chosen] = received
            block[..., chosen] = part
        return block, share

    def _passes(self, k: int, grid: Sequence[int]) -> Iterator[tuple[int, Tensor | slice]]:
        """Passes of block `k` and the positions that each codes: (h, w) bool, or simply all."""
        count = self.config.pass_counts[k]
        if count == 1:
            yield 0, slice(None)
            return
        place = pass_map(count, grid[0], grid[1])
        for pass_index in range(count):
            yield pass_index, place == pass_index

    def _unsent(self, k: int, grid: Sequence[int], before: Sequence[Tensor]) -> Tensor:
        """Integer ŷ of a block that adds nothing: zero, or the coarser version if there is one."""
        if self.config.layout.planes[k]:
            return coarser_values(self.config.layout, k, before, Y_CLIP)
        return torch.zeros(1, self.config.blocks[k], *grid, dtype=torch.int32)


def _array(value: Tensor) -> NDArray[Any]:
    """The one picture of a batch as a numpy array."""
    return value[0].contiguous().numpy()


def _as_float(y_hat: Sequence[Tensor]) -> Tensor:
    """Blocks with fraction bits as one float32 latent; block by block, to save memory."""
    height, width = y_hat[0].shape[2:]
    channels = sum(block.shape[1] for block in y_hat)
    whole = torch.empty(1, channels, height, width, dtype=torch.float32)
    start = 0
    for block in y_hat:
        whole[:, start : start + block.shape[1]] = block
        start += block.shape[1]
    return whole.mul_(0.5**FRACTION_BITS)
