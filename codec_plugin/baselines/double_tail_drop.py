"""Double tail drop: channels in order of importance, tails of y and z dropped while training.

    stage k of 8: z channels of group k │ y channels of block k, channel after channel

Blocks: all base channels in eight groups at the start's finest step. The preset's last λ for all:
the paper trains one λ, the tails make the rates.

A file cut in mid-stage keeps whole channels and zeros behind them. No element's probability
depends on what is sent later, which the published code (rates are estimates there) does not need.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines._stages import as_last_stage
from codec_plugin.baselines.registry import Method
from codec_plugin.bitstream.range_coder import StageReader, StageWriter
from codec_plugin.bitstream.segments import Segment
from codec_plugin.checkpointing.checkpoint import Checkpoint
from codec_plugin.codec import Codec
from codec_plugin.entropy.channel_groups import Parameters, gaussian_bits
from codec_plugin.entropy.integer_model import FRACTION_BITS, BlockParameters
from codec_plugin.latent_codec.latent_codec import LatentCodec, Received
from codec_plugin.latent_codec.rdo_quantization import whole_numbers
from codec_plugin.latent_codec.symbol_order import (
    SYMBOL_LIMIT,
    CodingRows,
    put_block,
    put_hyper,
    take_block,
    take_hyper,
)
from codec_plugin.models.progressive import Latents, ModelOutput, ProgressiveModel

__all__ = ["METHODS", "DoubleTailCodec", "DoubleTailLatents", "DoubleTailModel"]

STAGES = 8


def _hyper_ends(hyper_channels: int, n_blocks: int) -> tuple[int, ...]:
    """How many channels of z are there after each block: the same share as of the blocks."""
    return tuple(-(-hyper_channels * (k + 1) // n_blocks) for k in range(n_blocks))


class DoubleTailModel(ProgressiveModel):
    """Both tails dropped: of y (blocks and channels not sent) and of z (for those blocks).

    ẑ[:e_k], zeros behind ─► hyper ─► mean_k, scale_k of block k
    ŷ of blocks ≤ stage, zeros behind ─► synthesis ─► x̂
    """

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` (B, 3, H, W); while training the tail begins at a random channel."""
        if isinstance(stage, Tensor):
            return self.by_stage(x, stage, keep)
        if self.training:
            keep = float(torch.rand(()))
        stage = self._checked_stage(stage)
        latents = self.quantise(x)
        y_hat, known, kept = self.cut(latents, stage, keep)
        x_hat = self.synthesis(y_hat, known)
        groups = self._hyper_groups(latents.z_bits)
        stages = [bits.sum((1, 2, 3)) for bits in latents.y_bits]
        stage_bits = torch.stack([y + z for y, z in zip(stages, groups, strict=True)], 1)
        cut_bits = groups[stage] + (latents.y_bits[stage] * kept).sum((1, 2, 3))
        return ModelOutput(x_hat, stage_bits, stage_bits[:, :stage].sum(1) + cut_bits)

    def quantise(self, x: Tensor) -> Latents:
        """As the base class, with parameters from the part of ẑ that has arrived."""
        y = self.latent(x)
        z = self.side_information(y)
        z_bits = self.entropy.prior.bits(self._noisy(z))
        z_hat = self._rounded(z)
        y_hat: list[Tensor] = []
        parameters: list[Parameters] = []
        y_bits: list[Tensor] = []
        ends = _hyper_ends(self.config.hyper_channels, self.config.n_blocks)
        for k, y_k in enumerate(torch.split(y, list(self.config.blocks), 1)):
            arrived = torch.cat([z_hat[:, : ends[k]], torch.zeros_like(z_hat[:, ends[k] :])], 1)
            hyper = self.entropy.hyper(arrived)
            block = self.entropy.block(k, hyper, y_hat)
            residual = y_k - block.mean
            y_bits.append(gaussian_bits(self._noisy(residual), block.raw_scale))
            y_hat.append(self._rounded(residual) + block.mean)
            parameters.append(block)
        return Latents(hyper, tuple(y_hat), tuple(parameters), z_bits, tuple(y_bits))

    def _hyper_groups(self, z_bits: Tensor) -> list[Tensor]:
        """Bits of z that each stage carries, (B,) each."""
        ends = _hyper_ends(self.config.hyper_channels, self.config.n_blocks)
        starts = (0, *ends[:-1])
        return [z_bits[:, a:b].sum((1, 2, 3)) for a, b in zip(starts, ends, strict=True)]


class DoubleTailLatents(LatentCodec):
    """Code z and y group by group."""

    def encode(self, y: Tensor, z: Tensor, stages: int | None = None) -> list[bytes]:
        """Payloads of the first `stages` stages (None: all).

        Args:
            y: (1, M, h, w) float, not yet rounded.
            z: (1, Z, h/4, w/4) float, not yet rounded.
        """
        z_int = whole_numbers(z)
        payloads = []
        for k, y_k in enumerate(torch.split(y, list(self.config.blocks), 1)[:stages]):
            own, rows = self._hyper_group(k)
            writer = StageWriter()
            put_hyper(writer, z_int[0, own].contiguous().numpy(), rows)
            parameters = self._parameters(k, z_int)
            residual = y_k - parameters.mean * 0.5**FRACTION_BITS
            symbols = self.quantiser(k, residual, parameters.index)[0].contiguous().numpy()
            index = parameters.index[0].contiguous().numpy()
            put_block(writer, symbols, index, self.rows, sort=False)
            payloads.append(writer.finish())
        return payloads

    def decode(self, segments: Iterable[Segment], grid: tuple[int, int]) -> Received:
        """Latents from the segments that arrived, in order; what did not arrive is zero.

        Args:
            segments: of the first stages, none damaged; the last may be cut.
            grid: (h, w) of y, multiples of 4.
        """
        z = torch.zeros(1, self.config.hyper_channels, grid[0] // 4, grid[1] // 4).int()
        y_hat = torch.zeros(1, self.config.channels, *grid, dtype=torch.float32)
        known = torch.zeros(1, self.config.n_blocks, *grid, dtype=torch.float32)
        fractions = [0.0] * self.config.n_blocks
        z_symbols = 0
        blocks = torch.split(y_hat, list(self.config.blocks), 1)
        for k, segment in enumerate(segments):
            reader = StageReader(segment.payload, whole=segment.whole)
            z_symbols += self._take_hyper(reader, k, z)
            share = self._take_block(reader, k, z, blocks[k])
            known[0, k] = share.mean(0)
            fractions[k] = float(share.mean())
        return Received(y_hat, known, z_symbols / z.numel(), tuple(fractions))

    def _take_hyper(self, reader: StageReader, k: int, z: Tensor) -> int:
        """Write the symbols of z of one group into `z`; returns how many are known."""
        own, rows = self._hyper_group(k)
        if not rows.hyper:  # fewer channels of z than groups
            return 0
        run = take_hyper(reader, (own.stop - own.start, z.shape[2], z.shape[3]), rows)
        values = run.values.clip(-SYMBOL_LIMIT, SYMBOL_LIMIT) * run.known
        z[0, own] = torch.from_numpy(values)
        return int(run.known.sum())

    def _take_block(self, reader: StageReader, k: int, z: Tensor, out: Tensor) -> Tensor:
        """Write ŷ of one block into `out` (1, C, h, w); returns what is known (C, h, w), 0 or 1."""
        parameters = self._parameters(k, z)
        index = parameters.index[0].contiguous().numpy()
        run = take_block(reader, index, self.rows, sort=False)
        symbols = torch.from_numpy(run.values.clip(-SYMBOL_LIMIT, SYMBOL_LIMIT))
        share = torch.from_numpy(run.known).float()
        out[0] = ((symbols << FRACTION_BITS) + parameters.mean[0]) * share * 0.5**FRACTION_BITS
        return share

    def _parameters(self, k: int, z: Tensor) -> BlockParameters:
        """Of block k, from the channels of z up to its group."""
        arrived = z.clone()
        arrived[:, self._hyper_group(k)[0].stop :] = 0
        return self.exact.block(k, self.exact.hyper(arrived), [])

    def _hyper_group(self, k: int) -> tuple[slice, CodingRows]:
        ends = (0, *_hyper_ends(self.config.hyper_channels, self.config.n_blocks))
        own = slice(ends[k], ends[k + 1])
        return own, CodingRows(self.rows.hyper[own], self.rows.scales)


class DoubleTailCodec(Codec):
    """`Codec` with z and y in groups."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        costs = checkpoint.meta.error_costs or ()
        self.latents = DoubleTailLatents(
            checkpoint.config, checkpoint.exact, checkpoint.tables, costs
        )


def _convert(model: ProgressiveModel) -> ProgressiveModel:
    channels = model.config.base_channels
    ends = [channels * (k + 1) // STAGES for k in range(STAGES)]
    return reblock(
        model,
        tuple(b - a for a, b in zip([0, *ends[:-1]], ends, strict=True)),
        fill="zero",
        use_delta=False,
        use_context=False,
        use_sort=False,
        stage_conditioning=False,
    )


METHODS = (
    Method(
        name="double-tail-drop",
        source="Hojjat, Haberer & Landsiedel 2023, ProgDTD: Progressive learned image compression "
        "with double-tail-drop training (CVPR workshops)",
        idea="channels in order of importance, learned by dropping random tails of y and z",
        departures=(
            "z is dropped in eight groups, and a group of y is coded with the part of z that is "
            "sent before it, so that bytes can be cut; the published code estimates rates"
        ),
        convert=_convert,
        overrides=as_last_stage(STAGES),
        model=DoubleTailModel,
        codec=DoubleTailCodec,
    ),
)
