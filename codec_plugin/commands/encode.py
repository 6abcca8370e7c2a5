"""`c2f encode`: a picture to a .c2f file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from codec_plugin.commands._files import (
    Bits,
    CheckpointName,
    Force,
    OwnMap,
    Threads,
    encoded_name,
    guard,
    note,
    note_size,
    standard_input,
    write_output,
)

if TYPE_CHECKING:
    from codec_plugin.bitstream.answer import LabelPath
    from codec_plugin.codec import Codec
    from codec_plugin.data.picture import Picture

__all__ = ["encode"]


def encode(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="Image file, or - for a pipe.")],
    output: Annotated[
        str, typer.Option("--output", "-o", help="File to write, or -; default: IMAGE.c2f.")
    ] = "",
    checkpoint: CheckpointName = "compact",
    max_bytes: Annotated[
        int | None, typer.Option("--max-bytes", help="Keep the first so many bytes.")
    ] = None,
    bpp: Bits = None,
    stages: Annotated[int | None, typer.Option(help="Write only the first so many stages.")] = None,
    effort: Annotated[
        int, typer.Option(help="Gradient steps on this picture; 20 take seconds and help a lot.")
    ] = 0,
    effort_stages: Annotated[
        int | None,
        typer.Option(help="Of --effort: the first so many stages only, in less time."),
    ] = None,
    classifier: Annotated[
        str,
        typer.Option(
            help="Whom --effort serves and --answer asks, several with commas; default: the "
            "checkpoint's; none: no one."
        ),
    ] = "",
    hierarchy: OwnMap = "",
    answer: Annotated[
        bool,
        typer.Option(
            "--answer", help="Write what the classifier sees behind the header, for c2f label."
        ),
    ] = False,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Encode a picture; any prefix of the file is a picture too."""
    from codec_plugin.data.picture import read_picture

    target = output or ("-" if image == "-" else encoded_name(image))
    guard(target, image, checkpoint, hierarchy, force=force)
    picture = read_picture(standard_input() if image == "-" else image)

    from codec_plugin.codec import Codec
    from codec_plugin.utils.threads import use_threads

    note_size("encoding", picture.height_px, picture.width_px)
    use_threads(threads, picture.height_px * picture.width_px)
    codec = Codec.load(checkpoint)
    objective = None
    path = _answer(codec, picture, classifier, hierarchy) if answer else None
    if effort > 0:
        from codec_plugin.search.objective import training_objective

        hierarchy = hierarchy or codec.checkpoint.hierarchy_file
        objective = training_objective(codec.checkpoint.meta, classifier, hierarchy)
        taught = codec.checkpoint.meta.classifier
        asked = objective.semantics.classifier.name if objective.semantics else "none"
        if not classifier and asked != taught:
            note(f"--effort asks {asked}; the checkpoint was trained with {taught}")
    blob = codec.encode(
        picture,
        max_bytes=max_bytes,
        bpp=bpp,
        stages=stages,
        effort=effort,
        effort_stages=effort_stages,
        objective=objective,
        answer=path,
    )
    write_output(target, blob)
    for sentence in picture.notes:
        note(sentence)
    if target != "-":
        rate = 8 * len(blob) / (picture.height_px * picture.width_px)
        typer.echo(
            f"{target}: {picture.width_px} × {picture.height_px} pixels in {len(blob)} bytes "
            f"({rate:.3f} bits per pixel)"
        )


def _answer(codec: Codec, picture: Picture, classifier: str, hierarchy: str) -> LabelPath:
    """What a classifier sees in a picture.

    Raises:
        ConfigError: there is nobody to ask, or no label map to answer in.
    """
    from codec_plugin.classifiers.registry import available_classifiers
    from codec_plugin.errors import ConfigError

    taught = codec.checkpoint.meta.classifier
    name = classifier or available_classifiers(taught) or "none"
    if name == "none":
        raise ConfigError("--answer asks a classifier: name one with --classifier")
    if not codec.checkpoint.meta.label_map_id:
        raise ConfigError("--answer needs a checkpoint with a label map; this one names none")

    import torch

    from codec_plugin.classifiers import load_classifier
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.evaluation.recognition import Recogniser

    if not classifier and name != taught:
        note(f"--answer asks {name}; the checkpoint was trained with {taught}")
    label_map = load_hierarchy(hierarchy or codec.checkpoint.label_map)
    image = torch.tensor(picture.bytes_rgb).permute(2, 0, 1).float() / 255
    return Recogniser(load_classifier(name), label_map).path(image)
