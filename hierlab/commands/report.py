"""hierlab report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import Json
from hierlab.commands._outputs import Force, guard_outputs
from hierlab.errors import StudyError
from hierlab.utils.terminal import emit_json, progress, say


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a study.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Page to write; FOLDER/report.html.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A label map to compare with, such as an imported one.")
    ] = None,
    similarity: Annotated[
        Path | None,
        typer.Option(help="(C, C) similarity from images, such as a confusion matrix."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap over classes.")] = 0,
    keep: Annotated[
        bool,
        typer.Option(help="Put the figures into FOLDER/report.json too: the app opens at once."),
    ] = False,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Report a study as one self-contained page: hierlab report studies/clip -o report.html."""
    from hierlab.study.html_report import render
    from hierlab.study.report import study_report
    from hierlab.study.report_cache import write_report
    from hierlab.utils.files import write_atomic

    target = output or folder / "report.html"
    made = {target: "page"} | ({folder / "report.json": "report of a study"} if keep else {})
    guard_outputs(made, (reference, similarity), force=force)
    with progress("figures") as step:
        figures = study_report(
            folder, reference=reference, similarity=similarity, seed=seed, progress=step
        )
    if keep:
        if reference or similarity or seed:
            raise StudyError("--keep is for the plain report, without reference or similarity")
        write_report(folder, figures)
    path = write_atomic(target, render(figures))
    if as_json:
        emit_json(figures)
        return
    for sentence in figures.answer:
        say(sentence)
    say(f"{path}: written")
