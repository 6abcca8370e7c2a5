"""WordNet cut at one depth per level: the usual baseline, and a degenerate one."""

from __future__ import annotations

from hierlab.builders._hypernyms import hypernym_tree
from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment
from hierlab.errors import BuilderError

__all__ = ["build_wordnet_depth"]


@register_builder("wordnet-depth", needs="taxonomy")
def build_wordnet_depth(inputs: BuildInput, *, k: tuple[int, ...]) -> list[Assignment]:
    """Group by the WordNet synset at one depth per level; only some K exist; nested, no seed.

    A depth gives as many groups as WordNet has synsets there, most of them single classes and one
    of them half of ImageNet; `wordnet-k` gives any K.

    Raises:
        BuilderError: no depth gives that many groups; the message lists those that exist.
    """
    tree = hypernym_tree(inputs)
    depths = range(max(map(len, tree.paths)) + 1)
    cuts = {int(labels.max()) + 1: labels for labels in map(tree.at_depth, depths)}
    if missing := [clusters for clusters in k if clusters not in cuts]:
        known = ", ".join(map(str, sorted(cuts)))
        raise BuilderError(
            f"no depth of WordNet gives {missing[0]} groups of these classes; the depths give "
            f"{known}; method 'wordnet-k' gives any number"
        )
    return [cuts[clusters] for clusters in k]
