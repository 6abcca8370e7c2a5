"""The demo: three hierarchies of ImageNet-1K side by side, on real CLIP data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hierlab.assembly import build
from hierlab.labelmap import LabelMap
from hierlab.measures.agreement import compare
from hierlab.measures.report import measure
from hierlab.plots import plot
from hierlab.wordnet.taxonomy import taxonomy_for
from hierlab.wordnet.wu_palmer import Policy

__all__ = ["FILES", "DemoResult", "run_demo"]

K = (10, 100, 1000)
METHODS = ("consensus", "kmeans", "wordnet-k")
# What each is, too.
FILES = {
    **{f"{method}.json": "label map" for method in METHODS},
    "tree.png": "picture",
    "tree.html": "page",
    "tree.csv": "table of clusters",
}
POLICY: Policy = "nltk"


class DemoLevel(NamedTuple):
    """One level of one hierarchy; similarities are Wu-Palmer, 0..1."""

    hierarchy: str
    level: str
    k: int
    nested: str
    largest: int
    within: float | None
    between: float | None
    random_mean: float | None


class DemoAgreement(NamedTuple):
    """One level of another hierarchy against the default one."""

    hierarchy: str
    level: str
    ari: float
    moved: int


@dataclass(frozen=True)
class DemoResult:
    """What the demo measured and wrote.

    Args:
        policy: Wu-Palmer policy of the rows.
        files: label maps, figures and their CSVs.
    """

    policy: str
    rows: tuple[DemoLevel, ...]
    agreement: tuple[DemoAgreement, ...]
    files: tuple[Path, ...]


def run_demo(
    folder: Path,
    *,
    clip: str = "ViT-B-32",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> DemoResult:
    """Build the default, the paper's and a WordNet hierarchy; measure, compare, draw.

    Args:
        folder: for label maps and pictures; made if needed.
        clip: variant of the first two.
        on_progress: called with steps done and in all.
    """
    maps: list[LabelMap] = []
    files: list[Path] = []
    rows = []
    for done, method in enumerate(METHODS):
        variant = None if method.startswith("wordnet") else clip
        on_progress(done, len(METHODS) + 1)
        label_map = build(clip=variant, method=method, k=K, name=method)
        maps.append(label_map)
        files.append(label_map.save(folder / f"{method}.json"))
        rows.extend(_rows(label_map))
    default, *others = maps
    agreement = tuple(
        DemoAgreement(other.name, level.first, level.ari, len(level.moves))
        for other in others
        for level in compare(default, other).levels
        if level.k_first < level.classes
    )
    on_progress(len(METHODS), len(METHODS) + 1)
    files.extend(plot(default, folder / "tree.png"))
    files.extend(plot(default, folder / "tree.html"))
    return DemoResult(POLICY, tuple(rows), agreement, tuple(dict.fromkeys(files)))


def _rows(label_map: LabelMap) -> list[DemoLevel]:
    report = measure(label_map, taxonomy=taxonomy_for(label_map.classes), policies=(POLICY,))
    nested = "yes" if label_map.nested else "no"
    return [
        DemoLevel(
            label_map.name,
            level.level,
            level.k,
            nested,
            shape.size_max,
            level.by_class,
            level.between,
            level.random_mean,
        )
        for level, shape in zip(report.consistency[0].levels, report.shape.levels, strict=True)
        if level.by_class is not None
    ]
