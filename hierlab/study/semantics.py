"""Whether similarities follow WordNet beyond what controls explain, and which clusters do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hierlab.classes import ClassList
from hierlab.measures.bootstrap import interval
from hierlab.measures.pair_statistics import clusters_of
from hierlab.study.results import IncoherentCluster, SimilarityCorrelation
from hierlab.study.statistics import holm, partial_correlation

__all__ = ["correlations", "incoherent_clusters"]


def correlations(
    encoders: Sequence[tuple[str, NDArray[np.float64]]],
    target: tuple[str, NDArray[np.float64]],
    controls: Sequence[tuple[str, NDArray[np.float64]]],
    weights: NDArray[np.float64],
) -> list[SimilarityCorrelation]:
    """Correlate the similarity of each encoder with a target, alone and given the controls.

    Args:
        encoders, target, controls: names and (C, C) symmetric similarities.
        weights: (1 + B, C) class weights, the first row ones.
    """
    held = [matrix for _, matrix in controls]
    values = []
    for _, matrix in encoders:
        raw = partial_correlation(matrix, target[1], [], weights)
        partial = partial_correlation(matrix, target[1], held, weights) if held else raw
        values.append((raw, partial))
    # The bootstrap cannot resolve p below one part in its size.
    chances = [float((1 + (partial[1:] <= 0).sum()) / len(partial)) for _, partial in values]
    return [
        SimilarityCorrelation(
            encoder=name,
            target=target[0],
            controls=tuple(control for control, _ in controls),
            raw=interval(raw[0], raw[1:]),
            partial=interval(partial[0], partial[1:]),
            p=p,
        )
        for (name, _), (raw, partial), p in zip(encoders, values, holm(chances), strict=True)
    ]


def incoherent_clusters(
    labels: NDArray[np.int32],
    k: int,
    classes: ClassList,
    similarity: NDArray[np.float64],
    most: int = 6,
) -> list[IncoherentCluster]:
    """Clusters of at least three classes with the lowest Wu-Palmer inside, lowest first."""
    clusters = []
    for members in clusters_of(labels):
        size = len(members)
        if size < 3:
            continue
        block = similarity[np.ix_(members, members)]
        within = (block.sum() - np.trace(block)) / (size * (size - 1))
        names = tuple(classes.names[row] for row in members[:12])
        clusters.append(IncoherentCluster(k, size, float(within), names))
    return sorted(clusters, key=lambda cluster: cluster.within)[:most]
