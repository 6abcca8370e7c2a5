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
    parse_against,
    parse_counts,
)
from hierlab.commands._outputs import Force, guard_outputs
from hierlab.errors import StudyError
from hierlab.utils.terminal import emit_json, emit_table, progress, say


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
    from hierlab.assembly import DEFAULT_CLASSES
    from hierlab.embeddings.prototypes import load_prototypes
    from hierlab.embeddings.resolve import resolve
    from hierlab.study import suggest_k as choosing
    from hierlab.utils.files import write_atomic

    wanted = prototypes or clip
    if wanted is None:
        raise StudyError("give --clip MODEL or --prototypes FILE")
    if output is not None:
        if output.suffix.lower() != ".svg":
            raise StudyError(f"cannot draw to {str(output)!r}: expected a name ending in .svg")
        made = {output: "picture", output.with_suffix(".csv"): "table of counts"}
        guard_outputs(made, (classes, prototypes), force=force)
    listed = listed_classes(classes, key, name_column, synset_column)
    if prototypes is not None and classes == DEFAULT_CLASSES:
        listed = load_prototypes(prototypes).classes or listed
    vectors = resolve(wanted, listed).vectors
    with progress("draws") as step:
        report = choosing.suggest_k(
            vectors,
            classes=listed,
            k=parse_counts(k) if k else None,
            draws=draws,
            seed=seed,
            groupings=parse_against(against),
            progress=step,
        )
    if output is not None:
        from hierlab.study.svg_charts import curves

        write_atomic(output, curves(report))
        write_atomic(output.with_suffix(".csv"), choosing.table_csv(report))
    if as_json:
        emit_json(report)
        return
    usual = ("K", "stability", "± s.e.", "silhouette", "gap", "Wu-Palmer", "largest")
    fields = ("k", "stability", "stability_se", "silhouette", "gap", "within", "largest")
    rows = [(*(getattr(row, field) for field in fields), *row.people) for row in report.rows]
    emit_table((*usual, *report.groupings), rows)
    say(report.advice)
