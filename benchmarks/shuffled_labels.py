"""Random groups of equal sizes: the control for "is the gain semantic?"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hierlab.labelmap import Cluster, LabelMap, Level, canonical_labels

__all__ = ["shuffled"]


def shuffled(label_map: LabelMap, seed: int = 0) -> LabelMap:
    """The same tree with its classes dealt out anew: equal sizes, no meaning.

    A class keeps its place at the finest level only where that level is the classes themselves,
    so nested maps stay nested.

    Args:
        label_map: whose sizes are kept.
        seed: of the draw.
    """
    classes = label_map.classes
    order = np.random.default_rng(seed).permutation(len(classes))
    levels = []
    for level in label_map.levels:
        labels = canonical_labels(level.labels[order])
        clusters = []
        for number in range(level.k):
            members = np.flatnonzero(labels == number)
            alone = len(members) == 1
            medoid = classes.ids[int(members[0])]
            name = classes.names[int(members[0])] if alone else f"random group {number + 1}"
            clusters.append(Cluster(name=name, size=len(members), medoid=medoid))
        levels.append(Level(level.name, labels, tuple(clusters)))
    provenance = {"method": "shuffled", "of": label_map.id, "seed": seed}
    title = f"random groups as in {label_map.name}"
    return replace(label_map, name=title, levels=tuple(levels), provenance=provenance)
