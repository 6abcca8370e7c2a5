"""How similar the classes of a label map are, from the best source that is here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.vectors import centred_cosines
from hierlab.embeddings.resolve import resolve
from hierlab.errors import HierlabError
from hierlab.labelmap import LabelMap, Level
from hierlab.wordnet.taxonomy import taxonomy_for
from hierlab.wordnet.wu_palmer import class_similarity

__all__ = ["ClassSimilarity", "Neighbour", "nearest_clusters", "own_similarity", "similarity_of"]

MAX_CLASSES = 5_000


@dataclass(frozen=True)
class ClassSimilarity:
    """A similarity of all pairs of classes.

    Args:
        matrix: (C, C) float64, symmetric, larger = more alike.
        about: what it is, in words for a caption.
    """

    matrix: NDArray[np.float64]
    about: str


@dataclass(frozen=True)
class Neighbour:
    """Another cluster of the same level and how alike it is.

    Args:
        similarity: mean over all pairs of one class of each.
    """

    number: int
    name: str
    similarity: float


def similarity_of(label_map: LabelMap) -> ClassSimilarity | None:
    """Similarity of the classes of a map: the prototypes it was built from, else Wu-Palmer.

    Of several encoders the mean; what all vectors of an encoder share is taken out first.

    Returns:
        None where neither a shipped table nor WordNet knows the classes, or there are more than
        5,000 of them.
    """
    if len(label_map.classes) > MAX_CLASSES:
        return None
    return _from_table(label_map) or _from_wordnet(label_map)


def own_similarity(label_map: LabelMap) -> ClassSimilarity | None:
    """Similarity of the classes by what the map itself was made from, and nothing else.

    The prototypes it was built from; WordNet only where it was built from WordNet. Where neither
    is here, how many levels have two classes in one cluster, as a share of the levels.

    Returns:
        None for more than 5,000 classes.
    """
    if len(label_map.classes) > MAX_CLASSES:
        return None
    source = label_map.provenance.get("source")
    if isinstance(source, dict) and source.get("kind") == "wordnet":
        found = _from_wordnet(label_map)
    else:
        found = _from_table(label_map)
    return found or _from_levels(label_map)


def nearest_clusters(
    level: Level, matrix: NDArray[np.float64], cluster: int, count: int = 5
) -> tuple[Neighbour, ...]:
    """The clusters of a level most like one of them, most alike first.

    Args:
        level: K clusters over C classes.
        matrix: (C, C) similarity of the classes.
        cluster: number of the one.
        count: how many to name.
    """
    to_each = np.bincount(
        level.labels, weights=matrix[level.members(cluster)].mean(axis=0), minlength=level.k
    )
    means = to_each / level.sizes
    order = [int(number) for number in np.argsort(-means, kind="stable") if number != cluster]
    return tuple(
        Neighbour(number, level.clusters[number].name, float(means[number]))
        for number in order[:count]
    )


def _from_table(label_map: LabelMap) -> ClassSimilarity | None:
    variants = _variants(label_map.provenance.get("source"))
    if not variants:
        return None
    total = np.zeros((len(label_map.classes), len(label_map.classes)))
    try:
        for variant in variants:
            total += centred_cosines(resolve(variant, label_map.classes, source="table").vectors)
    except HierlabError:
        return None
    who = variants[0] if len(variants) == 1 else f"{len(variants)} encoders'"
    return ClassSimilarity(total / len(variants), f"centred cosine of {who} text prototypes")


def _variants(source: object) -> list[str]:
    """Names of the encoders that a map was made from; none where any is not by name."""
    if not isinstance(source, dict):
        return []
    encoders = source.get("encoders") or [source]
    if not isinstance(encoders, list):
        return []
    names = [encoder.get("variant") for encoder in encoders if isinstance(encoder, dict)]
    return [name for name in names if isinstance(name, str)] if all(names) else []


def _from_levels(label_map: LabelMap) -> ClassSimilarity:
    count = len(label_map.classes)
    levels = [level for level in label_map.levels if level.k < count] or label_map.levels
    together = sum(
        np.equal.outer(level.labels, level.labels).astype(np.float64) for level in levels
    )
    return ClassSimilarity(np.asarray(together / len(levels)), "levels that two classes share")


def _from_wordnet(label_map: LabelMap) -> ClassSimilarity | None:
    try:
        taxonomy = taxonomy_for(label_map.classes)
        if taxonomy is None:
            return None
        matrix = class_similarity(taxonomy, label_map.classes)
    except HierlabError:
        return None
    return ClassSimilarity((matrix + matrix.T) / 2, "Wu-Palmer in WordNet 3.0")
