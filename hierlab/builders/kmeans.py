"""Flat k-means per level on the raw unit vectors: the paper's method, not nested."""

from __future__ import annotations

import warnings

import numpy as np

from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment, Matrix
from hierlab.errors import BuilderError

__all__ = ["build_kmeans"]


@register_builder("kmeans", nested=False, seeded=True, large={"n_init": 1})
def build_kmeans(
    inputs: BuildInput, *, k: tuple[int, ...], seed: int, n_init: int = 10
) -> list[Assignment]:
    """Group the classes anew at each level with scikit-learn's k-means; levels do not nest.

    The labels are those of `KMeans(k, n_init=n_init, random_state=seed)` on the same unit vectors.

    Args:
        seed: draws the classes that the search starts from.
        n_init: starts, of which the best is kept; by default one for more than 4,096 classes, as
            scikit-learn has it by default for any number.

    Raises:
        BuilderError: fewer distinct vectors than clusters, or no start.

    Source: Kim, Kim, Lee, arXiv 2605.08266, section 3.
    """
    return [_partition(inputs.rows, clusters, seed, n_init) for clusters in k]


def _partition(vectors: Matrix, clusters: int, seed: int, n_init: int) -> Assignment:
    if clusters == len(vectors):  # the classes themselves, even where two vectors are equal
        return np.arange(clusters)
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # One thread: with several, sums end in another order and a tie may fall the other way.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # raised below, as an error
        model = KMeans(clusters, n_init=n_init, random_state=seed)
        labels: Assignment = model.fit_predict(vectors).astype(np.int64)
    distinct = len(np.unique(labels))
    if distinct < clusters:
        raise BuilderError(
            f"k-means found {distinct} clusters where {clusters} were asked: the classes have too "
            "few distinct vectors; ask for fewer, or use method 'topdown'"
        )
    return labels
