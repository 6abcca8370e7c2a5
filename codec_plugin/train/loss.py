"""The training objective: rate, distortion and what a frozen classifier still recognises."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.classifiers.base import Classifier
from codec_plugin.classifiers.class_columns import class_columns
from codec_plugin.classifiers.view import View
from codec_plugin.data.label_hierarchy import Hierarchy
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

    Args:
        classifier: one, or an `Ensemble`.
        hierarchy: its levels are judged.
        low_precision: let the classifier multiply in bfloat16 while training; sums stay in float32.
    Source: the paper, section 4 (cluster posteriors as sums of class probabilities).
    """

    def __init__(
        self, classifier: Classifier, hierarchy: Hierarchy, *, low_precision: bool = False
    ) -> None:
        super().__init__()
        self.classifier, self.hierarchy, self.low_precision = classifier, hierarchy, low_precision
        self.columns = class_columns(hierarchy, classifier.class_ids)
        self.whole = len(self.columns.columns) == len(classifier.class_ids)

    def posterior(self, logits: Tensor) -> Tensor:
        """Probabilities (B, C) over the hierarchy's classes, renormalised where it is a subset."""
        probabilities: Tensor = self.columns(logits.float().softmax(1))
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
            logits = self._logits(images)
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
        return self.cross_entropies(posterior, target, level).mean()

    def cross_entropies(self, posterior: Tensor, target: Target, level: int) -> Tensor:
        """(B,) cross-entropy of a level's clusters, nats."""
        wanted = self.hierarchy.sum_posteriors(target.posterior, level)
        found = self.hierarchy.sum_posteriors(posterior, level).clamp_min(PROBABILITY_MIN)
        return -(wanted * found.log()).sum(1)

    def loss(
        self, decoded: Tensor, target: Target, phase: Phase, stage: Tensor, level: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B,) weighted semantic loss of each picture's stage, and cross-entropy at its level.

        Args:
            decoded: (B, 3, S, S) in 0..1.
            stage: (B,) int64 on the host, whose weights hold.
            level: (B,) int64 on the host, which the stage serves.
        """
        last = self.hierarchy.n_levels - 1
        if any(phase.feature_weights):
            logits, features = self._both(decoded)
        else:
            logits, features = self._logits(decoded), []
        posterior = self.posterior(logits)
        by_level = torch.stack(
            [self.cross_entropies(posterior, target, n) for n in range(last + 1)], 1
        )
        device = decoded.device
        own = by_level.gather(1, level.to(device)[:, None])[:, 0]
        total = _of_stage(phase.per_stage("gammas", 0.0), stage, device) * own
        fine = _of_stage(phase.per_stage("fine_gammas", 0.0), stage, device)
        total = total + fine * by_level[:, last]
        if features:
            weights = _of_stage(phase.feature_weights, stage, device)
            total = total + weights * _feature_distance(features, target.features)
        return total, own

    def _logits(self, images: Tensor) -> Tensor:
        device = images.device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.low_precision):
            return self.classifier.logits(images)

    def _both(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        logits: Tensor
        features: list[Tensor]
        logits, features = self.classifier.logits_and_features(images)
        return logits, features


def stage_loss(
    output: tuple[Tensor, Tensor, Tensor],
    images: Tensor,
    stage: int | Tensor,
    phase: Phase,
    semantics: Semantics | None = None,
    labels: Tensor | None = None,
    *,
    whole: bool | Tensor = True,
    levels: Sequence[int] = (),
) -> LossParts:
    """Objective of one stage: v·(w·R + λ·255²·MSE + semantic terms), averaged over the batch.

    R is the rate of everything that the stage needs, so that stages compete fairly for bits.

    Args:
        output: decoded crops (B, 3, S, S), whole-stage bits, and bits (B,) of what was decoded.
        images: clean crops (B, 3, S, S) in 0..1; S may be smaller than the decoded side.
        stage: 0-based; one for all or one a picture, int64 (B,) on the host.
        phase: weights.
        semantics: needed where the phase is semantic.
        labels: (B,) class numbers, -1 where there is none; none at all leaves them out.
        whole: all of the stage's block arrived, for all or a picture, bool (B,); until it has, the
            picture still serves the level of the stage before.
        levels: level that each stage serves; empty means one a stage.
    Source: the paper, section 4, with the first term made cumulative.
    """
    count, device = len(images), images.device
    # Stages stay where they were drawn, on the host: a GPU is then never waited for.
    stage = torch.as_tensor(stage).expand(count)
    decoded = output[0][..., : images.shape[-2], : images.shape[-1]].float()
    pixels = images.shape[-2] * images.shape[-1]
    rate = output[2] / pixels
    mse = (decoded - images).square().mean((1, 2, 3))
    lagrangian = _of_stage(phase.lambdas, stage, device)
    own = _of_stage(phase.per_stage("rate_weights", 1.0), stage, device) * rate
    own = own + lagrangian * 255**2 * mse
    entropy = mse.new_zeros(())
    if semantics is not None and phase.semantic:
        served = (stage - (~torch.as_tensor(whole)).long()).clamp_min(0)
        asked = _asked(phase, served)
        if len(asked):
            rows = asked.to(device)
            last = semantics.hierarchy.n_levels - 1
            by_stage = levels or [min(k, last) for k in range(len(phase.lambdas))]
            level = torch.tensor(by_stage)[served[asked]]
            target_of, answer_to = _views(phase, images[rows], decoded[rows].clamp(0, 1))
            known = torch.full((count,), -1, device=device) if labels is None else labels
            target = semantics.target(target_of, known[rows], phase)
            extra, surprise = semantics.loss(answer_to, target, phase, served[asked], level)
            if phase.semantic_share:
                slope = 2 * lagrangian * 255**2 / images[0].numel()
                pull = (decoded - images).detach() * slope.view(-1, 1, 1, 1)
                extra = _bounded(extra, decoded, rows, pull[rows], phase.semantic_share)
            own = own.index_add(0, rows, extra)
            entropy = surprise.detach().mean()
    total = (_of_stage(phase.per_stage("stage_weights", 1.0), stage, device) * own).mean()
    return LossParts(total, rate.detach().mean(), mse.detach().mean(), entropy)


def _asked(phase: Phase, stage: Tensor) -> Tensor:
    """Numbers of the pictures whose stage has a semantic weight."""
    weight = torch.zeros_like(stage, dtype=torch.float32)
    for field in ("gammas", "fine_gammas", "feature_weights"):
        weight = weight + _of_stage(phase.per_stage(field, 0.0), stage)
    return weight.nonzero()[:, 0]


def _views(phase: Phase, clean: Tensor, decoded: Tensor) -> tuple[Tensor, Tensor]:
    """The same random square of both, at a random size, mirrored half the time.

    What a network recognises in one view only is often nothing that others recognise.
    """
    if phase.view_share >= 1:
        return clean, decoded
    side = clean.shape[-1]
    shares = phase.view_share + (1 - phase.view_share) * torch.rand(2)
    inner = max(1, round(float(shares[0]) * side))
    top, left = (int(torch.randint(side - inner + 1, ())) for _ in range(2))
    size = 32 * max(1, round(float(shares[1]) * side / 32))
    view = View(top, left, inner, float(torch.rand(())) < 0.5, size)
    return view.of(clean), view.of(decoded)


def _bounded(extra: Tensor, decoded: Tensor, rows: Tensor, pull: Tensor, share: float) -> Tensor:
    """`extra` (n,) whose gradient on each picture is at most `share` times as long as `pull`.

    A classifier's gradient on few crops is mostly noise, and long where it errs: bounded picture by
    picture, it cannot drown rate and distortion, whatever its weight.

    Args:
        decoded: (B, 3, S, S) that `extra` was computed from.
        rows: pictures of the batch that `extra` belongs to.
        pull: (n, 3, S, S) gradient of the distortion term on them.
    """
    (slope,) = torch.autograd.grad(extra.sum(), decoded, retain_graph=False)
    slope = slope[rows]
    length = slope.flatten(1).norm(dim=1)
    scale = (share * pull.flatten(1).norm(dim=1) / length.clamp_min(1e-12)).clamp_max(1.0)
    carried = (decoded[rows] * (slope * scale.view(-1, 1, 1, 1))).sum((1, 2, 3))
    bounded: Tensor = extra.detach() + carried - carried.detach()
    return bounded


def _of_stage(values: Sequence[float], stage: Tensor, device: torch.device | None = None) -> Tensor:
    """(B,) the value of each picture's stage, on `device`."""
    return torch.tensor(values, dtype=torch.float32)[stage].to(device, non_blocking=True)


def _feature_distance(found: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """(B,) mean over the deeper half of the maps of squared distance over the clean map's power."""
    pairs = list(zip(found, wanted, strict=True))[len(found) // 2 :]
    terms = [
        (a - b).square().mean((1, 2, 3)) / b.square().mean().clamp_min(PROBABILITY_MIN)
        for a, b in pairs
    ]
    return torch.stack(terms).mean(0)
