"""The gallery of shipped hierarchies: a README with sizes, consistency, names and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hierlab.datasets.shipped_maps import EARLIER, SHIPPED
from hierlab.labelmap import Cluster, LabelMap
from hierlab.measures.report import MeasureReport, measure
from hierlab.plots import plot
from hierlab.utils.files import write_atomic
from hierlab.wordnet.taxonomy import taxonomy_for

__all__ = ["write_gallery"]

_HEAD = """\
# Shipped hierarchies

Label maps of ImageNet-1K, each usable by its name wherever a map is asked for
(`hierlab show {example}`). Made from the similarity tables in `data/tables` and WordNet 3.0 by
`make data`, which also writes this page. Licence: Apache-2.0; cluster names are WordNet's (NOTICE).

"People" is agreement with groups that people made (adjusted Rand index; `data/groupings`):
Geirhos's 16 categories and BREEDS' ENTITY-13 at K = 10, LIVING-17 and NON-LIVING-26 at K = 100.
"By class" is Wu-Palmer similarity (policy `nltk`) of a class to its companions, mean over classes,
"by pair" the mean over pairs, at K = 10 / 100; "largest" is the largest cluster, "strays" the
classes outside their K = 100 cluster's majority parent. The prompts differ between variants
(`hierlab list`). `hierlab measure NAME` gives the intervals.

"""
_COLUMNS = (
    "map",
    "people, 10: Geirhos-16 / ENTITY-13",
    "people, 100: LIVING-17 / NON-LIVING-26",
    "by class",
    "by pair",
    "largest",
    "strays",
)
_COLOURS = 64  # of a picture in the gallery
_EARLIER = """\
## Earlier maps

These are loaded by their names too, since results name them; they put dogs and birds in one of ten
clusters, which no person would: {names}.
"""


def write_gallery(maps: Sequence[LabelMap], folder: Path) -> tuple[Path, ...]:
    """Write README.md and one picture per map into `folder`; return the files."""
    rows, sections, written = [], [], []
    for label_map in maps:
        report = measure(label_map, taxonomy=taxonomy_for(label_map.classes), policies=("nltk",))
        rows.append(_row(label_map, report))
        picture = folder / "gallery" / f"{label_map.name}.png"
        for path in plot(label_map, picture):
            if path != picture:  # the numbers behind this figure are the label map itself
                path.unlink()
        _reduce_colours(picture)
        written.append(picture)
        sections.append(_section(label_map, picture))
    head = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"
    table = "\n".join((head, *rows))
    earlier = _EARLIER.format(
        names=", ".join(f"`{name}` ({what})" for name, what in EARLIER.items())
    )
    content = _HEAD.format(example=maps[0].name) + table + "\n\n" + "\n".join((*sections, earlier))
    written.append(write_atomic(folder / "README.md", content))
    return tuple(written)


def _reduce_colours(picture: Path) -> None:
    """Store a figure of flat colours with a palette: a third of the bytes, the same to the eye."""
    from PIL import Image

    with Image.open(picture) as image:
        reduced = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    reduced.save(picture, optimize=True)


def _row(label_map: LabelMap, report: MeasureReport) -> str:
    people = {(row.grouping, row.k): row.ari for row in report.people}
    levels = report.consistency[0].levels[:2]
    coarse, mid = report.shape.levels[:2]
    cells = (
        f"[{label_map.name}](#{label_map.name})",
        " / ".join(f"{people[name, coarse.k]:.2f}" for name in ("geirhos16", "entity13")),
        " / ".join(f"{people[name, mid.k]:.2f}" for name in ("living17", "nonliving26")),
        " / ".join(f"{level.by_class:.3f}" for level in levels),
        " / ".join(f"{level.within:.3f}" for level in levels),
        f"{coarse.size_max} / {mid.size_max}",
        str(sum(nesting.strays for nesting in report.shape.nesting[:1])),
    )
    return f"| {' | '.join(cells)} |"


def _section(label_map: LabelMap, picture: Path) -> str:
    purpose = next((shipped.purpose for shipped in SHIPPED if shipped.name == label_map.name), "")
    coarse = label_map.levels[0]
    names = ", ".join(_described(cluster) for cluster in coarse.clusters)
    return (
        f"## {label_map.name}\n\n{purpose[:1].upper()}{purpose[1:]}. Identity "
        f"`{label_map.id[:16]}`.\n\nCoarse: {names}.\n\n"
        f"![{label_map.name}](gallery/{picture.name})\n"
    )


def _described(cluster: Cluster) -> str:
    held = "" if cluster.coverage is None else f", {100 * cluster.coverage:.0f} % so called"
    sure = "" if cluster.confidence is None else f", confidence {cluster.confidence:.2f}"
    return f"{cluster.name} ({cluster.size}{held}{sure})"
