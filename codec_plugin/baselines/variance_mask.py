"""Variance-aware masking: a base, then the rest of the latent in order of predicted deviation."""

import torch
from torch import Tensor

from codec_plugin.baselines._reblock import reblock
from codec_plugin.baselines.registry import Method
from codec_plugin.models.progressive import ModelOutput, ProgressiveModel

__all__ = ["METHODS", "VarianceMaskModel"]


class VarianceMaskModel(ProgressiveModel):
    """The base is always whole while training; the top is cut at a random quantile of its scales.

    base (block 0) ─► whole ─┐
    top  (block 1) ─► the share of largest σ, the rest at its mean ─┴─► x̂
    """

    def forward(
        self, x: Tensor, stage: int | Tensor | None = None, keep: float | Tensor = 1.0
    ) -> ModelOutput:
        """Code `x` (B, 3, H, W); `keep` applies to the top alone."""
        if isinstance(stage, Tensor):
            return self.by_stage(x, stage, keep)
        if self.training:
            keep = 1.0 if stage == 0 else float(torch.rand(()))
        return super().forward(x, stage, keep)


def _convert(model: ProgressiveModel) -> ProgressiveModel:
    return reblock(model, (model.config.blocks[0], sum(model.config.blocks[1:])))


METHODS = (
    Method(
        name="variance-mask",
        source="Presta et al. 2025, Efficient progressive image compression with variance-aware "
        "masking (WACV)",
        idea="a base, then single elements of the top latent in order of falling predicted σ",
        departures=(
            "base and top are blocks of one latent (the top refines the base's channels and adds "
            "others); the fine order is by scale index; no rate enhancement modules"
        ),
        convert=_convert,
        overrides=(
            "phases.0.lambdas=[{first}, {last}]",
            "phases.0.gammas=[]",
            "phases.0.fine_gammas=[]",
            "phases.0.rate_weights=[]",
            "phases.0.stage_probability=[0.3, 0.7]",
            "phases.0.cut_probability=0.0",
        ),
        model=VarianceMaskModel,
    ),
)
