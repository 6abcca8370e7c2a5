"""`c2f classify`: what a file says, and a classifier after each chunk, until it is sure enough."""

import json
from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import (
    CheckpointName,
    Looker,
    OwnMap,
    Threads,
    level_words,
    load_codec,
    read_input,
)

__all__ = ["classify"]


def classify(
    file: Annotated[Path, typer.Argument(help="A .c2f file, whole or cut.")],
    checkpoint: CheckpointName = "compact",
    hierarchy: OwnMap = "",
    classifier: Looker = "efficientnet-lite0",
    until: Annotated[str, typer.Option(help="Level to be sure of; default: the finest.")] = "",
    confidence: Annotated[float, typer.Option(min=0.0, max=1.0, help="How sure.")] = 0.9,
    temperature: Annotated[
        float, typer.Option(min=0.1, max=10.0, help="Of the calibration: see docs/results.md.")
    ] = 1.0,
    chunk: Annotated[int, typer.Option(min=16, help="Bytes between two looks.")] = 256,
    threads: Threads = None,
    json_out: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Read a file chunk by chunk and stop when the classifier is sure enough at a level.

    Where the file names its class (encode --answer), that is told first, and is no one's view of
    the picture that arrived.
    """
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.commands._answers import AnswerReader
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.evaluation.early_exit import classify_stream
    from codec_plugin.evaluation.recognition import Recogniser
    from codec_plugin.evaluation.statistics.adaptive_decoding import raw_threshold
    from codec_plugin.utils.threads import use_threads

    use_threads(threads)
    blob = read_input(str(file))
    codec = load_codec(checkpoint, blob, str(file))
    label_map = load_hierarchy(hierarchy or codec.checkpoint.label_map)
    recogniser = Recogniser(load_classifier(classifier), label_map)
    if temperature != 1.0:
        confidence = raw_threshold(confidence, temperature)
    in_file = AnswerReader(hierarchy or codec.checkpoint.hierarchy_file).read(blob, str(file))
    if in_file.state != "none" and not json_out:
        typer.echo(f"the file says     {in_file}\nthe picture shows")
    answers = []
    for answer in classify_stream(
        codec, recogniser, blob, until=until or None, confidence=confidence, chunk=chunk
    ):
        answers.append(answer)
        if not json_out:
            words = level_words(label_map.level_names, answer.names, answer.confidences)
            typer.echo(f"{answer.bytes:6d} bytes  {answer.rate_bpp:.4f} bpp  {words}")
    last = answers[-1]
    if json_out:
        says = {"file_says": in_file.to_json()["levels"]} if in_file.state != "none" else {}
        typer.echo(json.dumps([answer._asdict() | says for answer in answers], ensure_ascii=False))
    elif last.sure:
        typer.echo(f"sure after {last.bytes} of {len(blob)} bytes")
    else:
        typer.echo(f"not sure after all {len(blob)} bytes")
