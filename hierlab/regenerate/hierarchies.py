"""hierarchies/: the shipped label maps, built or named anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as with_fields

from hierlab.assembly import build
from hierlab.datasets.shipped_maps import EARLIER, SHIPPED
from hierlab.hierarchy.cluster_names import name_clusters
from hierlab.labelmap import LabelMap, load_label_map
from hierlab.measures.class_similarity import similarity_of
from hierlab.wordnet.taxonomy import taxonomy_for

__all__ = ["build_shipped"]


def build_shipped(
    folder: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> tuple[LabelMap, ...]:
    """Build every shipped map and write it into `folder`."""
    maps = []
    total = len(SHIPPED) + len(EARLIER)
    for done, shipped in enumerate(SHIPPED):
        on_progress(done, total)
        label_map = build(name=shipped.name, **shipped.arguments)
        label_map.save(folder / f"{shipped.name}.json")
        maps.append(label_map)
    for done, name in enumerate(EARLIER, start=len(SHIPPED)):
        on_progress(done, total)
        _named_anew(load_label_map(name)).save(folder / f"{name}.json")
    on_progress(total, total)
    return tuple(maps)


def _named_anew(label_map: LabelMap) -> LabelMap:
    """The same partitions with the cluster names that would be given today."""
    alike = similarity_of(label_map)
    levels = []
    for level in label_map.levels:
        names = name_clusters(
            level.labels,
            label_map.classes,
            taxonomy_for(label_map.classes),
            similarity=None if alike is None else alike.matrix,
        )
        clusters = tuple(
            with_fields(old, name=new.name, synset=new.synset, coverage=new.coverage)
            for old, new in zip(level.clusters, names, strict=True)
        )
        levels.append(replace(level, clusters=clusters))
    return replace(label_map, levels=tuple(levels))
