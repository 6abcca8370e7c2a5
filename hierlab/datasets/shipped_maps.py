"""The label maps that ship: their names, how each is built, and what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hierlab.utils.files import hierarchies_path

__all__ = ["EARLIER", "SHIPPED", "VARIANTS", "Shipped", "shipped_names"]

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
    return tuple(sorted(path.stem for path in hierarchies_path().glob("*.json")))
