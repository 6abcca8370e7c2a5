"""hierlab compare."""

from __future__ import annotations

from typing import Annotated

import typer

from hierlab.commands._options import Json, MapFile


def compare(
    first: MapFile,
    second: MapFile,
    moved: Annotated[int, typer.Option(help="How many moves to print per level.")] = 10,
    as_json: Json = False,
) -> None:
    """Compare two hierarchies: agreement per level, and who moved where."""
    from hierlab._terminal import emit_json, emit_table, say
    from hierlab.labelmap import load_label_map
    from hierlab.measures.agreement import compare as compare_maps

    report = compare_maps(load_label_map(first), load_label_map(second))
    if as_json:
        emit_json(report)
        return
    emit_table(
        ("levels", "K", "classes", "ARI", "AMI", "V", "NMI", "moved"),
        [
            (
                f"{level.first} / {level.second}",
                f"{level.k_first} / {level.k_second}",
                level.classes,
                level.ari,
                level.ami,
                level.v_measure,
                level.nmi,
                len(level.moves),
            )
            for level in report.levels
        ],
    )
    say(f"NMI: {report.nmi_warning}")
