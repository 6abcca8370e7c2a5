"""hierlab plot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hierlab.commands._options import MapFile


def plot(
    label_map: MapFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="png, svg, pdf or html file.")],
    kind: Annotated[
        Literal["icicle", "sizes", "heatmap", "within-between"],
        typer.Option(help="icicle, sizes, within-between, heatmap; an html page is an icicle."),
    ] = "icicle",
    policy: Annotated[Literal["nltk", "textbook"], typer.Option(help="Wu-Palmer policy.")] = "nltk",
) -> None:
    """Draw a hierarchy; the numbers behind the figure are written beside it as CSV."""
    from hierlab._terminal import say
    from hierlab.labelmap import load_label_map
    from hierlab.plots import plot as plot_map

    for path in plot_map(load_label_map(label_map), output, kind, policy=policy):
        say(str(path))
