"""`c2f export`: a checkpoint from a run, finished or not."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Checkpoint to write.")],
) -> None:
    """Write the averaged weights of a run as a checkpoint that encodes and decodes."""
    from codec_plugin.train.export import export_run

    identity = export_run(run, output)
    typer.echo(f"{output}: model {identity[:16]}")
