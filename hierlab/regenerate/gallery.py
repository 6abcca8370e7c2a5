"""The gallery of shipped hierarchies: a README with sizes, consistency, names and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hierlab._files import write_atomic
from hierlab.labelmap import Cluster, LabelMap

__all__ = ["write_gallery"]

_HEAD = """\
# Shipped hierarchies

Label maps of ImageNet-1K, each usable by its name wherever a map is asked for
(`hierlab show {example}`). Made from the similarity tables in `data/tables` and WordNet 3.0 by
`make data`, which also writes this page. Licence: Apache-2.0; cluster names are WordNet's (NOTICE).

Within and between are mean Wu-Palmer similarities of pairs of classes (policy `nltk`), at K = 10
and K = 100; "largest" is the largest cluster at K = 10, "strays" the classes outside their K = 100
cluster's majority parent. The prompts differ between variants (`hierlab list`).

"""


def write_gallery(maps: Sequence[LabelMap], folder: Path) -> tuple[Path, ...]:
    """Write README.md and one picture per map into `folder`; return the files."""
    from hierlab.measures.report import measure
    from hierlab.plots import plot
    from hierlab.taxonomy import taxonomy_for

    rows, sections, written = [], [], []
    for label_map in maps:
        report = measure(label_map, taxonomy=taxonomy_for(label_map.classes), policies=("nltk",))
        found = report.consistency[0].levels
        strays = sum(nesting.strays for nesting in report.shape.nesting[:1])
        cells = [f"{level.within:.3f} / {level.between:.3f}" for level in found[:2]]
        rows.append(
            f"| [{label_map.name}](#{label_map.name}) | {' | '.join(cells)} "
            f"| {report.shape.levels[0].size_max} | {strays} |"
        )
        picture = folder / "gallery" / f"{label_map.name}.png"
        for path in plot(label_map, picture):
            if path != picture:  # the numbers behind this figure are the label map itself
                path.unlink()
        written.append(picture)
        sections.append(_section(label_map, picture))
    head = "| map | K = 10 within / between | K = 100 within / between | largest | strays |\n"
    table = head + "|---|---|---|---|---|\n" + "\n".join(rows)
    content = _HEAD.format(example=maps[0].name) + table + "\n\n" + "\n".join(sections)
    written.append(write_atomic(folder / "README.md", content))
    return tuple(written)


def _section(label_map: LabelMap, picture: Path) -> str:
    from hierlab.regenerate.hierarchies import SHIPPED

    purpose = next((one.purpose for one in SHIPPED if one.name == label_map.name), "")
    coarse = label_map.levels[0]
    names = ", ".join(_told(cluster) for cluster in coarse.clusters)
    return (
        f"## {label_map.name}\n\n{purpose[:1].upper()}{purpose[1:]}. Identity "
        f"`{label_map.id[:16]}`.\n\nCoarse: {names}.\n\n"
        f"![{label_map.name}](gallery/{picture.name})\n"
    )


def _told(cluster: Cluster) -> str:
    sure = "" if cluster.confidence is None else f", confidence {cluster.confidence:.2f}"
    return f"{cluster.name} ({cluster.size}{sure})"
