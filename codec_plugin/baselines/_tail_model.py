"""Double tail drop while training: block k sees only as much of ẑ as a decoder then holds."""

import torch
from torch import Tensor

from codec_plugin.entropy.channel_groups import Parameters, gaussian_bits
from codec_plugin.models.progressive import Latents, ModelOutput, ProgressiveModel

__all__ = ["DoubleTailModel", "hyper_ends"]


def hyper_ends(hyper_channels: int, n_blocks: int) -> tuple[int, ...]:
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
        ends = hyper_ends(self.config.hyper_channels, self.config.n_blocks)
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
        ends = hyper_ends(self.config.hyper_channels, self.config.n_blocks)
        starts = (0, *ends[:-1])
        return [z_bits[:, a:b].sum((1, 2, 3)) for a, b in zip(starts, ends, strict=True)]
