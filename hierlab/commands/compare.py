"""hierlab compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hierlab.commands._options import Json, MapFile
from hierlab.utils.terminal import emit_json, emit_table, say

if TYPE_CHECKING:
    from hierlab.measures.agreement import LevelAgreement


def compare(
    first: MapFile,
    second: MapFile,
    moved: Annotated[int, typer.Option(help="How many moves to print per level.")] = 10,
    as_json: Json = False,
) -> None:
    """Compare two hierarchies: agreement per level, and who moved where."""
    from hierlab.labelmap import load_label_map
    from hierlab.measures.agreement import compare as compare_maps

    report = compare_maps(load_label_map(first), load_label_map(second))
    if as_json:
        emit_json(report)
        return
    header = ("levels", "K", "classes", "ARI", "AMI", "V", "NMI", "NMI at random", "moved")
    rows = []
    for level in report.levels:
        pair = (f"{level.first} / {level.second}", f"{level.k_first} / {level.k_second}")
        scores = (level.ari, level.ami, level.v_measure, level.nmi, level.nmi_random)
        rows.append((*pair, level.classes, *scores, len(level.moves)))
    emit_table(header, rows)
    say(f"NMI: {report.nmi_warning}")
    if report.by_name:
        say(f"by name: {report.by_name} of {report.shared} classes, whose keys differ")
    if report.pairing:
        say(f"levels paired by number of clusters: {', '.join(report.pairing)}")
    if lost := report.only_first + report.only_second:
        say(f"left out: {lost} classes that only one of the maps has")
    for lone in report.unpaired:
        say(f"no counterpart: {lone}")
    for level in report.levels:
        _say_moves(level, moved)


def _say_moves(level: LevelAgreement, limit: int) -> None:
    shown = level.moves[:limit]
    if not shown or level.k_first == level.classes:
        return
    say()
    emit_table(
        ("class", "was in", "most of it is in", "is in"),
        [(move.name, move.source, move.expected, move.target) for move in shown],
        title=f"{level.first}: moved: {len(level.moves)} of {level.classes} classes",
    )
    if len(level.moves) > len(shown):
        say(f"… and {len(level.moves) - len(shown)} more: --moved {len(level.moves)}, or --json")
