"""hierlab import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_(
    files: Annotated[list[Path], typer.Argument(help="One or several files or folders.")],
    source: Annotated[str, typer.Option("--from", help="csv, parents, nbdt or breeds.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; NAME.json if not given.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the map.")] = None,
    classes: Annotated[
        str | None,
        typer.Option("--classes", help="Class list that gives the order of the classes."),
    ] = None,
    identity: Annotated[
        bool, typer.Option("--identity", help="Add the classes themselves as the last level.")
    ] = False,
    levels: Annotated[str | None, typer.Option(help="Level names with commas.")] = None,
) -> None:
    """Read a hierarchy from another tool's file; several CSV files are several levels."""
    from hierlab._terminal import emit_table, say
    from hierlab.classlists import load_classes
    from hierlab.formats import import_hierarchy

    label_map = import_hierarchy(
        files,
        source,
        name=name,
        classes=load_classes(classes) if classes else None,
        identity=identity,
        levels=levels.split(",") if levels else None,
    )
    path = label_map.save(output or f"{label_map.name}.json")
    emit_table(
        ("level", "clusters", "smallest", "largest"),
        [(one.name, one.k, int(one.sizes.min()), int(one.sizes.max())) for one in label_map],
    )
    nested = "nested" if label_map.nested else "not nested"
    say(f"{path}: {len(label_map.classes)} classes, {nested}, id {label_map.id[:16]}")
