"""`c2f eval`: rows of real file bytes, quality and recognition for every photograph and cut."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from codec_plugin.commands._files import Threads

__all__ = ["evaluate"]


def evaluate(
    subjects: Annotated[
        list[str],
        typer.Argument(help="Checkpoints (file or shipped name), or jpeg, webp, avif, jpeg2000."),
    ],
    data: Annotated[Path, typer.Option(help="Folder of photographs with a labels.csv.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="results.csv or .parquet.")],
    hierarchy: Annotated[str, typer.Option(help="Label map file, or a shipped one.")] = "",
    classifier: Annotated[str, typer.Option(help="Who looks at the pictures.")] = (
        "efficientnet-lite0"
    ),
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
    from codec_plugin.commands._files import guard, note
    from codec_plugin.evaluation.protocol import shard_path
    from codec_plugin.evaluation.reports.summary import summarise
    from codec_plugin.evaluation.results_table import read_rows, write_rows
    from codec_plugin.utils.threads import MANY_PX, use_threads
    from hierlab.utils.files import write_atomic

    shard = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    inputs = (match or "", hierarchy, data / "labels.csv", *subjects)
    for made in (output, output.with_suffix(".summary.json")):
        guard(made, *inputs, force=force)
    use_threads(threads, MANY_PX)
    evaluation = _evaluation(subjects, data, hierarchy, classifier, cuts, effort, stages, match)
    own = shard_path(output, shard)
    if force:
        own.unlink(missing_ok=True)
    evaluation.run(own, limit=limit, shard=shard, progress=_progress, told=note)
    rows: list[dict[str, Any]]
    if shard[1] > 1:
        rows = _merged(output, shard)
        if not rows:
            return
    else:
        rows = read_rows(own)
        if own != output:
            write_rows(output, rows)
    summary = summarise(rows)
    write_atomic(output.with_suffix(".summary.json"), json.dumps(summary, indent=1) + "\n")
    if json_out:
        typer.echo(json.dumps(summary))
    else:
        _print_table(summary, rows)


def _evaluation(
    names: list[str],
    data: Path,
    hierarchy: str,
    classifier: str,
    cuts: int,
    effort: int,
    stages: int | None,
    match: Path | None,
) -> Any:
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.codec import Codec
    from codec_plugin.commands._files import note_skipped
    from codec_plugin.data.image_folder import ImageFolder
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.evaluation.codecs.base import PEERS, CodecSubject, PeerSubject, Subject
    from codec_plugin.evaluation.protocol import Evaluation
    from codec_plugin.evaluation.recognition import Recogniser
    from codec_plugin.evaluation.results_table import read_rows

    matched: dict[tuple[str, str], int] = {}
    if match is not None:
        ends = [row for row in read_rows(match) if str(row["cut"]).startswith("stage-")]
        matched = {(row["image"], row["cut"]): int(row["bytes"]) for row in ends}
    subjects: list[Subject] = []
    wanted = hierarchy
    for name in names:
        if name in PEERS:
            subjects.append(PeerSubject(name))
            continue
        codec = Codec.load(name)
        label = (
            Path(name).stem if "/" not in name else f"{Path(name).parent.name}-{Path(name).stem}"
        )
        label += f"-effort-{effort}" if effort else ""
        subjects.append(CodecSubject(label, codec, cuts, effort, matched, stages))
        wanted = wanted or codec.checkpoint.label_map
    label_map = load_hierarchy(wanted or DEFAULT_HIERARCHY)
    recogniser = Recogniser(load_classifier(classifier), label_map)
    folder = ImageFolder(data, label_map.lookup, cache=False)
    note_skipped(folder.skipped, data)
    return Evaluation(subjects, recogniser, folder)


DEFAULT_HIERARCHY = "clip-seven-10-100-1000"


def _merged(output: Path, shard: tuple[int, int]) -> list[dict[str, Any]]:
    """Rows of all processes, at the first one; it waits for the others."""
    import torch.distributed as distributed

    from codec_plugin.evaluation.protocol import merge_shards
    from codec_plugin.evaluation.results_table import read_rows

    distributed.init_process_group("gloo")
    distributed.barrier()
    distributed.destroy_process_group()
    if shard[0]:
        return []
    merge_shards(output, shard[1])
    return read_rows(output)


def _progress(done: int, total: int) -> None:
    """Count photographs on stderr; silent when that is not a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done} of {total} photographs{end}")
        sys.stderr.flush()


def _print_table(summary: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    levels = [key.removeprefix("correct_") for key in summary[0] if key.startswith("correct_")]
    images = {row["image"] for row in rows}
    known = {row["image"] for row in rows if row[f"correct_{levels[0]}"] != ""}
    typer.echo(f"{len(images)} photographs, {len(known)} labelled with a class of the map")
    typer.echo("subject, cut: bytes, bpp, PSNR dB, accuracy " + " / ".join(levels) + " %")
    for entry in summary:
        labelled = entry[f"correct_{levels[0]}"]["mean"] is not None
        kind = "correct" if labelled else "agree"
        shares = [f"{100 * entry[f'{kind}_{level}']['mean']:.1f}" for level in levels]
        psnr = entry["psnr_db"]["mean"]
        typer.echo(
            f"{entry['subject']}, {entry['cut']}: {entry['bytes']['mean']:.0f}, "
            f"{entry['rate_bpp']['mean']:.4f}, {'-' if psnr is None else f'{psnr:.2f}'}, "
            f"{' / '.join(shares)}{'' if labelled else ' (agreement with the original)'}"
        )
