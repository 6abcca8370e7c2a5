"""The shipped label maps and their gallery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hierlab.labelmap import LabelMap, load_label_map

__all__ = ["SHIPPED", "Shipped", "build_shipped", "load_shipped", "shipped_names"]

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


@dataclass(frozen=True)
class Shipped:
    """One shipped map: its name, how it is built, and what it is for."""

    name: str
    arguments: dict[str, Any]
    purpose: str


def _catalogue() -> Iterator[Shipped]:
    for variant in VARIANTS:
        slug = variant.lower().replace(":", "-").replace("_", "-")
        yield Shipped(
            f"{slug}-topdown-10-100-1000",
            {"clip": variant, "method": "topdown", "k": K},
            "the default method: nested and deterministic",
        )
        yield Shipped(
            f"{slug}-kmeans-10-100-1000",
            {"clip": variant, "method": "kmeans", "k": K},
            "the paper's method: flat k-means for each K, not nested",
        )
    for word, variants in (("seven", VARIANTS), ("four", FOUR)):
        yield Shipped(
            f"consensus-{word}-10-100-1000",
            {"consensus": variants, "k": K},
            f"the stable method over {word} variants: nested, with a confidence for each class",
        )
    yield Shipped(
        "wordnet-k-10-100-1000",
        {"method": "wordnet-k", "k": K},
        "WordNet, the largest group split until there are K: the fair WordNet baseline",
    )


SHIPPED = tuple(_catalogue())


def shipped_names() -> tuple[str, ...]:
    """Names of the maps in hierarchies/, sorted."""
    from hierlab._files import hierarchies_path

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
    for done, shipped in enumerate(SHIPPED):
        on_progress(done, len(SHIPPED))
        label_map = build(name=shipped.name, **shipped.arguments)
        label_map.save(folder / f"{shipped.name}.json")
        maps.append(label_map)
    on_progress(len(SHIPPED), len(SHIPPED))
    return tuple(maps)
