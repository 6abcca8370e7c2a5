"""What a classifier says of a decoded picture, at every level of a hierarchy."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.bitstream.answer import LabelPath
from codec_plugin.classifiers import Classifier
from codec_plugin.classifiers.class_columns import class_columns
from codec_plugin.data.label_hierarchy import Hierarchy
from codec_plugin.errors import HierarchyMismatchError
from hierlab.errors import HierlabError
from hierlab.wordnet.taxonomy import Taxonomy
from hierlab.wordnet.wu_palmer import wu_palmer

__all__ = ["Answer", "Recogniser", "image_tensor", "true_clusters"]


@dataclass(frozen=True)
class Answer:
    """Cluster numbers and probabilities, coarse first; the last entry is the finest level.

    Attributes:
        clusters: most probable cluster at each level.
        confidences: its probability, 0..1.
        fine_class: most probable class of the hierarchy.
    """

    clusters: tuple[int, ...]
    confidences: tuple[float, ...]
    fine_class: int


class Recogniser:
    """A frozen classifier read through a hierarchy.

    Args:
        classifier: pixels in 0..1 to logits.
        hierarchy: its classes must be among the classifier's, by key or name (`class_columns`).
    Raises:
        HierarchyMismatchError: the classifier lacks a class; the message names it.
    """

    def __init__(self, classifier: Classifier, hierarchy: Hierarchy) -> None:
        self.classifier, self.hierarchy = classifier, hierarchy
        self.columns = class_columns(hierarchy, classifier.class_ids)

    @torch.no_grad()
    def posterior(self, image: Tensor) -> Tensor:
        """Probabilities (C,) over the hierarchy's classes of one picture (3, H, W) in 0..1."""
        everything = self.classifier(image[None]).float().softmax(1)
        probabilities: Tensor = self.columns(everything)[0]
        return probabilities / probabilities.sum().clamp_min(1e-12)

    def answer(self, image: Tensor) -> Answer:
        """Most probable cluster at each level of one picture (3, H, W) in 0..1."""
        posterior = self.posterior(image)
        clusters, confidences = [], []
        for level in range(self.hierarchy.n_levels):
            summed = self.hierarchy.sum_posteriors(posterior[None], level)[0]
            best = int(summed.argmax())
            clusters.append(best)
            confidences.append(float(summed[best]))
        return Answer(tuple(clusters), tuple(confidences), int(posterior.argmax()))

    def names(self, answer: Answer) -> tuple[str, ...]:
        """Names of an answer's clusters, coarse first."""
        levels = zip(self.hierarchy.cluster_names, answer.clusters, strict=True)
        return tuple(names[cluster] for names, cluster in levels)

    def path(self, image: Tensor) -> LabelPath:
        """What one picture (3, H, W) in 0..1 shows, coarse to fine.

        Each level's most probable cluster among those inside the cluster before it, where the level
        refines the one above; so it is one path, unlike `answer`.
        """
        posterior, clusters, confidences = self.posterior(image)[None], [0], []
        for level in range(self.hierarchy.n_levels):
            summed = self.hierarchy.sum_posteriors(posterior, level)[0].tolist()
            best = max(self.hierarchy.tree.siblings(level, clusters[-1]), key=summed.__getitem__)
            clusters.append(best)
            confidences.append(min(1.0, summed[best]))
        return LabelPath(tuple(clusters[1:]), tuple(confidences), self.hierarchy.tree)

    @cached_property
    def similarity(self) -> NDArray[np.float64] | None:
        """Wu-Palmer (C, C) of the hierarchy's classes, or none where they are not in WordNet."""
        try:
            return wu_palmer(Taxonomy.shipped(), list(self.hierarchy.class_ids))
        except HierlabError:
            return None


def image_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Pixels (H, W, 3) or grey (H, W), 0..255, as (3, H, W) float32 in 0..1."""
    planes = torch.from_numpy(pixels.copy()).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)
    return planes.expand(3, -1, -1).float() / 255


def true_clusters(hierarchy: Hierarchy, class_id: str) -> tuple[int, ...]:
    """Cluster of a class at each level.

    Raises:
        HierarchyMismatchError: the hierarchy does not have the class.
    """
    if class_id not in hierarchy.index:
        raise HierarchyMismatchError(
            f"class {class_id!r} is not among the {len(hierarchy.class_ids)} classes of label map "
            f"{hierarchy.name!r}"
        )
    column = hierarchy.index[class_id]
    return tuple(int(row[column]) for row in hierarchy.labels)
