"""The hybrid: similarity by rank in the vectors and in WordNet together; nested, no seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering import (
    ConsensusSettings,
    closeness,
    diffused,
    mean_cosines,
    neighbour_ranks,
    nested_levels,
    rank_affinity,
)
from hierlab.clustering.diffusion import ranks_of
from hierlab.clustering.vectors import Assignment, Matrix, centred_cosines
from hierlab.errors import BuilderError
from hierlab.wordnet.wu_palmer import class_similarity

__all__ = ["build_hybrid", "wordnet_ranks"]


@register_builder("hybrid", wordnet=True, revision=2)
def build_hybrid(
    inputs: BuildInput, *, k: tuple[int, ...], weight: float = 0.3
) -> list[Assignment]:
    """Let WordNet vote beside the vectors, then build as `consensus` does; it is told WordNet.

        vectors ─ cosines ─ ranks ──(1 − weight)──┐
        WordNet ─ Wu-Palmer ─ ranks ──(weight)────┴─ affinity ─ diffuse ─ nested levels

    Wu-Palmer inside its clusters is therefore no evidence that the vectors know WordNet.

    Args:
        weight: of WordNet, 0 (vectors alone) to 1 (WordNet alone, its ties broken by vectors).

    Raises:
        BuilderError: a weight outside 0..1.
    """
    vectors = inputs.rows
    if not 0 <= weight <= 1:
        raise BuilderError(f"expected a weight of WordNet between 0 and 1, got {weight}")
    assert inputs.taxonomy is not None  # the registry has checked it
    wordnet = class_similarity(inputs.taxonomy, inputs.classes, "textbook")
    ranks = [neighbour_ranks(vectors), wordnet_ranks(wordnet, vectors)]
    settings = ConsensusSettings().scaled(len(vectors))
    weights = (1 - weight, weight)
    outer = diffused(rank_affinity(ranks, settings.top_reach, weights), settings.top_steps)
    inner = closeness(rank_affinity(ranks, settings.reach, weights), settings.walks)
    similarity = (1 - weight) * mean_cosines([vectors]) + weight * _centred(wordnet)
    return nested_levels(outer, inner, similarity, k)


def wordnet_ranks(similarity: Matrix, vectors: Matrix) -> NDArray[np.int32]:
    """Rank every class as a neighbour of every other by WordNet, ties by the vectors.

    Wu-Palmer gives whole families the same value; their order in the class list, which is
    WordNet's own, must not decide.

    Args:
        similarity: (C, C) Wu-Palmer of all pairs.
        vectors: (C, D) unit rows.
    Returns:
        (C, C); row i holds 0 for i itself, 1 for the class most like it, and so on.
    """
    own_first = similarity.copy()  # nothing is more similar to a class than itself
    np.fill_diagonal(own_first, np.inf)
    return ranks_of(np.lexsort((-centred_cosines(vectors), -own_first), axis=1))


def _centred(similarity: Matrix) -> Matrix:
    """Wu-Palmer as if it were cosines: row and column means taken out, zeros on the diagonal."""
    mean = similarity.mean(axis=0)
    centred: Matrix = similarity - mean[:, None] - mean[None, :] + mean.mean()
    np.fill_diagonal(centred, 0)
    return centred
