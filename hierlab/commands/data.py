"""hierlab data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.utils.terminal import progress, say


def data(
    prototypes: Annotated[
        Path | None,
        typer.Option("--prototypes", help="Folder of npz files, to rebuild data/tables as well."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder that gets data/ and hierarchies/."),
    ] = None,
) -> None:
    """Rebuild the shipped data/ and hierarchies/ from their sources, byte for byte."""
    from hierlab.regenerate.everything import rebuild

    with progress("hierlab data") as on_progress:
        written = rebuild(output, prototypes=prototypes, on_progress=on_progress)
    for path in written:
        say(str(path))
