"""hierlab suggest-k."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import (
    Against,
    Classes,
    Clip,
    Json,
    Key,
    NameColumn,
    Prototypes,
    SynsetColumn,
    listed_classes,
)
from hierlab.commands._outputs import Force


def suggest_k(
    clip: Clip = None,
    prototypes: Prototypes = None,
    classes: Classes = "imagenet-1k",
    key: Key = None,
    name_column: NameColumn = None,
    synset_column: SynsetColumn = None,
    k: Annotated[
        str, typer.Option("--k", help="Numbers to try, with commas; 2 to C / 2 if not given.")
    ] = "",
    draws: Annotated[int, typer.Option(help="Draws of 80 % of the classes.")] = 6,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Picture (svg) to write, with its CSV.")
    ] = None,
    against: Against = None,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Find numbers of clusters that hold: hierlab suggest-k --clip ViT-B-32 -o k.svg."""
    from hierlab.commands._options import parse_against, parse_counts
    from hierlab.embeddings.resolve import resolve
    from hierlab.errors import StudyError
    from hierlab.study.suggest_k import suggest_k as suggest
    from hierlab.study.suggest_k import table_csv
    from hierlab.utils.files import guard_output, write_atomic
    from hierlab.utils.terminal import emit_json, emit_table, progress, say

    wanted = prototypes or clip
    if wanted is None:
        raise StudyError("give --clip MODEL or --prototypes FILE")
    for path in (output, output.with_suffix(".csv")) if output is not None else ():
        guard_output(path, [classes, *([prototypes] if prototypes else [])], force=force)
    listed = listed_classes(classes, key, name_column, synset_column)
    vectors = resolve(wanted, listed).vectors
    counts = parse_counts(k) if k else None
    with progress("draws") as told:
        found = suggest(
            vectors,
            classes=listed,
            k=counts,
            draws=draws,
            seed=seed,
            groupings=parse_against(against),
            progress=told,
        )
    if output is not None:
        from hierlab.study.svg_charts import curves

        write_atomic(output, curves(found))
        write_atomic(output.with_suffix(".csv"), table_csv(found))
    if as_json:
        emit_json(found)
        return
    emit_table(
        (
            *("K", "stability", "± s.e.", "silhouette", "gap", "Wu-Palmer", "largest"),
            *found.groupings,
        ),
        [
            (
                row.k,
                row.stability,
                row.stability_se,
                row.silhouette,
                row.gap,
                row.within,
                row.largest,
                *row.people,
            )
            for row in found.rows
        ],
    )
    say(found.advice)
