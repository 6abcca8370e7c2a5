"""Figures on held-out photographs: rate, distortion and recognition at the end of each stage."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.models.progressive import STRIDE, ProgressiveModel
from codec_plugin.train.settings import Phase

__all__ = ["StageFigures", "objective", "pad_to_stride", "validate"]


class StageFigures(NamedTuple):
    """Means over the held-out photographs at the end of one stage.

    Attributes:
        stage: 0-based.
        rate_bpp: estimated bits per pixel, without container.
        psnr_db: mean over photographs.
        mse: pixels in 0..1.
        agreement: per level, share of photographs whose cluster is that of the clean one.
        cross_entropy: per level against the clean posterior, nats.
        feature_distance: of the classifier's inner maps, over the power of the clean ones; 0 where
            it was not asked for.
    """

    stage: int
    rate_bpp: float
    psnr_db: float
    mse: float
    agreement: tuple[float, ...]
    cross_entropy: tuple[float, ...]
    feature_distance: float = 0.0


def pad_to_stride(images: Tensor) -> Tensor:
    """Mirror images (B, 3, H, W) at the right and bottom up to multiples of 64."""
    height, width = images.shape[-2:]
    down, right = -height % STRIDE, -width % STRIDE
    if not down and not right:
        return images
    mode = "reflect" if down < height and right < width else "replicate"
    return functional.pad(images, (0, right, 0, down), mode=mode)


@torch.no_grad()
def validate(
    model: ProgressiveModel,
    images: Sequence[Tensor],
    semantics: Semantics | None,
    *,
    with_features: bool = False,
) -> list[StageFigures]:
    """Figures of every stage on photographs (3, H, W) in 0..1, one at a time."""
    was_training = model.training
    model.eval()
    rows = [_one(model, image[None], semantics, with_features) for image in images]
    model.train(was_training)
    return [_mean(stage, [row[stage] for row in rows]) for stage in range(model.config.n_blocks)]


def objective(figures: Sequence[StageFigures], phase: Phase, levels: Sequence[int]) -> float:
    """The phase's objective on held-out figures, averaged over stages.

    Args:
        levels: level that each stage serves.
    """
    own = phase.per_stage("stage_weights", 1.0)
    weights = phase.per_stage("rate_weights", 1.0)
    gammas, fine = phase.per_stage("gammas", 0.0), phase.per_stage("fine_gammas", 0.0)
    matched = phase.per_stage("feature_weights", 0.0)
    total = 0.0
    for row in figures:
        k = row.stage
        stage = weights[k] * row.rate_bpp + phase.lambdas[k] * 255**2 * row.mse
        if row.cross_entropy:
            stage += gammas[k] * row.cross_entropy[levels[k]] + fine[k] * row.cross_entropy[-1]
        stage += matched[k] * row.feature_distance
        total += own[k] * stage
    return total / len(figures)


def _one(
    model: ProgressiveModel, image: Tensor, semantics: Semantics | None, with_features: bool
) -> list[StageFigures]:
    """Figures of one photograph (1, 3, H, W) at each stage."""
    padded = pad_to_stride(image)
    height, width = image.shape[-2:]
    target = None if semantics is None else semantics.prepared_target(image)
    rows = []
    for stage in range(model.config.n_blocks):
        output = model(padded, stage)
        decoded = output.x_hat[..., :height, :width].clamp(0, 1)
        mse = functional.mse_loss(decoded, image)
        agreement: list[float] = []
        entropy: list[float] = []
        if semantics is not None and target is not None and not semantics.features_only:
            posterior = semantics.posterior(semantics.classifier(decoded))
            for level in range(semantics.hierarchy.n_levels):
                pair = (target.posterior, posterior)
                ours, theirs = (semantics.hierarchy.sum_posteriors(p, level).argmax() for p in pair)
                agreement.append(float(ours == theirs))
                entropy.append(float(semantics.cross_entropy(posterior, target, level)))
        distance = 0.0
        if semantics is not None and with_features:
            distance = float(semantics.feature_distance(decoded, image))
        rate = float(output.kept_bits) / (height * width)
        psnr = float(-10 * torch.log10(mse.clamp_min(1e-10)))
        told = (tuple(agreement), tuple(entropy), distance)
        rows.append(StageFigures(stage, rate, psnr, float(mse), *told))
    return rows


def _mean(stage: int, rows: list[StageFigures]) -> StageFigures:
    """Mean of each figure, tuples entry by entry."""

    def means(values: Iterable[Sequence[float]]) -> tuple[float, ...]:
        return tuple(sum(column) / len(rows) for column in zip(*values, strict=True))

    rate, psnr, mse = means((row.rate_bpp, row.psnr_db, row.mse) for row in rows)
    agreement = means(row.agreement for row in rows)
    entropy = means(row.cross_entropy for row in rows)
    distance = sum(row.feature_distance for row in rows) / len(rows)
    return StageFigures(stage, rate, psnr, mse, agreement, entropy, distance)
