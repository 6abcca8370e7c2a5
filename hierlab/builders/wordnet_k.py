"""WordNet split from the top into exactly K groups: the fair WordNet baseline."""

from __future__ import annotations

import heapq

import numpy as np

from hierlab.builders._hypernyms import ROOT, HypernymTree, hypernym_tree
from hierlab.builders._registry import BuildInput, register_builder
from hierlab.clustering.vectors import Assignment

__all__ = ["build_wordnet_k"]

# A group is a forest: synsets with everything below them, and single classes.
_Part = str | int


@register_builder("wordnet-k", needs="taxonomy")
def build_wordnet_k(inputs: BuildInput, *, k: tuple[int, ...]) -> list[Assignment]:
    """Split the largest WordNet group until there are exactly K; nested, no seed.

    A split takes the kind with the most classes out of the largest group: all artifacts out of
    all objects, then all instruments out of the artifacts. What stays behind is a group too, so
    every class is covered and every K exists.
    """
    tree = hypernym_tree(inputs)
    groups: list[list[_Part]] = [[ROOT]]
    queue = [(-len(inputs.classes), 0)]
    levels: list[Assignment] = []
    for clusters in k:
        while len(groups) < clusters:
            size, number = heapq.heappop(queue)
            taken, left = _split(tree, groups[number])
            groups[number] = left
            groups.append([taken])
            heapq.heappush(queue, (-_count(tree, taken), len(groups) - 1))
            heapq.heappush(queue, (size + _count(tree, taken), number))
        levels.append(_labels(tree, groups, len(inputs.classes)))
    return levels


def _split(tree: HypernymTree, forest: list[_Part]) -> tuple[_Part, list[_Part]]:
    """Take the part with the most classes out; a lone synset is opened first."""
    while len(forest) == 1 and isinstance(forest[0], str):
        synset = forest[0]
        forest = [*tree.children.get(synset, ()), *tree.own.get(synset, ())]
    largest = max(range(len(forest)), key=lambda place: _count(tree, forest[place]))
    return forest[largest], forest[:largest] + forest[largest + 1 :]


def _count(tree: HypernymTree, part: _Part) -> int:
    return tree.counts[part] if isinstance(part, str) else 1


def _labels(tree: HypernymTree, groups: list[list[_Part]], count: int) -> Assignment:
    labels = np.zeros(count, dtype=np.int64)
    for number, forest in enumerate(groups):
        stack = list(forest)
        while stack:
            part = stack.pop()
            if isinstance(part, str):
                stack += [*tree.children.get(part, ()), *tree.own.get(part, ())]
            else:
                labels[part] = number
    return labels
