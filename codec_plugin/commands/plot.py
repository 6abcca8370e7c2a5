"""`c2f plot`: curves of results."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["plot"]


def plot(
    results: Annotated[list[Path], typer.Argument(help="Tables that c2f eval wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="curves.png or curves.html.")],
) -> None:
    """Draw rate against accuracy at each level and against PSNR, with 95 % intervals."""
    from codec_plugin.evaluate.curves import save_curves
    from codec_plugin.evaluate.rows import read_rows

    rows = [row for table in results for row in read_rows(table)]
    save_curves(rows, output)
    typer.echo(str(output))
