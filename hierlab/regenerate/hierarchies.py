"""Builds the shipped label maps anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hierlab.datasets.shipped_maps import EARLIER, SHIPPED
from hierlab.labelmap import LabelMap, load_label_map

__all__ = ["build_shipped"]


def build_shipped(
    folder: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> tuple[LabelMap, ...]:
    """Build every shipped map and write it into `folder`."""
    from hierlab.assembly import build

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
    from msgspec.structs import replace as changed

    from hierlab.hierarchy.cluster_names import name_clusters
    from hierlab.measures.class_similarity import similarity_of
    from hierlab.wordnet.taxonomy import taxonomy_for

    alike = similarity_of(label_map)
    levels = []
    for level in label_map.levels:
        named = name_clusters(
            level.labels,
            label_map.classes,
            taxonomy_for(label_map.classes),
            similarity=None if alike is None else alike.matrix,
        )
        clusters = tuple(
            changed(old, name=new.name, synset=new.synset, coverage=new.coverage)
            for old, new in zip(level.clusters, named, strict=True)
        )
        levels.append(replace(level, clusters=clusters))
    return replace(label_map, levels=tuple(levels))
