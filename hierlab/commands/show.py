"""hierlab show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierlab.commands._options import Json, MapFile, WordNet
from hierlab.utils.terminal import emit_json, emit_table, note, say

if TYPE_CHECKING:
    from hierlab._show import ClassPath, ClusterReport, LevelReport
    from hierlab.labelmap import LabelMap


def show(
    label_map: MapFile,
    level: Annotated[str | None, typer.Option(help="Only this level, by name or number.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Only this cluster, by number or part of its name.")
    ] = None,
    class_: Annotated[
        str | None, typer.Option("--class", help="Where a class stands: key, name or part of it.")
    ] = None,
    resolution: Annotated[
        bool, typer.Option("--resolution", help="What each class is in WordNet, and how found.")
    ] = False,
    wordnet: WordNet = None,
    as_json: Json = False,
) -> None:
    """Show levels, sizes and named clusters with their members."""
    from hierlab._show import find_cluster, show, show_class
    from hierlab.labelmap import load_label_map

    loaded = load_label_map(label_map)
    if resolution:
        _say_resolution(loaded, wordnet, as_json=as_json)
        return
    which = int(level) if level is not None and level.isdigit() else level
    if class_ is not None:
        paths = show_class(loaded, class_)
        if as_json:
            emit_json(paths)
        else:
            _say_paths(paths)
        return
    if cluster is not None:
        report = find_cluster(loaded, loaded.level(0 if which is None else which), cluster)
        if as_json:
            emit_json(report)
        else:
            _say_cluster(report, limit=None)
        return
    reports = show(loaded, which)
    if as_json:
        emit_json(reports)
        return
    nested = "nested" if loaded.nested else "not nested"
    say(f"{loaded.name}: {len(loaded.classes)} classes of {loaded.classes.set}, {nested}")
    for level_report in reports:
        _say_level(level_report, whole=level is not None)


def _say_paths(paths: Sequence[ClassPath]) -> None:
    from hierlab._show import WAYS

    for path in paths:
        meaning = path.resolved
        known = f"{meaning.synset} ({WAYS[meaning.how]}): {meaning.definition}"
        say(f"{path.name} ({path.id})")
        say(f"  WordNet: {known if meaning.synset else 'unknown'}")
        for cluster in path.clusters:
            say(f"  {cluster.level}: {_title(cluster)}")


def _say_resolution(label_map: LabelMap, wordnet: Path | None, *, as_json: bool) -> None:
    from hierlab._show import resolution

    classes = resolution(label_map, wordnet)
    if as_json:
        emit_json(classes)
        return
    emit_table(
        ("key", "name", "synset", "by", "meaning"),
        [(row.id, row.name, row.synset, row.how, _shortened(row.definition)) for row in classes],
    )
    note("a column `synset` in the class list (such as dog.n.01) says better")


def _shortened(text: str, limit: int = 70) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _say_level(report: LevelReport, *, whole: bool) -> None:
    say(
        f"\n{report.name}: {report.k} clusters, sizes {report.size_min} to {report.size_max}, "
        f"median {report.size_median:g}"
    )
    # A page holds ten clusters; the rest is there for the asking.
    order = sorted(report.clusters, key=lambda cluster: -cluster.size)
    shown = order if whole or report.k <= 20 else order[:10]
    for cluster in shown:
        _say_cluster(cluster, limit=8)
    if len(shown) < report.k:
        say(f"  … and {report.k - len(shown)} more: --level {report.name}")


def _say_cluster(cluster: ClusterReport, limit: int | None) -> None:
    say(f"  {_title(cluster)}")
    if cluster.size > 1:
        members = cluster.members[:limit]
        more = "" if len(members) == cluster.size else f", … (+{cluster.size - len(members)})"
        say(f"      {', '.join(members)}{more}")


def _title(cluster: ClusterReport) -> str:
    synset = f" [{cluster.synset}]" if cluster.synset else ""
    sure = f", confidence {cluster.confidence:.2f}" if cluster.confidence is not None else ""
    held = f", {100 * cluster.coverage:.0f} % so called" if cluster.coverage is not None else ""
    classes = "class" if cluster.size == 1 else "classes"
    return (
        f"{cluster.number} {cluster.name}{synset}: {cluster.size} {classes}, "
        f"medoid {cluster.medoid}{held}{sure}"
    )
