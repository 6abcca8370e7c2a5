"""The training objective: rate, distortion and what a frozen classifier still recognises."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.classifiers.base import Classifier
from codec_plugin.hierarchy import Hierarchy
from codec_plugin.train.settings import Phase

__all__ = ["LossParts", "Semantics", "Target", "stage_loss"]

PROBABILITY_MIN = 1e-8


class Target(NamedTuple):
    """What the decoded crops should be recognised as.

    Attributes:
        posterior: (B, C) probabilities over the hierarchy's classes.
        features: the classifier's inner maps on the clean crops, or none.
    """

    posterior: Tensor
    features: list[Tensor]


class LossParts(NamedTuple):
    """One stage's objective and its terms, each averaged over the batch.

    Attributes:
        total: the scalar to minimise.
        rate_bpp: bits per pixel of what was decoded.
        mse: mean squared error, pixels in 0..1.
        cross_entropy: at the stage's own level, nats; 0 where it was not computed.
    """

    total: Tensor
    rate_bpp: Tensor
    mse: Tensor
    cross_entropy: Tensor


class Semantics(nn.Module):
    """Cross-entropy at a level of a hierarchy through a frozen classifier.

        x̂ ─► classifier ─► softmax ─► columns of the hierarchy's classes ─► sums per cluster ─► CE

    Source: the paper, section 4 (cluster posteriors as sums of class probabilities).
    """

    columns: Tensor

    def __init__(self, classifier: Classifier, hierarchy: Hierarchy) -> None:
        super().__init__()
        self.classifier, self.hierarchy = classifier, hierarchy
        self.register_buffer("columns", hierarchy.columns_in(classifier.class_ids))
        self.whole = len(hierarchy.class_ids) == len(classifier.class_ids)

    def posterior(self, logits: Tensor) -> Tensor:
        """Probabilities (B, C) over the hierarchy's classes, renormalised where it is a subset."""
        probabilities = logits.float().softmax(1)[:, self.columns]
        if self.whole:
            return probabilities
        return probabilities / probabilities.sum(1, keepdim=True).clamp_min(PROBABILITY_MIN)

    @torch.no_grad()
    def target(self, images: Tensor, labels: Tensor, phase: Phase) -> Target:
        """Targets of clean crops (B, 3, S, S): the classifier's posterior, mixed with labels."""
        features: list[Tensor] = []
        if any(phase.feature_weights):
            logits, features = self._both(images)
        else:
            logits = self.classifier.logits(images)
        posterior = self.posterior(logits)
        one_hot = functional.one_hot(labels.clamp_min(0), posterior.shape[1])
        share = phase.label_share * (labels >= 0).to(posterior)[:, None]
        return Target(posterior.lerp(one_hot.to(posterior), share), features)

    @torch.no_grad()
    def prepared_target(self, images: Tensor) -> Target:
        """Target of whole pictures (B, 3, H, W) of any size: the classifier's posterior."""
        return Target(self.posterior(self.classifier(images)), [])

    def cross_entropy(self, posterior: Tensor, target: Target, level: int) -> Tensor:
        """Mean over the batch of the cross-entropy of a level's clusters, nats."""
        wanted = self.hierarchy.sum_posteriors(target.posterior, level)
        found = self.hierarchy.sum_posteriors(posterior, level).clamp_min(PROBABILITY_MIN)
        return -(wanted * found.log()).sum(1).mean()

    def loss(self, decoded: Tensor, target: Target, phase: Phase, stage: int) -> tuple[Tensor, ...]:
        """Weighted semantic loss of a stage, and the cross-entropy at its level."""
        last = self.hierarchy.n_levels - 1
        level = min(stage, last)
        weight = phase.per_stage("feature_weights", 0.0)[stage]
        if weight:
            logits, features = self._both(decoded)
        else:
            logits, features = self.classifier.logits(decoded), []
        posterior = self.posterior(logits)
        own = self.cross_entropy(posterior, target, level)
        total = phase.per_stage("gammas", 0.0)[stage] * own
        fine = phase.per_stage("fine_gammas", 0.0)[stage]
        if fine:
            total = total + fine * self.cross_entropy(posterior, target, last)
        if weight:
            total = total + weight * _feature_distance(features, target.features)
        return total, own

    def _both(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        logits: Tensor
        features: list[Tensor]
        logits, features = self.classifier.logits_and_features(images)
        return logits, features


def stage_loss(
    output: tuple[Tensor, Tensor, Tensor],
    images: Tensor,
    stage: int,
    phase: Phase,
    semantics: Semantics | None = None,
    target: Target | None = None,
    *,
    whole: bool = True,
) -> LossParts:
    """Objective of one stage: w·R + λ·255²·MSE + semantic terms.

    R is the rate of everything that the stage needs, so that stages compete fairly for bits.

    Args:
        output: decoded crops (B, 3, S, S), whole-stage bits, and bits (B,) of what was decoded.
        images: clean crops (B, 3, S, S) in 0..1; S may be smaller than the decoded side.
        stage: 0-based.
        phase: weights.
        semantics: needed where the phase is semantic, as is `target`.
        whole: all of the stage's block arrived; until it has, the picture still serves the level of
            the stage before.
    Source: the paper, section 4, with the first term made cumulative.
    """
    decoded = output[0][..., : images.shape[-2], : images.shape[-1]]
    pixels = images.shape[-2] * images.shape[-1]
    rate = output[2].mean() / pixels
    mse = functional.mse_loss(decoded.float(), images)
    weight = phase.per_stage("rate_weights", 1.0)[stage]
    total = weight * rate + phase.lambdas[stage] * 255**2 * mse
    entropy = mse.new_zeros(())
    if semantics is not None and target is not None:
        served = stage if whole else max(0, stage - 1)
        extra, entropy = semantics.loss(decoded.clamp(0, 1), target, phase, served)
        total = total + extra
    return LossParts(total, rate.detach(), mse.detach(), entropy.detach())


def _feature_distance(found: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """Mean over the deeper half of the maps of squared distance over the clean map's power."""
    pairs = list(zip(found, wanted, strict=True))[len(found) // 2 :]
    terms = [
        (a - b).square().mean() / b.square().mean().clamp_min(PROBABILITY_MIN) for a, b in pairs
    ]
    return torch.stack(terms).mean()
