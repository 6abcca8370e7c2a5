"""hierlab export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import MapFile


def export(
    label_map: MapFile,
    to: Annotated[
        str, typer.Option(help="csv, parents, newick, graphml, networkx-json, nbdt or breeds.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; for breeds a folder.")
    ] = None,
) -> None:
    """Write a hierarchy in a format that other tools read."""
    from hierlab._terminal import say
    from hierlab.formats import export as export_map
    from hierlab.labelmap import load_label_map

    loaded = load_label_map(label_map)
    for path in export_map(loaded, to, output or _default(loaded.name, to)):
        say(str(path))


def _default(name: str, to: str) -> str:
    endings = {
        "csv": ".csv",
        "parents": ".parents.txt",
        "newick": ".nwk",
        "graphml": ".graphml",
        "breeds": "-breeds",
    }
    return name + endings.get(to, f".{to}.json")
