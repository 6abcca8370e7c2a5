"""hierlab plot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import Clip, MapFile, Prototypes


def plot(
    label_map: MapFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="png, svg, pdf or html file.")],
    kind: Annotated[
        str, typer.Option(help="icicle, sizes, within-between, heatmap; html is always a treemap.")
    ] = "icicle",
    clip: Clip = None,
    prototypes: Prototypes = None,
) -> None:
    """Draw a hierarchy; the numbers behind the figure are written beside it as CSV."""
    from hierlab._terminal import say
    from hierlab.labelmap import load_label_map
    from hierlab.plots import plot as plot_map
    from hierlab.prototypes import resolve

    loaded = load_label_map(label_map)
    wanted = prototypes or clip
    vectors = resolve(wanted, loaded.classes).vectors if wanted else None
    for path in plot_map(loaded, output, kind=kind, vectors=vectors):
        say(str(path))
