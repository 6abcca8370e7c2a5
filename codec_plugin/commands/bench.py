"""`c2f bench`: every codec on the same photographs, cuts and classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import Looker, guard, note, note_skipped
from codec_plugin.commands._progress import progress

__all__ = ["bench"]


def bench(
    data: Annotated[Path, typer.Option(help="Folder of photographs with a labels.csv.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the benchmark.")],
    codecs: Annotated[
        str,
        typer.Option(
            help="NAME, NAME=CHECKPOINT or LABEL:NAME=CHECKPOINT, with commas between; "
            "groups: @conventional, @shrunk, @peers, @ablations, @maps."
        ),
    ] = "coarse2fine,label,jpeg,jpeg-progressive,jpeg2000,webp,avif,jxl,vvc",
    plugin: Annotated[
        list[Path] | None, typer.Option(help="Python file that registers codecs of yours.")
    ] = None,
    hierarchy: Annotated[str, typer.Option(help="Label map file, or a shipped one.")] = (
        "clip-seven-10-100-1000"
    ),
    classifier: Looker = "efficientnet-lite0",
    also: Annotated[
        list[str] | None,
        typer.Option(help="A further classifier for the same pictures; rows go to also/."),
    ] = None,
    cuts: Annotated[int, typer.Option(min=0, help="Log-spaced cuts of progressive files.")] = 11,
    low_cuts: Annotated[
        int,
        typer.Option(
            min=0, help="Further cuts between 0.024 and 0.183 bpp, where classes are first told."
        ),
    ] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Use so many photographs.")] = None,
    first: Annotated[
        int | None,
        typer.Option(min=1, help="Do so many of them now, at random; the rest when asked again."),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, help="Processor cores of the learned codecs, timed or not.")
    ] = 1,
) -> None:
    """Code photographs with every codec; started again, it goes on where it stopped."""
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.data.image_folder import ImageFolder
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.errors import ConfigError
    from codec_plugin.evaluation.benchmark import run_bench
    from codec_plugin.evaluation.codecs.groups import expanded
    from codec_plugin.evaluation.codecs.registry import CodecAbsentError, load_plugin, make_codec
    from codec_plugin.evaluation.measurement import Evaluation
    from codec_plugin.evaluation.recognition import Recogniser
    from codec_plugin.utils.threads import use_threads

    use_threads(threads)
    if output.is_file():
        raise ConfigError(f"{output} is a file; -o names the folder of the benchmark")
    table, protocol = "table of results", "protocol of a benchmark"
    made = {"results.csv": table, "results.parquet": table, "protocol.json": protocol}
    for name, kind in made.items():
        guard(output / name, hierarchy, data / "labels.csv", kind=kind, force=False)
    for path in plugin or []:
        load_plugin(path)
    chosen = []
    for text in expanded(codecs):
        try:
            chosen.append(make_codec(text))
        except CodecAbsentError as error:
            note(f"skipped: {error}")
    label_map = load_hierarchy(hierarchy)
    folder = ImageFolder(data, label_map.lookup, cache=False)
    note_skipped(folder.skipped, data)
    first_view, *others = (
        Evaluation(Recogniser(load_classifier(name), label_map), folder, timed=True, quality=not n)
        for n, name in enumerate([classifier, *(also or [])])
    )
    with progress() as show:
        rows = run_bench(
            chosen,
            first_view,
            output,
            cuts=cuts,
            low_cuts=low_cuts,
            limit=limit,
            first=first,
            also=others,
            progress=lambda name, done, total: show(done, total, name),
            notify=note,
        )
    names = sorted({row.subject for row in rows})
    typer.echo(f"{output / 'results.parquet'}: {len(rows)} rows of {', '.join(names)}")
