"""`c2f encode`: pictures to .c2f files."""

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
    refused,
    standard_input,
    targets_of,
    write_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from codec_plugin.bitstream.answer import LabelPath
    from codec_plugin.codec import Codec
    from codec_plugin.data.picture import Picture
    from codec_plugin.search.objective import Objective

__all__ = ["encode"]


def encode(
    image: Annotated[
        list[str], typer.Argument(metavar="IMAGES...", help="Image files, or - for a pipe.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write, folder of several, or -; default: IMAGE.c2f."
        ),
    ] = "",
    checkpoint: CheckpointName = "compact",
    max_bytes: Annotated[
        int | None, typer.Option("--max-bytes", help="Keep the first so many bytes.")
    ] = None,
    bpp: Bits = None,
    stages: Annotated[int | None, typer.Option(help="Write only the first so many stages.")] = None,
    effort: Annotated[
        int, typer.Option(help="Gradient steps on this picture; 8 take a second and help a lot.")
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
    shown: Annotated[
        str | None,
        typer.Option(
            "--class", help="Write this class behind the header instead: a key or name in the map."
        ),
    ] = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Encode pictures; any prefix of a file is a picture too."""
    from codec_plugin.data.picture import read_picture
    from codec_plugin.errors import BitstreamError, CodecError

    _check(effort, effort_stages, classifier, hierarchy, asked=answer, shown=shown)
    image = list(dict.fromkeys(image))  # a picture that is named twice is coded once
    targets = targets_of(image, output, encoded_name)
    for target in targets:
        guard(target, *image, checkpoint, hierarchy, kind=".c2f file", force=force)
    failed, codec, looks, objective = 0, None, None, None
    for source, target in zip(image, targets, strict=True):
        try:
            picture = read_picture(standard_input() if source == "-" else source)
        except CodecError as error:
            failed += refused(source, error, len(image))
            continue
        if codec is None:  # once, and not before there is a picture
            from codec_plugin.codec import Codec
            from codec_plugin.utils.memory import keep_pages
            from codec_plugin.utils.threads import use_threads

            keep_pages()
            codec = Codec.load(checkpoint)
            looks = _labeller(codec, classifier, hierarchy, asked=answer, shown=shown)
            objective = _objective(codec, classifier, hierarchy) if effort > 0 else None
        note_size("encoding", picture.height_px, picture.width_px)
        use_threads(threads, picture.height_px * picture.width_px)
        try:
            blob = codec.encode(
                picture,
                max_bytes=max_bytes,
                bpp=bpp,
                stages=stages,
                effort=effort,
                effort_stages=effort_stages,
                objective=objective,
                answer=looks(picture) if looks else None,
            )
        except BitstreamError as error:  # this picture's; what is wrong with options holds for all
            failed += refused(source, error, len(image))
            continue
        write_output(target, blob)
        for sentence in picture.notes:
            note(sentence if len(image) == 1 else f"{source}: {sentence}")
        if target != "-":
            typer.echo(_summary(target, picture, blob))
    if failed:
        raise typer.Exit(2)


def _check(
    effort: int,
    effort_stages: int | None,
    classifier: str,
    hierarchy: str,
    *,
    asked: bool,
    shown: str | None,
) -> None:
    """Refuse options that contradict each other or that nothing would read.

    Raises:
        ConfigError: naming the option that is missing or too many.
    """
    from codec_plugin.errors import ConfigError

    if asked and shown is not None:
        raise ConfigError("--answer asks a classifier, --class says it yourself; give one of them")
    if asked and classifier == "none":
        raise ConfigError(
            "--answer asks a classifier, and --classifier none is nobody: name one with "
            "--classifier, or say the class with --class"
        )
    if effort_stages is not None and effort <= 0:
        raise ConfigError(
            "--effort-stages says what --effort serves; give --effort a number of steps"
        )
    if classifier and effort <= 0 and not asked:
        raise ConfigError(
            "--classifier says whom --effort serves and --answer asks; give one of them"
        )
    if hierarchy and effort <= 0 and not asked and shown is None:
        raise ConfigError("--hierarchy is read by --effort, --answer and --class; give one of them")


def _summary(target: str, picture: Picture, blob: bytes) -> str:
    rate = 8 * len(blob) / (picture.height_px * picture.width_px)
    size = f"{picture.width_px} × {picture.height_px} pixels"
    return f"{target}: {size} in {len(blob)} bytes ({rate:.3f} bits per pixel)"


def _objective(codec: Codec, classifier: str, hierarchy: str) -> Objective:
    """What a search lowers; says who is asked, where that is not who taught."""
    from codec_plugin.search.objective import training_objective

    meta = codec.checkpoint.meta
    objective = training_objective(meta, classifier, hierarchy or codec.checkpoint.hierarchy_file)
    asked = objective.semantics.classifier.name if objective.semantics else "none"
    if not classifier and asked != (meta.classifier or "none"):
        note(f"--effort asks {asked}; the checkpoint was trained with {meta.classifier}")
    return objective


def _labeller(
    codec: Codec, classifier: str, hierarchy: str, *, asked: bool, shown: str | None
) -> Callable[[Picture], LabelPath] | None:
    """What is written of a picture's class: what a classifier sees, the class `shown`, or nothing.

    Raises:
        ConfigError: there is nobody to ask, no label map to answer in, or no such class in it.
    """
    from codec_plugin.classifiers.registry import available_classifiers
    from codec_plugin.errors import ConfigError

    if not asked and shown is None:
        return None
    option = "--answer" if shown is None else "--class"
    if not codec.checkpoint.meta.label_map_id:
        raise ConfigError(f"{option} needs a checkpoint with a label map; this one names none")
    taught = codec.checkpoint.meta.classifier
    name = classifier or available_classifiers(taught) or "none"
    if name == "none" and shown is None:
        raise ConfigError(
            "--answer asks a classifier, and the checkpoint names none: name one with "
            "--classifier, or say the class with --class"
        )

    import torch

    from codec_plugin.data.label_hierarchy import load_hierarchy

    label_map = load_hierarchy(hierarchy or codec.checkpoint.label_map)
    if shown is not None:
        path = label_map.path(shown)
        return lambda _: path

    from codec_plugin.classifiers import load_classifier
    from codec_plugin.evaluation.recognition import Recogniser

    if not classifier and name != taught:
        note(f"--answer asks {name}; the checkpoint was trained with {taught}")
    recogniser = Recogniser(load_classifier(name), label_map)

    def seen(picture: Picture) -> LabelPath:
        image = torch.tensor(picture.bytes_rgb).permute(2, 0, 1).float() / 255
        return recogniser.path(image)

    return seen
