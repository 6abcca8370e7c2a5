"""hierlab plot."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from hierlab.commands._options import MapFile
from hierlab.commands._outputs import Force, guard_numbers, guard_outputs, kind_of_figure
from hierlab.utils.terminal import say


def plot(
    label_map: MapFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="png, svg, pdf or html file.")],
    kind: Annotated[
        Literal["icicle", "sizes", "heatmap", "within-between", "dendrogram"],
        typer.Option(
            help="icicle, sizes, within-between, heatmap, dendrogram; an html page is an icicle."
        ),
    ] = "icicle",
    policy: Annotated[Literal["nltk", "textbook"], typer.Option(help="Wu-Palmer policy.")] = "nltk",
    similarity: Annotated[
        Path | None,
        typer.Option(help="(C, C) npy, npz or csv for the heatmap, instead of Wu-Palmer."),
    ] = None,
    prototypes: Annotated[
        Path | None,
        typer.Option(help="npz of text vectors whose cosines the heatmap shows."),
    ] = None,
    force: Force = False,
) -> None:
    """Draw a hierarchy; the numbers behind the figure are written beside it as CSV."""
    from hierlab.labelmap import load_label_map
    from hierlab.plots import plot as plot_map
    from hierlab.utils.files import write_atomic

    inputs = (label_map, similarity, prototypes)
    guard_outputs({output: kind_of_figure(output)}, inputs, force=force)
    with TemporaryDirectory() as folder:
        drawn, numbers = plot_map(
            load_label_map(label_map),
            Path(folder) / output.name,
            kind,
            similarity=similarity,
            prototypes=prototypes,
            policy=policy,
        )
        if not force:
            guard_numbers(output, numbers.read_bytes(), inputs)
        for made, path in ((drawn, output), (numbers, output.with_suffix(".csv"))):
            say(str(write_atomic(path, made.read_bytes())))
