"""Ward's tree cut at every K: nested, no seed."""

from __future__ import annotations

from hierlab.builders._registry import PAIRWISE, BuildInput, Labels, register_builder
from hierlab.clustering.vectors import canonical, centred, checked_vectors
from hierlab.clustering.ward import ward_tree

__all__ = ["build_ward"]


@register_builder("ward", most=PAIRWISE)
def build_ward(inputs: BuildInput, *, k: tuple[int, ...], seed: int) -> Labels:
    """Cut one Ward tree of the centred prototypes at every K; nested, no seed.

    Source: Ward, JASA 58, 1963.
    """
    del seed
    tree = ward_tree(centred(checked_vectors(inputs, k)))
    return canonical([tree.cut(clusters) for clusters in k])
