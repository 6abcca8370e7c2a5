"""hierlab build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import (
    Classes,
    Clip,
    Counts,
    Key,
    NameColumn,
    Prototypes,
    SynsetColumn,
    WordNet,
    listed_classes,
    parse_counts,
    parse_settings,
)
from hierlab.commands._outputs import Force, Output, default_output, guard_outputs, say_saved
from hierlab.utils.terminal import note, progress, say


def build(
    clip: Clip = None,
    k: Counts = "10,100,1000",
    method: Annotated[str, typer.Option(help="Builder; `hierlab list` names them.")] = "",
    output: Output = None,
    seed: Annotated[int, typer.Option(help="For methods that draw random numbers.")] = 0,
    classes: Classes = "imagenet-1k",
    key: Key = None,
    name_column: NameColumn = None,
    synset_column: SynsetColumn = None,
    wordnet: WordNet = None,
    prototypes: Prototypes = None,
    similarity: Annotated[
        Path | None, typer.Option(help="(C, C) npy, npz or csv for --method similarity.")
    ] = None,
    consensus: Annotated[
        str | None, typer.Option(help="Variants with commas, made into one hierarchy.")
    ] = None,
    stable: Annotated[
        bool, typer.Option("--stable", help="Consensus over prompts and subsamples of one variant.")
    ] = False,
    source: Annotated[
        str, typer.Option("--from", help="table (shipped), weights (open_clip) or auto.")
    ] = "auto",
    name: Annotated[str | None, typer.Option(help="Name of the map.")] = None,
    levels: Annotated[str | None, typer.Option(help="Level names with commas.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter of the method, name=value.")
    ] = None,
    force: Force = False,
) -> None:
    """Build a hierarchy: hierlab build --clip ViT-B-32 --k 10,100,1000 -o mine.json."""
    from hierlab._show import resolution_sentence
    from hierlab.assembly import build as build_map

    asked = consensus.split(",") if consensus else []
    inputs = [path for path in (classes, prototypes, similarity, *asked) if path is not None]
    guard_outputs({output: "label map"} if output else {}, inputs, force=force)
    listed = listed_classes(classes, key, name_column, synset_column)
    with progress("runs") as step:
        label_map = build_map(
            clip=clip,
            k="auto" if k == "auto" else parse_counts(k),
            method=method or None,
            seed=seed,
            classes=classes if classes == "imagenet-1k" else listed,
            prototypes=prototypes,
            similarity=similarity,
            consensus=asked or None,
            stable=stable,
            source=source,
            name=name,
            levels=levels.split(",") if levels else None,
            parameters=parse_settings(setting or []),
            wordnet=wordnet,
            progress=step,
        )
    path = label_map.save(output or default_output(label_map, inputs, force=force))
    say_saved(label_map, path, largest=True)
    if label_map.classes.read_as != listed.read_as:
        note(label_map.classes.read_as.removeprefix(listed.read_as).lstrip("; "))
    if sentence := resolution_sentence(label_map):
        say(f"{sentence}; hierlab show {path} --resolution lists them")
