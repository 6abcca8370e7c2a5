"""`c2f eval`: rows of real file bytes, quality and recognition for every photograph and cut."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codec_plugin.commands._files import Looker, Threads, guard, note, note_skipped
from codec_plugin.commands._progress import progress

if TYPE_CHECKING:
    from codec_plugin.evaluation.codecs.base import BenchCodec
    from codec_plugin.evaluation.results_table import Row
    from codec_plugin.evaluation.statistics.summary import SummaryRow

__all__ = ["evaluate"]


def evaluate(
    subjects: Annotated[
        list[str],
        typer.Argument(help="Checkpoints (file or shipped name), or jpeg, webp, avif, jpeg2000."),
    ],
    data: Annotated[Path, typer.Option(help="Folder of photographs with a labels.csv.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="results.csv or .parquet.")],
    hierarchy: Annotated[str, typer.Option(help="Label map file, or a shipped one.")] = "",
    classifier: Looker = "efficientnet-lite0",
    cuts: Annotated[int, typer.Option(min=0, help="Log-spaced cuts besides stage ends.")] = 16,
    effort: Annotated[int, typer.Option(min=0, help="Encoder refinement steps.")] = 0,
    stages: Annotated[
        int | None, typer.Option(min=1, help="Write only the first so many stages.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use so many photographs.")] = None,
    match: Annotated[
        Path | None, typer.Option(help="Also cut at the bytes of the stage ends in these results.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Begin the table anew, whatever stands in it.")
    ] = False,
    threads: Threads = None,
    json_out: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Evaluate codecs on photographs; started again, it goes on where it stopped.

    Under torchrun each process takes its share; the first merges them when all are there.
    """
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.data.image_folder import ImageFolder
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.evaluation.cuts import Cutter, evaluation_plan
    from codec_plugin.evaluation.measurement import Evaluation, shard_path
    from codec_plugin.evaluation.recognition import Recogniser
    from codec_plugin.evaluation.results_table import read_rows, write_rows
    from codec_plugin.evaluation.statistics.summary import summarise
    from codec_plugin.utils.threads import MANY_PX, use_threads
    from hierlab.utils.files import write_atomic

    shard = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    inputs = (match or "", hierarchy, data / "labels.csv", *subjects)
    own = shard_path(output, shard)
    for table in (output, own):
        guard(table, *inputs, kind="table of results", force=force)
    summary_file = output.with_suffix(".summary.json")
    guard(summary_file, *inputs, kind="summary of results", force=force)
    use_threads(threads, MANY_PX)
    codecs, trained_for = _codecs(subjects, effort, stages)
    plan = evaluation_plan(cuts, stages, _stage_ends(match))
    label_map = load_hierarchy(hierarchy or trained_for or DEFAULT_HIERARCHY)
    evaluation = Evaluation(
        Recogniser(load_classifier(classifier), label_map),
        ImageFolder(data, label_map.lookup, cache=False),
    )
    note_skipped(evaluation.folder.skipped, data)
    if force:
        own.unlink(missing_ok=True)
    cutters = [Cutter(name, codec, plan) for name, codec in codecs]
    with progress("photographs") as show:
        evaluation.run(cutters, own, limit=limit, shard=shard, progress=show, notify=note)
    if shard[1] > 1:
        rows = _merged(output, shard)
        if not rows:
            return
    else:
        rows = read_rows(own)
        if own != output:
            write_rows(output, rows)
    summary = summarise(rows)
    entries = [entry.to_json() for entry in summary]
    write_atomic(summary_file, json.dumps(entries, indent=1) + "\n")
    if json_out:
        typer.echo(json.dumps(entries))
    else:
        _print_table(summary, rows)


def _codecs(
    subjects: list[str], effort: int, stages: int | None
) -> tuple[list[tuple[str, BenchCodec]], str]:
    """Codecs with the names of their rows, and the label map of the first checkpoint."""
    from codec_plugin.codec import Codec
    from codec_plugin.evaluation.codecs import conventional
    from codec_plugin.evaluation.codecs.own_codec import OwnCodec

    whole_files = {
        "jpeg": conventional.Jpeg,
        "webp": conventional.WebP,
        "avif": conventional.Avif,
        "jpeg2000": conventional.Jpeg2000Sweep,
    }
    codecs: list[tuple[str, BenchCodec]] = []
    trained_for = ""
    for name in subjects:
        if name in whole_files:
            codecs.append((name, whole_files[name]()))
            continue
        codec = Codec.load(name)
        path = Path(name)
        label = path.stem if "/" not in name else f"{path.parent.name}-{path.stem}"
        label += f"-effort-{effort}" if effort else ""
        codecs.append((label, OwnCodec(codec, effort, stages)))
        trained_for = trained_for or codec.checkpoint.label_map
    return codecs, trained_for


def _stage_ends(match: Path | None) -> dict[tuple[str, str], int]:
    """Bytes of the stage ends in a table of results, by photograph and cut."""
    from codec_plugin.evaluation.results_table import read_rows

    rows = [] if match is None else read_rows(match)
    return {(r.image, r.cut): int(r.bytes) for r in rows if r.cut.startswith("stage-")}


DEFAULT_HIERARCHY = "clip-seven-10-100-1000"


def _merged(output: Path, shard: tuple[int, int]) -> list[Row]:
    """Rows of all processes, at the first one; it waits for the others."""
    import torch.distributed as distributed

    from codec_plugin.evaluation.measurement import merge_shards
    from codec_plugin.evaluation.results_table import read_rows

    distributed.init_process_group("gloo")
    distributed.barrier()
    distributed.destroy_process_group()
    if shard[0]:
        return []
    merge_shards(output, shard[1])
    return read_rows(output)


def _print_table(summary: list[SummaryRow], rows: list[Row]) -> None:
    from codec_plugin.evaluation.statistics.summary import level_names

    levels = level_names(rows)
    images = {row.image for row in rows}
    known = {row.image for row in rows if row.value(f"correct_{levels[0]}") is not None}
    typer.echo(f"{len(images)} photographs, {len(known)} labelled with a class of the map")
    typer.echo("subject, cut: bytes, bpp, PSNR dB, accuracy " + " / ".join(levels) + " %")
    for entry in summary:
        labelled = entry.mean(f"correct_{levels[0]}") is not None
        kind = "correct" if labelled else "agree"
        shares = [f"{100 * (entry.mean(f'{kind}_{level}') or 0):.1f}" for level in levels]
        psnr = entry.mean("psnr_db")
        typer.echo(
            f"{entry.subject}, {entry.cut}: {entry.mean('bytes'):.0f}, "
            f"{entry.mean('rate_bpp'):.4f}, {'-' if psnr is None else f'{psnr:.2f}'}, "
            f"{' / '.join(shares)}{'' if labelled else ' (agreement with the original)'}"
        )
