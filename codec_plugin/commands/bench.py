"""`c2f bench`: every codec on the same photographs, cuts and classifier."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["bench"]


def bench(
    data: Annotated[Path, typer.Option(help="Folder of photographs with a labels.csv.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the benchmark.")],
    codecs: Annotated[
        str,
        typer.Option(
            help="NAME, NAME=CHECKPOINT or LABEL:NAME=CHECKPOINT, with commas between; "
            "groups: @conventional, @peers, @ablations, @maps."
        ),
    ] = "coarse2fine,label,jpeg,jpeg-progressive,jpeg2000,webp,avif,jxl,vvc",
    plugin: Annotated[
        list[Path] | None, typer.Option(help="Python file that registers codecs of yours.")
    ] = None,
    hierarchy: Annotated[str, typer.Option(help="Label map file, or a shipped one.")] = (
        "vit-b-32-topdown-10-100-1000"
    ),
    classifier: Annotated[str, typer.Option(help="Who looks at the pictures.")] = (
        "efficientnet-lite0"
    ),
    also: Annotated[
        list[str] | None,
        typer.Option(help="A further classifier for the same pictures; rows go to also/."),
    ] = None,
    cuts: Annotated[int, typer.Option(min=0, help="Log-spaced cuts of progressive files.")] = 11,
    limit: Annotated[int | None, typer.Option(min=1, help="Use so many photographs.")] = None,
) -> None:
    """Code photographs with every codec; started again, it goes on where it stopped."""
    from codec_plugin.bench.groups import expanded
    from codec_plugin.bench.registry import CodecAbsentError, load_plugin, make_codec
    from codec_plugin.bench.run import BenchEvaluation, run_bench
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.commands._files import note
    from codec_plugin.evaluate.recognition import Recogniser
    from codec_plugin.hierarchy import load_hierarchy
    from codec_plugin.train.data import ImageFolder

    for path in plugin or []:
        load_plugin(path)
    chosen = []
    for text in expanded(codecs):
        try:
            chosen.append(make_codec(text))
        except CodecAbsentError as error:
            note(f"skipped: {error}")
    label_map = load_hierarchy(hierarchy)
    folder = ImageFolder(data, label_map.index, cache=False)
    recognisers = [Recogniser(load_classifier(n), label_map) for n in [classifier, *(also or [])]]
    first, *others = recognisers
    rows = run_bench(
        chosen,
        BenchEvaluation((), first, folder),
        output,
        cuts=cuts,
        limit=limit,
        also=[BenchEvaluation((), other, folder, quality=False) for other in others],
        progress=_progress,
    )
    names = sorted({str(row["subject"]) for row in rows})
    typer.echo(f"{output / 'results.parquet'}: {len(rows)} rows of {', '.join(names)}")


def _progress(name: str, done: int, total: int) -> None:
    """A bar on standard error; silent when that is not a terminal."""
    if sys.stderr.isatty():
        filled = 30 * done // total
        end = "\n" if done == total else ""
        bar = "█" * filled + "·" * (30 - filled)
        sys.stderr.write(f"\r{name:20s} {bar} {done}/{total}{end}")
        sys.stderr.flush()
