"""Ward's tree cut at every K: nested, no seed."""

from __future__ import annotations

from hierlab.builders._registry import PAIRWISE, BuildInput, register_builder
from hierlab.clustering.vectors import Assignment, centred
from hierlab.clustering.ward import ward_tree

__all__ = ["build_ward"]


@register_builder("ward", most=PAIRWISE)
def build_ward(inputs: BuildInput, *, k: tuple[int, ...]) -> list[Assignment]:
    """Cut one Ward tree of the centred prototypes at every K; nested, no seed.

    Source: Ward, JASA 58, 1963.
    """
    tree = ward_tree(centred(inputs.rows))
    return [tree.cut(clusters) for clusters in k]
