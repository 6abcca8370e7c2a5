"""Ward's tree from any similarity of the classes: a confusion matrix, Wu-Palmer, a kernel."""

from __future__ import annotations

import numpy as np

from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment, Matrix
from hierlab.clustering.ward import tree_of_costs
from hierlab.errors import BuilderError

__all__ = ["build_similarity"]


@register_builder("similarity", needs="similarity")
def build_similarity(inputs: BuildInput, *, k: tuple[int, ...]) -> list[Assignment]:
    """Cut one Ward tree of a (C, C) similarity at every K; nested, no seed.

    The similarity is read as inner products, scaled to one on the diagonal where the diagonal is
    positive; so counts of confusions become cosines and large classes do not dominate.

    Raises:
        BuilderError: no (C, C) matrix of finite numbers, or not symmetric.
    """
    products = _checked(inputs, k)
    own = np.diag(products)
    if own.min() > 0:
        lengths = np.sqrt(own)
        products = products / lengths[:, None] / lengths[None, :]
        own = np.ones(len(products))
    else:  # no self-similarity was given: as alike as the most alike pair
        own = np.full(len(products), products.max())
    costs = np.maximum(own[:, None] + own[None, :] - 2 * products, 0) / 2
    tree = tree_of_costs(costs)
    return [tree.cut(clusters) for clusters in k]


def _checked(inputs: BuildInput, k: tuple[int, ...]) -> Matrix:
    matrix, count = inputs.similarity, len(inputs.classes)
    if matrix is None or matrix.shape != (count, count):
        shape = None if matrix is None else matrix.shape
        raise BuilderError(f"expected a similarity of shape {(count, count)}, got {shape}")
    if not np.isfinite(matrix).all():
        raise BuilderError("the similarity holds NaN or infinite values")
    if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-9):
        raise BuilderError(
            "the similarity is not symmetric; average it with its transpose if that is meant"
        )
    return np.asarray(matrix, dtype=np.float64)
