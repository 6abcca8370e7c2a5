"""`c2f plot`: curves of results."""

from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import Force, guard

__all__ = ["plot"]


def plot(
    results: Annotated[list[Path], typer.Argument(help="Tables that c2f eval wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="curves.png or curves.html.")],
    codecs: Annotated[str, typer.Option(help="Which to draw, with commas; default: all.")] = "",
    force: Force = False,
) -> None:
    """Draw rate against accuracy at each level and against PSNR, with 95 % intervals."""
    from codec_plugin.errors import ConfigError
    from codec_plugin.evaluation.reports.curves import save_curves
    from codec_plugin.evaluation.results_table import CLEAN, read_rows, subjects_of

    kind = "page" if output.suffix == ".html" else "picture"
    guard(output, *results, kind=kind, force=force)
    rows = [row for table in results for row in read_rows(table)]
    known = set(subjects_of(rows))
    asked = {name.strip() for name in codecs.split(",") if name.strip()} or known
    if missing := asked - known:
        raise ConfigError(
            f"no codec {', '.join(sorted(missing))} there; there are {', '.join(sorted(known))}"
        )
    rows = [row for row in rows if row.subject in asked | {CLEAN}]
    save_curves(rows, output)
    typer.echo(str(output))
