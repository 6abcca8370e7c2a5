"""WordNet as a tree over the classes: one hypernym each, classes as leaves."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from hierlab.builders._registry import BuildInput
from hierlab.clustering.vectors import Assignment
from hierlab.errors import BuilderError

__all__ = ["ROOT", "HypernymTree", "hypernym_tree"]

ROOT = ""
WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class HypernymTree:
    """Synsets above the classes, each under one hypernym.

        ROOT ─ entity ─ … ─ canine ─ dog ─ (class 207), (class 208), …

    Args:
        paths: for each of the C classes the wnids from the root down to its own synset.
        children: the synsets directly below each synset (or `ROOT`), in order of wnid.
        own: positions of the classes that are the synset itself; under `ROOT` those that WordNet
            does not know.
        counts: number of classes in or below each synset.
    """

    paths: tuple[tuple[str, ...], ...]
    children: dict[str, tuple[str, ...]]
    own: dict[str, tuple[int, ...]]
    counts: dict[str, int]

    def at_depth(self, depth: int) -> Assignment:
        """(C,) groups by the synset `depth` steps below the top; shallower classes stand alone."""
        keys = [
            path[depth] if len(path) > depth else f"class {position}"
            for position, path in enumerate(self.paths)
        ]
        labels: Assignment = np.unique(keys, return_inverse=True)[1]
        return labels


def hypernym_tree(inputs: BuildInput) -> HypernymTree:
    """Place the classes in WordNet; of several hypernyms the deepest is kept.

    The deepest hypernym says most: a dog goes with the canines, not with domestic animals.

    Raises:
        BuilderError: no taxonomy, or it knows none of the classes, or lacks a WordNet id.
    """
    taxonomy = inputs.taxonomy
    if taxonomy is None:
        raise BuilderError("this method needs WordNet, and none was given")
    depths, above = taxonomy.max_depths, taxonomy.nouns.parents
    nouns = taxonomy.nouns
    upwards: dict[str, str] = {}

    def parent(wnid: str) -> str:
        if wnid not in upwards:
            highs = [row for row in above[nouns.rows[wnid]].tolist() if row >= 0]
            ranked = [(-int(depths[row]), nouns.wnids[row]) for row in highs]
            upwards[wnid] = min(ranked)[1] if ranked else ROOT
        return upwards[wnid]

    children: dict[str, set[str]] = defaultdict(set)
    own: dict[str, list[int]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    paths = []
    wnids = taxonomy.resolve(inputs.classes).wnids
    _refuse_unknown_ids(inputs.classes.ids, wnids, taxonomy.source)
    for position, wnid in enumerate(wnids):
        path: list[str] = []
        step = wnid or ROOT
        own[step].append(position)
        while step != ROOT:
            path.append(step)
            counts[step] += 1
            children[parent(step)].add(step)
            step = parent(step)
        paths.append(tuple(reversed(path)))
    if not any(paths):
        raise BuilderError("WordNet knows none of these classes; give them WordNet ids as keys")
    return HypernymTree(
        tuple(paths),
        {wnid: tuple(sorted(below)) for wnid, below in children.items()},
        {wnid: tuple(positions) for wnid, positions in own.items()},
        dict(counts),
    )


def _refuse_unknown_ids(keys: tuple[str, ...], wnids: tuple[str | None, ...], source: str) -> None:
    """A word that WordNet lacks stands apart; an id that it lacks is a slip or another version."""
    pairs = zip(keys, wnids, strict=True)
    unknown = [key for key, wnid in pairs if wnid is None and WNID.fullmatch(key)]
    if unknown:
        raise BuilderError(
            f"{unknown[0]!r} is no noun of {source} ({len(unknown)} such ids); expected ids of "
            "WordNet 3.0, all of which are known where wordnet-base is installed"
        )
