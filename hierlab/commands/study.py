"""hierlab study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import Classes, Json, parse_counts
from hierlab.errors import StudyError
from hierlab.utils.terminal import emit_json, progress, say


def study(
    clip: Annotated[
        str, typer.Option(help="Variants MODEL[:PRETRAINED][@PROMPTS] or npz files, with commas.")
    ] = "",
    prompts: Annotated[
        str, typer.Option(help="Prompt sets or template files tried with each variant.")
    ] = "",
    methods: Annotated[str, typer.Option(help="Builders, with commas.")] = "kmeans,consensus",
    preprocessing: Annotated[str, typer.Option(help="Any of raw, centred, pca, smoothed.")] = "raw",
    k: Annotated[str, typer.Option("--k", help="Clusters per level, coarse to fine.")] = "10,100",
    seeds: Annotated[str, typer.Option(help="Such as 0-9 or 0,1,5.")] = "0",
    subsample: Annotated[
        float | None, typer.Option(help="Share of the classes in each draw, such as 0.8.")
    ] = None,
    draws: Annotated[int, typer.Option(help="How many draws of the classes.")] = 5,
    controls: Annotated[
        str, typer.Option(help="Any of minilm, spelling, noise, wordnet; empty for none.")
    ] = "minilm,spelling,noise,wordnet",
    classes: Classes = "imagenet-1k",
    halves: Annotated[
        bool, typer.Option(help="Compare consensus of disjoint halves of the variants.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the study.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of a study to go on with, as it was asked for.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes on this machine.")] = 2,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, tcp://host:8786.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Cross variants, prompts, methods, K, seeds and draws: hierlab study --clip RN50,ViT-B-32."""
    from hierlab.study.grid import StudyGrid
    from hierlab.study.run import resume_study, run_study

    if (resume is None) == (not clip) or (resume is None and output is None):
        raise StudyError("give either --clip and -o FOLDER for a new study, or --resume FOLDER")
    folder = resume or output
    assert folder is not None
    with progress("cells") as step:
        if resume is not None:
            result = resume_study(folder, jobs=jobs, scheduler=scheduler, progress=step)
        else:
            grid = StudyGrid(
                encoders=_words(clip),
                prompts=_words(prompts),
                methods=_words(methods),
                preprocessing=_words(preprocessing),
                k=parse_counts(k),
                seeds=_numbers(seeds),
                share=subsample,
                draws=draws,
                controls=_words(controls),
                halves=halves,
                classes=classes,
            )
            result = run_study(grid, folder, jobs=jobs, scheduler=scheduler, progress=step)
    if as_json:
        emit_json(result)
        return
    say(f"{folder}: {result.cells} cells, {result.made} made now, {result.found} found")
    for sentence in result.left_out:
        say(f"left out: {sentence}")
    say(f"next: hierlab report {folder} -o report.html")


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    try:
        for part in _words(text):
            first, dash, last = part.partition("-")
            numbers.extend(range(int(first), int(last) + 1) if dash else [int(first)])
    except ValueError:
        raise StudyError(f"expected seeds such as 0-9 or 0,1,5, got {text!r}") from None
    return tuple(numbers)
