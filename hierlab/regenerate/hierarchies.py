"""The shipped label maps and their gallery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hierlab.labelmap import LabelMap, load_label_map

__all__ = ["EARLIER", "SHIPPED", "Shipped", "build_shipped", "load_shipped", "shipped_names"]

VARIANTS = (
    "RN50",
    "ViT-B-32",
    "ViT-B-32:laion400m",
    "ViT-B-32:datacomp_xl_s13b_b90k",
    "ViT-B-16",
    "ViT-L-14",
    "ViT-H-14",
)
FOUR = ("RN50", "ViT-B-32", "ViT-L-14", "ViT-H-14")
K = (10, 100, 1000)
EARLIER = {
    "consensus-seven-10-100-1000": "the consensus of seven variants before 0.2",
    "consensus-four-10-100-1000": "the consensus of four variants before 0.2",
}
"""Maps that results name: their partitions stay as they were, their clusters are named anew."""


@dataclass(frozen=True)
class Shipped:
    """One shipped map: its name, how it is built, and what it is for."""

    name: str
    arguments: dict[str, Any]
    purpose: str


def _catalogue() -> Iterator[Shipped]:
    for word, variants in (("seven", VARIANTS), ("four", FOUR)):
        yield Shipped(
            f"clip-{word}-10-100-1000",
            {"consensus": variants, "k": K},
            f"the default method over {word} variants: nested, with a confidence for each class",
        )
    for variant in VARIANTS:
        slug = variant.lower().replace(":", "-").replace("_", "-")
        yield Shipped(
            f"{slug}-consensus-10-100-1000",
            {"clip": variant, "k": K},
            "the default method on one variant: nested and deterministic",
        )
        yield Shipped(
            f"{slug}-topdown-10-100-1000",
            {"clip": variant, "method": "topdown", "k": K},
            "nested, with even sizes; the default before 0.2, and the first checkpoint's",
        )
        yield Shipped(
            f"{slug}-kmeans-10-100-1000",
            {"clip": variant, "method": "kmeans", "k": K},
            "the paper's method: flat k-means for each K, not nested",
        )
    yield Shipped(
        "wordnet-k-10-100-1000",
        {"method": "wordnet-k", "k": K},
        "WordNet, the largest group split until there are K: the fair WordNet baseline",
    )


SHIPPED = tuple(_catalogue())


def shipped_names() -> tuple[str, ...]:
    """Names of the maps in hierarchies/, sorted."""
    from hierlab.utils.files import hierarchies_path

    return tuple(sorted(path.stem for path in hierarchies_path().glob("*.json")))


def load_shipped() -> tuple[LabelMap, ...]:
    """Load every shipped map."""
    return tuple(load_label_map(name) for name in shipped_names())


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

    from hierlab.measures.class_similarity import likeness
    from hierlab.wordnet.cluster_names import name_clusters
    from hierlab.wordnet.taxonomy import taxonomy_for

    alike = likeness(label_map)
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
