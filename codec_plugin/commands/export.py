"""`c2f export`: a checkpoint from a run, finished or not."""

from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import Force, guard

__all__ = ["export"]


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Checkpoint to write.")],
    force: Force = False,
) -> None:
    """Write the averaged weights of a run as a checkpoint that encodes and decodes."""
    from codec_plugin.train.export import export_run

    guard(output, *run.glob("*"), kind="checkpoint", force=force)
    identity = export_run(run, output)
    typer.echo(f"{output}: model {identity[:16]}")
