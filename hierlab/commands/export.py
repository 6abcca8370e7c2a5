"""hierlab export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import MapFile
from hierlab.commands._outputs import Force, default_name
from hierlab.utils.terminal import say

_ENDINGS = {
    "csv": ".csv",
    "parents": ".parents.txt",
    "outline": ".outline.txt",
    "paths": ".paths.txt",
    "newick": ".nwk",
    "linkage": ".npy",
    "graphml": ".graphml",
    "breeds": "-breeds",
}


def export(
    label_map: MapFile,
    to: Annotated[
        str,
        typer.Option(
            help="csv, parents, outline, paths, nested-json, newick, linkage, graphml, "
            "networkx-json, nbdt or breeds."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; for breeds a folder.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a hierarchy in a format that other tools read."""
    from hierlab.formats import export as export_map
    from hierlab.labelmap import load_label_map

    loaded = load_label_map(label_map)
    target = output or default_name(loaded.name, _ENDINGS.get(to, f".{to}.json"))
    for path in export_map(loaded, to, target, inputs=[label_map], force=force):
        say(str(path))
