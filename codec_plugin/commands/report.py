"""`c2f report`: the page of a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import Force, guard, write_output

__all__ = ["report"]


def report(
    bench: Annotated[Path, typer.Argument(help="Folder that c2f bench wrote, or a table of rows.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="report.html, or tables.md.")],
    reference: Annotated[
        str,
        typer.Option(
            help="Codec that the others are compared with, pair by pair; default: coarse2fine, "
            "or the only one."
        ),
    ] = "",
    pictures: Annotated[
        str, typer.Option(help="Codecs shown at equal bytes on the shipped photographs.")
    ] = "",
    budgets: Annotated[str, typer.Option(help="Bytes of those pictures.")] = "900,2000",
    common: Annotated[
        str,
        typer.Option(
            help="Budgets in bits per pixel at which all codecs have files; areas are told over "
            "these and over 0.05 to 0.8."
        ),
    ] = "0.2,0.8",
    asked: Annotated[
        str,
        typer.Option(
            help="Classifiers that taught or that a search served, with commas; each judge is told "
            "to be one of them, a sister of one, or never asked. Default: the shipped checkpoint's."
        ),
    ] = "",
    force: Force = False,
) -> None:
    """Write curves, tables and pictures of a benchmark as one self-contained page."""
    from codec_plugin.checkpointing.checkpoint import load_checkpoint
    from codec_plugin.errors import ConfigError
    from codec_plugin.evaluation.benchmark import other_benches, read_bench, read_protocol
    from codec_plugin.evaluation.codecs.registry import make_codec
    from codec_plugin.evaluation.demo import demo_photo
    from codec_plugin.evaluation.judged_rows import read_judged
    from codec_plugin.evaluation.reports.cells import as_markdown
    from codec_plugin.evaluation.reports.html_report import picture_strip, report_page
    from codec_plugin.evaluation.reports.tables import all_tables
    from codec_plugin.evaluation.results_table import subjects_of

    inputs = [bench] if bench.is_file() else [bench / "results.csv", bench / "protocol.json"]
    guard(output, *inputs, kind="page", force=force)
    if bench.is_file():
        (judge, rows), *rest = read_judged(bench).items()
        others, protocol = dict(rest), None
    else:
        rows, others = read_bench(bench), other_benches(bench)
        protocol = read_protocol(bench)
        judge = protocol.classifier
    names = subjects_of(rows)
    reference = reference or (names[0] if len(names) == 1 else "coarse2fine")
    if reference not in names:
        raise ConfigError(
            f"no codec {reference!r} in {bench} to compare the others with; "
            f"name one with --reference: {', '.join(sorted(names))}"
        )
    span = _span(common)
    taught = tuple((asked or load_checkpoint("compact").meta.classifier).split(","))
    if output.suffix == ".md":
        tables = all_tables(rows, reference, others, span, judge=judge, asked=taught).items()
        text = "<!-- hierlab -->\n" + "\n".join(
            f"### {title}\n\n{as_markdown(table)}" for title, table in tables if table
        )
    else:
        try:
            sizes = [int(size) for size in budgets.split(",")]
        except ValueError as error:
            raise ConfigError(f"--budgets expects numbers of bytes, got {budgets!r}") from error
        shown = [make_codec(name.strip()) for name in pictures.split(",") if name.strip()]
        photos = ("chelsea", "coffee") if shown else ()
        strips = [picture_strip(shown, demo_photo(p), size) for p in photos for size in sizes]
        text = report_page(rows, protocol, reference, strips, others, span, taught, judge)
    write_output(str(output), text.encode())
    typer.echo(str(output))


def _span(text: str) -> tuple[float, float]:
    """Two increasing rates above zero, as written with a comma between."""
    from codec_plugin.errors import ConfigError

    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = 0.0
    if not 0 < low < high:
        raise ConfigError(f"--common expects two rising rates such as 0.2,0.8; got {text!r}")
    return low, high
