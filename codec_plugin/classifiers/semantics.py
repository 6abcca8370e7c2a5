"""What a frozen classifier still recognises in a decoded picture, as terms of an objective."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from codec_plugin.classifiers.base import Classifier
from codec_plugin.classifiers.class_columns import class_columns, unknown_classes
from codec_plugin.data.label_hierarchy import Hierarchy

__all__ = ["SemanticWeights", "Semantics", "Target", "of_stage"]

PROBABILITY_MIN = 1e-8


class SemanticWeights(NamedTuple):
    """Weights of a classifier's terms, each one value a stage.

    Attributes:
        gammas: of the cross-entropy at the stage's own level.
        fine_gammas: of the cross-entropy at the finest level.
        feature_weights: of the distance of the classifier's inner features.
    """

    gammas: tuple[float, ...]
    fine_gammas: tuple[float, ...]
    feature_weights: tuple[float, ...]

    @property
    def any(self) -> bool:
        """Whether a classifier is needed at all."""
        return any(map(any, self))

    @property
    def stages(self) -> tuple[bool, ...]:
        """Whether each stage needs the classifier."""
        return tuple(map(any, zip(*self, strict=True)))


class Target(NamedTuple):
    """What the decoded crops should be recognised as.

    Attributes:
        posterior: (B, C) probabilities over the hierarchy's classes; (B, 0) where the classifier
            teaches by its inner maps alone.
        features: the classifier's inner maps on the clean crops, or none.
    """

    posterior: Tensor
    features: list[Tensor]


class Semantics(nn.Module):
    """Cross-entropy at a level of a hierarchy through a frozen classifier.

        x̂ ─► classifier ─► softmax ─► columns of the hierarchy's classes ─► sums per cluster ─► CE

    Args:
        classifier: one, or an `Ensemble`.
        hierarchy: its levels are judged.
        low_precision: let the classifier multiply in bfloat16 while training; sums stay in float32.
        features_only: never ask for classes, which the classifier then need not know:
            cross-entropies are 0 and posteriors empty.
    Raises:
        HierarchyMismatchError: the classifier does not know all classes, and they are asked for.
    Source: the paper, section 4 (cluster posteriors as sums of class probabilities).
    """

    def __init__(
        self,
        classifier: Classifier,
        hierarchy: Hierarchy,
        *,
        low_precision: bool = False,
        features_only: bool = False,
    ) -> None:
        super().__init__()
        self.classifier, self.hierarchy, self.low_precision = classifier, hierarchy, low_precision
        self.features_only = features_only
        self.columns = None if features_only else class_columns(hierarchy, classifier.class_ids)

    @classmethod
    def teaching(
        cls, classifier: Classifier, hierarchy: Hierarchy, *, low_precision: bool = False
    ) -> Self:
        """For training: of a classifier that knows not all classes, the inner maps alone."""
        unknown = bool(unknown_classes(hierarchy, classifier.class_ids))
        return cls(classifier, hierarchy, low_precision=low_precision, features_only=unknown)

    def posterior(self, logits: Tensor) -> Tensor:
        """Probabilities (B, C) over the hierarchy's classes, renormalised where it is a subset."""
        if self.columns is None:
            return logits.new_zeros(len(logits), 0)
        probabilities: Tensor = self.columns(logits.float().softmax(1))
        if len(self.columns.columns) == len(self.classifier.class_ids):
            return probabilities
        return probabilities / probabilities.sum(1, keepdim=True).clamp_min(PROBABILITY_MIN)

    @torch.no_grad()
    def target(
        self, images: Tensor, labels: Tensor, *, label_share: float, with_features: bool
    ) -> Target:
        """Targets of clean crops (B, 3, S, S): the classifier's posterior, mixed with labels.

        Args:
            labels: (B,) class numbers, -1 where there is none.
            label_share: weight of the label where there is one.
            with_features: the classifier's inner maps too.
        """
        logits, features = self._answer(images, with_features)
        posterior = self.posterior(logits)
        if self.features_only:
            return Target(posterior, features)
        one_hot = functional.one_hot(labels.clamp_min(0), posterior.shape[1])
        share = label_share * (labels >= 0).to(posterior)[:, None]
        return Target(posterior.lerp(one_hot.to(posterior), share), features)

    @torch.no_grad()
    def prepared_target(self, images: Tensor) -> Target:
        """Target of whole pictures (B, 3, H, W) of any size: the classifier's posterior."""
        if self.features_only:
            return Target(images.new_zeros(len(images), 0), [])
        return Target(self.posterior(self.classifier(images)), [])

    def inner_maps(self, images: Tensor) -> list[Tensor]:
        """The classifier's inner maps (B, …) of crops (B, 3, S, S) taken as they are.

        Raises:
            ClassifierError: the classifier does not expose them.
        """
        return self._answer(images, with_features=True)[1]

    def feature_distance(self, decoded: Tensor, clean: Tensor) -> Tensor:
        """(B,) distance of the inner maps of decoded and clean crops (B, 3, S, S), taken as they
        are: mean over the maps of the squared difference over the clean map's power.

        Raises:
            ClassifierError: the classifier does not expose its inner features.
        """
        with torch.no_grad():
            wanted = self.inner_maps(clean)
        return _feature_distance(self.inner_maps(decoded), wanted)

    def cross_entropy(self, posterior: Tensor, target: Target, level: int) -> Tensor:
        """Mean over the batch of the cross-entropy of a level's clusters, nats."""
        return self.cross_entropies(posterior, target, level).mean()

    def cross_entropies(self, posterior: Tensor, target: Target, level: int) -> Tensor:
        """(B,) cross-entropy of a level's clusters, nats."""
        wanted = self.hierarchy.sum_posteriors(target.posterior, level)
        answer = self.hierarchy.sum_posteriors(posterior, level).clamp_min(PROBABILITY_MIN)
        return -(wanted * answer.log()).sum(1)

    def loss(
        self,
        decoded: Tensor,
        target: Target,
        weights: SemanticWeights,
        stage: Tensor,
        level: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """(B,) weighted semantic loss of each picture's stage, and cross-entropy at its level.

        Args:
            decoded: (B, 3, S, S) in 0..1.
            weights: of the terms, at every stage.
            stage: (B,) int64 on the host, whose weights hold.
            level: (B,) int64 on the host, which the stage serves.
        """
        device = decoded.device
        logits, features = self._answer(decoded, any(weights.feature_weights))
        total = own = decoded.new_zeros(len(decoded))
        if not self.features_only:
            posterior = self.posterior(logits)
            by_level = torch.stack(
                [
                    self.cross_entropies(posterior, target, n)
                    for n in range(self.hierarchy.n_levels)
                ],
                1,
            )
            own = by_level.gather(1, level.to(device)[:, None])[:, 0]
            total = of_stage(weights.gammas, stage, device) * own
            total = total + of_stage(weights.fine_gammas, stage, device) * by_level[:, -1]
        if features:
            matched = of_stage(weights.feature_weights, stage, device)
            total = total + matched * _feature_distance(features, target.features)
        return total, own

    def _answer(self, images: Tensor, with_features: bool) -> tuple[Tensor, list[Tensor]]:
        device = images.device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.low_precision):
            if with_features:
                return self.classifier.logits_and_features(images)
            return self.classifier.logits(images), []


def of_stage(values: Sequence[float], stage: Tensor, device: torch.device | None = None) -> Tensor:
    """(B,) the value of each picture's stage, on `device`."""
    return torch.tensor(values, dtype=torch.float32)[stage].to(device, non_blocking=True)


def _feature_distance(found: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """(B,) mean over the maps of squared distance over the clean map's power."""
    terms = [
        (a.float() - b.float()).square().mean((1, 2, 3))
        / b.float().square().mean().clamp_min(PROBABILITY_MIN)
        for a, b in zip(found, wanted, strict=True)
    ]
    return torch.stack(terms).mean(0)
