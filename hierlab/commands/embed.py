"""hierlab embed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import Classes, Key, NameColumn, SynsetColumn, listed_classes
from hierlab.commands._outputs import Force, guard_outputs
from hierlab.utils.terminal import progress, say


def embed(
    clip: Annotated[
        str, typer.Option("--clip", help="MODEL[:PRETRAINED] of open_clip, or minilm.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="npz file to write.")],
    classes: Classes = "imagenet-1k",
    key: Key = None,
    name_column: NameColumn = None,
    synset_column: SynsetColumn = None,
    prompts: Annotated[
        str | None, typer.Option(help="80, 7, photo, name, or a file with one template a line.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Local weights file or folder, instead of a hub.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Texts encoded at once.")] = 256,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    force: Force = False,
) -> None:
    """Embed class names through a text encoder and write prototypes."""
    from hierlab.embeddings.embed import embed as embed_classes
    from hierlab.embeddings.prototypes import save_prototypes

    guard_outputs({output: "set of prototypes"}, [classes, prompts or None, weights], force=force)
    with progress("hierlab embed") as on_progress:
        prototypes = embed_classes(
            clip,
            listed_classes(classes, key, name_column, synset_column),
            prompts=prompts,
            weights=weights,
            batch=batch,
            device=device,
            on_progress=on_progress,
        )
    path = save_prototypes(prototypes, output)
    count, dimensions = prototypes.vectors.shape
    say(f"{path}: {count} classes, {dimensions} dimensions")
