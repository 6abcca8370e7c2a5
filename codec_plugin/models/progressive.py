"""The codec as one differentiable object: analysis, entropy model, synthesis."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from codec_plugin.config import ModelConfig
from codec_plugin.entropy.channel_groups import (
    REFINED_STD,
    Y_LIMIT,
    EntropyModel,
    Parameters,
    coarser_values,
    gaussian_bits,
)
from codec_plugin.entropy.coding_order import Arrival, keep_mask
from codec_plugin.entropy.hyperprior import HyperOutput
from codec_plugin.entropy.scale_table import inverse_softplus, scale_index, sigma_from_raw
from codec_plugin.errors import ConfigError
from codec_plugin.models.transforms import build_transforms

__all__ = ["STRIDE", "Latents", "ModelOutput", "ProgressiveModel"]

_Z_STD = 0.6  # steps of z at the start: most are zero, so that z costs little until it helps
STRIDE = 64  # height and width of the input are multiples of it


class ModelOutput(NamedTuple):
    """A decoded batch and what it costs.

    Attributes:
        x_hat: (B, 3, H, W), unclamped, decoded from the blocks up to the asked stage.
        stage_bits: (B, n_blocks) estimated bits of each whole stage, z in the first.
        kept_bits: (B,) estimated bits of exactly what `x_hat` was decoded from.
    """

    x_hat: Tensor
    stage_bits: Tensor
    kept_bits: Tensor


class Latents(NamedTuple):
    """One batch, quantised, with parameters and costs of each block.

    Attributes:
        hyper: what ẑ tells.
        y_hat: per block (B, C_k, h, w).
        parameters: per block, from ẑ and the blocks before.
        z_bits: (B, Z, h/4, w/4).
        y_bits: per block (B, C_k, h, w).
    """

    hyper: HyperOutput
    y_hat: tuple[Tensor, ...]
    parameters: tuple[Parameters, ...]
    z_bits: Tensor
    y_bits: tuple[Tensor, ...]


class ProgressiveModel(nn.Module):
    """A codec whose latent is cut into blocks, each decodable with those before it.

        x ─► analysis ─► y ─► hyper analysis ─► z ─► ẑ ─► entropy.hyper ─► features, base
                         │                                        │
                         └─► y_k ─► round(y_k - mean_k) + mean_k ◄─┴─ entropy.block(k, ŷ_<k)
                                               │
        ŷ of blocks ≤ stage, the rest filled ──┴─► synthesis(ŷ, known) ─► x̂

    Training: uniform noise for the rate, straight-through rounding for the decoder and contexts.
    Evaluation: the rounding that the bytes use.
    Source: the paper (block-progressive latent); Ballé et al. 2018 (hyperprior).
    """

    stride = STRIDE
    sources: Tensor
    newest: Tensor
    factors: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.analysis, self.synthesis_net, self.hyper_analysis = build_transforms(config)
        self.entropy = EntropyModel(config)
        layout = config.layout
        sources, newest = (
            torch.tensor(layout.sources),
            torch.tensor(layout.latest(len(config.blocks))),
        )
        factors = torch.tensor(layout.factors).view(1, -1, 1, 1)
        # Rebuilt from the config, so not part of the state.
        self.register_buffer("sources", sources, persistent=False)
        self.register_buffer("newest", newest, persistent=False)
        self.register_buffer("factors", factors, persistent=False)

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` and decode it from the blocks up to `stage`.

        Args:
            x: (B, 3, H, W) in 0..1, H and W multiples of 64.
            stage: 0-based last block to use; None means all; one a picture as int64 (B,) on the
                host: then blocks after it are priced as a decoder sees them, given what fills the
                holes.
            keep: fraction of the symbols of block `stage` that arrive, in coding order; a number
                or one a picture (B,).
        Raises:
            ConfigError: no such stage, or a size that is not a multiple of 64.
        """
        if isinstance(stage, Tensor):
            return self._decoded_at(x, stage.cpu(), torch.as_tensor(keep).cpu())
        stage = self._checked_stage(stage)
        latents = self.quantise(x)
        y_hat, known, kept = self.cut(latents, stage, keep)
        x_hat = self.synthesis(y_hat, known)
        z_bits = latents.z_bits.sum((1, 2, 3))
        stage_bits = _with_side_information(
            [bits.sum((1, 2, 3)) for bits in latents.y_bits], z_bits
        )
        cut_bits = (latents.y_bits[stage] * kept).sum((1, 2, 3))
        before = z_bits if stage == 0 else stage_bits[:, :stage].sum(1)
        return ModelOutput(x_hat, stage_bits, before + cut_bits)

    def quantise(self, x: Tensor) -> Latents:
        """Transform `x` (B, 3, H, W) and quantise all blocks, each given those before it."""
        y, hyper, z_bits = self._analysed(x)
        y_hat: list[Tensor] = []
        parameters: list[Parameters] = []
        y_bits: list[Tensor] = []
        for k, y_k in enumerate(torch.split(y, list(self.config.blocks), 1)):
            block, quantised = self.entropy.scan(k, hyper, y_hat, partial(self._settled, y_k))
            y_bits.append(gaussian_bits(self._noisy(y_k - block.mean), block.raw_scale))
            y_hat.append(quantised)
            parameters.append(block)
        return Latents(hyper, tuple(y_hat), tuple(parameters), z_bits, tuple(y_bits))

    def cut(
        self, latents: Latents, stage: int, keep: float | Tensor = 1.0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What a decoder holds after `stage` blocks, the last cut to the fraction `keep`.

        Returns:
            ŷ (B, M, h, w) with missing symbols filled, known (B, n_blocks, h, w) in 0..1, and the
            mask of received symbols of block `stage` (B, C_k, h, w).
        """
        mean, raw_scale = latents.parameters[stage]
        last = latents.y_hat[stage]
        whole = not isinstance(keep, Tensor) and keep >= 1
        kept = torch.ones_like(last)
        if not whole:
            fraction = torch.as_tensor(keep, device=last.device, dtype=torch.float32)
            index = scale_index(sigma_from_raw(raw_scale.detach()))
            passes = self.config.pass_counts[stage]
            mask = keep_mask(index, fraction.expand(last.shape[0]), self.config.use_sort, passes)
            kept = mask.to(last.dtype)
            if passes == 1 or self.config.fill == "zero":
                holes = self._fill(stage, mean, latents.y_hat)
                last = torch.where(mask, last, holes)
            else:  # what is missing is expected from what has arrived, pass after pass
                before, whole_block = latents.y_hat[:stage], last
                _, last = self.entropy.scan(
                    stage,
                    latents.hyper,
                    before,
                    lambda p, _: torch.where(mask, whole_block, p.mean),
                )
        blocks = [*latents.y_hat[:stage], last]
        y_hat = self.fill(latents.hyper, blocks, latents.parameters if whole else ())
        known = torch.zeros_like(last[:, :1]).repeat(1, self.config.n_blocks, 1, 1)
        known[:, :stage] = 1
        known[:, stage] = kept.mean(1)
        return y_hat, known, kept

    def fill(
        self, hyper: HyperOutput, blocks: Sequence[Tensor], parameters: Sequence[Parameters] = ()
    ) -> Tensor:
        """Complete the first `blocks` of ŷ by what the entropy model expects, block after block.

        Args:
            hyper: what ẑ tells.
            blocks: ŷ of blocks 0..k, holes filled.
            parameters: those of block k + 1, if known already, at their place; saves time.
        Returns:
            ŷ (B, M, h, w).
        """
        filled = list(blocks)
        for k in range(len(filled), self.config.n_blocks):
            if self.config.fill == "zero":
                shape = (filled[0].shape[0], self.config.blocks[k], *filled[0].shape[2:])
                filled.append(self._fill(k, filled[0].new_zeros(shape), filled))
            elif k == len(blocks) and k < len(parameters) and self.config.pass_counts[k] == 1:
                filled.append(parameters[k].mean)
            else:
                filled.append(self.entropy.scan(k, hyper, filled, lambda p, _: p.mean)[1])
        return torch.cat(filled, 1)

    def synthesis(self, y_hat: Tensor, known: Tensor) -> Tensor:
        """Decode ŷ (B, M, h, w), `known` (B, n_blocks, h, w) of it real, to x̂ (B, 3, H, W)."""
        if not self.config.stage_conditioning:
            known = torch.ones_like(known)
        x_hat: Tensor = self.synthesis_net(self.base(y_hat), known)
        return x_hat

    @torch.no_grad()
    def init_scales(self, images: Tensor) -> None:
        """Start the entropy model at the statistics of `images` (B, 3, H, W) in 0..1.

        Base means and deviations of each channel of y are those of the data, z is scaled to a
        deviation of two steps, and its prior fitted. Call once, before the first step.
        """
        y = self.latent(images)
        sigma = (0.6 * y.std((0, 2, 3))).clamp_min(0.15)
        mean = y.mean((0, 2, 3))
        refined = self.factors.flatten() > 1
        mean[refined] = 0.0  # around the value of the coarser version
        sigma[refined] = sigma[refined].clamp_max(REFINED_STD)
        bias = self.entropy.hyper.base.bias
        assert bias is not None
        bias[: self.config.channels] = mean
        bias[self.config.channels :] = inverse_softplus(sigma)
        self.hyper_analysis.rescale(self.base(y), _Z_STD)
        self.entropy.prior.fit(self.side_information(y))

    def latent(self, x: Tensor) -> Tensor:
        """y (B, M, H/16, W/16) of `x` (B, 3, H, W), every version of a channel in its own steps."""
        v: Tensor = self.analysis(x)
        if not self.config.layout.refines:
            return v
        return v[:, self.sources] * self.factors

    def base(self, y: Tensor) -> Tensor:
        """The base latent from the finest version of each channel of y (B, M, h, w)."""
        if not self.config.layout.refines:
            return y
        return y[:, self.newest] / self.factors[:, self.newest]

    def side_information(self, y: Tensor) -> Tensor:
        """z (B, Z, h/4, w/4) of y (B, M, h, w), not yet rounded."""
        z: Tensor = self.hyper_analysis(self.base(y))
        return z

    def by_stage(self, x: Tensor, stage: Tensor, keep: float | Tensor) -> ModelOutput:
        """`forward` for a stage a picture, one stage after the other (for models of their own)."""
        share = torch.as_tensor(keep, dtype=torch.float32, device=x.device).expand(len(x))
        order, parts = [], []
        for number in torch.unique(stage).tolist():
            rows = (stage == number).nonzero()[:, 0]
            order.append(rows)
            parts.append(self(x[rows], int(number), share[rows]))
        back = torch.cat(order).argsort()
        return ModelOutput(*(torch.cat(part)[back] for part in zip(*parts, strict=True)))

    def _analysed(self, x: Tensor) -> tuple[Tensor, HyperOutput, Tensor]:
        """y, what ẑ tells, and the bits of z."""
        if x.ndim != 4 or x.shape[1] != 3 or x.shape[2] % STRIDE or x.shape[3] % STRIDE:
            raise ConfigError(
                f"images must be (B, 3, H, W) with H and W multiples of {STRIDE}; "
                f"got {tuple(x.shape)}; pad them"
            )
        y = self.latent(x)
        z = self.side_information(y).float()
        z_bits = self.entropy.prior.bits(self._noisy(z))
        return y, self.entropy.hyper(self._rounded(z)), z_bits

    def _decoded_at(self, x: Tensor, stage: Tensor, keep: Tensor) -> ModelOutput:
        """`forward` with a stage and a share a picture: one scan codes, cuts and fills."""
        config = self.config
        y, hyper, z_bits = self._analysed(x)
        keep = keep.float().expand(len(x))
        y_hat: list[Tensor] = []
        bits: list[Tensor] = []
        kept_bits: list[Tensor] = [z_bits.sum((1, 2, 3))]
        known: list[Tensor] = []
        for k, y_k in enumerate(torch.split(y, list(config.blocks), 1)):
            arrival = Arrival(stage, keep, k, config, x.device)

            def settle(
                p: Parameters, pass_index: int, y_k: Tensor = y_k, arrival: Arrival = arrival
            ) -> Tensor:
                here = self._rounded(y_k - p.mean) + p.mean
                holes = self._fill(arrival.k, p.mean, y_hat)
                return torch.where(arrival.at(p.raw_scale, pass_index), here, holes)

            block, quantised = self.entropy.scan(k, hyper, y_hat, settle)
            cost = gaussian_bits(self._noisy(y_k - block.mean), block.raw_scale)
            bits.append(cost.sum((1, 2, 3)))
            kept_bits.append((cost * arrival.mask).sum((1, 2, 3)))
            known.append(arrival.mask.to(y.dtype).expand_as(y_k).mean(1))
            y_hat.append(quantised)
        x_hat = self.synthesis(torch.cat(y_hat, 1), torch.stack(known, 1))
        stage_bits = _with_side_information(bits, kept_bits[0])
        return ModelOutput(x_hat, stage_bits, torch.stack(kept_bits).sum(0))

    def _noisy(self, value: Tensor) -> Tensor:
        if self.training:
            return value + torch.rand_like(value) - 0.5
        return torch.round(value)

    def _rounded(self, value: Tensor) -> Tensor:
        if self.training:
            return value + (torch.round(value) - value).detach()
        return torch.round(value)

    def _settled(self, y_k: Tensor, block: Parameters, _pass_index: int) -> Tensor:
        return self._rounded(y_k - block.mean) + block.mean

    def _fill(self, k: int, mean: Tensor, before: Sequence[Tensor]) -> Tensor:
        """What stands for symbols of block `k` that did not arrive."""
        if self.config.fill == "mean":
            return mean
        layout = self.config.layout
        if layout.planes[k]:  # nothing is added to the coarser version
            return coarser_values(layout, k, before, Y_LIMIT)
        return torch.zeros_like(mean)

    def _checked_stage(self, stage: int | None) -> int:
        last = self.config.n_blocks - 1
        if stage is None:
            return last
        if not 0 <= stage <= last:
            raise ConfigError(f"stage must lie in 0..{last} for {last + 1} blocks; got {stage}")
        return stage


def _with_side_information(bits: Sequence[Tensor], z_bits: Tensor) -> Tensor:
    """(B, n_blocks) bits of each stage, those of z in the first."""
    return torch.stack([bits[0] + z_bits, *bits[1:]], 1)
