"""hierlab import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import parse_counts
from hierlab.commands._outputs import Force, Output, default_output, guard_outputs, say_saved
from hierlab.utils.terminal import say


def import_(
    files: Annotated[list[Path], typer.Argument(help="One or several files or folders.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="csv, parents, outline, paths, nested-json, newick, linkage, graphml, gml, "
            "gexf, networkx-json, nbdt or breeds; recognised if not given.",
        ),
    ] = None,
    output: Output = None,
    name: Annotated[str | None, typer.Option(help="Name of the map.")] = None,
    classes: Annotated[
        str | None,
        typer.Option("--classes", help="Class list that gives order and names of the classes."),
    ] = None,
    identity: Annotated[
        bool, typer.Option("--identity", help="Add the classes themselves as the last level.")
    ] = False,
    levels: Annotated[
        str | None,
        typer.Option(help="Level names with commas; of a table, the columns that are levels."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Column of a table with the key of each class.")
    ] = None,
    name_column: Annotated[
        str | None, typer.Option(help="Column of a table with the name of each class.")
    ] = None,
    parent_first: Annotated[
        bool | None,
        typer.Option(
            "--parent-first/--child-first", help="Order in an edge list; found out if not given."
        ),
    ] = None,
    k: Annotated[
        str | None, typer.Option("--k", help="Clusters per level at which to cut a dendrogram.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(help="File with an id and its name in each line, for classes and clusters."),
    ] = None,
    force: Force = False,
) -> None:
    """Read a hierarchy from another tool's file; several CSV files are several levels."""
    from hierlab.datasets.class_lists import load_classes
    from hierlab.formats import import_hierarchy

    inputs = [*files, *(path for path in (classes, names) if path is not None)]
    guard_outputs({output: "label map"} if output else {}, inputs, force=force)
    label_map = import_hierarchy(
        files,
        source,
        name=name,
        classes=load_classes(classes) if classes else None,
        identity=identity,
        levels=levels.split(",") if levels else None,
        key=key,
        name_column=name_column,
        parent_first=parent_first,
        k=parse_counts(k) if k else None,
        names=names,
    )
    path = label_map.save(output or default_output(label_map, inputs, force=force))
    say(f"read as {label_map.provenance['format']}: {label_map.provenance.get('read', '')}")
    say_saved(label_map, path)
