"""`c2f decode`: .c2f files, or any prefixes of them, to pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codec_plugin.commands._files import (
    Bits,
    CheckpointName,
    Force,
    Threads,
    chunks,
    decoded_name,
    guard,
    is_special,
    load_codec,
    note,
    note_size,
    read_input,
    refused,
    standard_input,
    targets_of,
    write_output,
)

if TYPE_CHECKING:
    from codec_plugin.codec import Codec, Decoded

__all__ = ["decode"]


def decode(
    stream: Annotated[
        list[str], typer.Argument(metavar="FILES...", help=".c2f files, or - for a pipe.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Image to write, folder of several, or - (PNG); default: FILE.png.",
        ),
    ] = "",
    checkpoint: CheckpointName = "compact",
    max_bytes: Annotated[
        int | None, typer.Option("--bytes", help="Use at most the first so many bytes.")
    ] = None,
    bpp: Bits = None,
    level: Annotated[
        str | None, typer.Option(help="Use the stages up to this level: its name, or 0, 1, …")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(help="Refuse pictures with more pixels than this.")
    ] = 8192 * 8192,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Decode files or prefixes of them; from a pipe, rewrite the picture as stages arrive."""
    stream = list(dict.fromkeys(stream))  # a file that is named twice is decoded once
    targets = targets_of(stream, output, decoded_name)
    for target in targets:
        guard(target, *stream, checkpoint, kind="picture", force=force)

    from codec_plugin.errors import CodecError
    from codec_plugin.utils.memory import keep_pages
    from codec_plugin.utils.threads import use_threads

    keep_pages()
    limits = {"max_bytes": max_bytes, "bpp": bpp, "level": level, "max_pixels": max_pixels}
    limited = max_bytes is not None or bpp is not None or level is not None
    # What is wrong with the checkpoint is said once, not of each file.
    failed, codec = 0, load_codec(checkpoint) if len(stream) > 1 else None
    for source, target in zip(stream, targets, strict=True):
        try:
            if source == "-" and not is_special(target) and not limited:
                standard_input()
                use_threads(threads)
                decoded = _follow(load_codec(checkpoint), target, max_pixels)
            else:
                data = read_input(source)
                codec = load_codec(checkpoint, data, source, codec)
                decoded = _decode(codec, data, threads, limits)
                _write(decoded, target)
        except CodecError as error:
            failed += refused(source, error, len(stream))
            continue
        for sentence in decoded.warnings:
            note(sentence if len(stream) == 1 else f"{source}: {sentence}")
        if target != "-":
            typer.echo(_summary(target, decoded))
    if failed:
        raise typer.Exit(2)


def _decode(codec: Codec, data: bytes, threads: int | None, limits: dict[str, Any]) -> Decoded:
    from codec_plugin.bitstream.container import read_header
    from codec_plugin.utils.threads import use_threads

    header = read_header(data)
    note_size("decoding", header.height_px, header.width_px)
    use_threads(threads, header.height_px * header.width_px)
    return codec.decode(data, **limits)


def _follow(codec: Codec, target: str, max_pixels: int) -> Decoded:
    """Rewrite the picture whenever a stage is complete, and once more at the end."""
    from codec_plugin.streaming import StreamingDecoder

    decoder = StreamingDecoder(codec, max_pixels=max_pixels)
    decoded, bytes_shown = None, -1
    for chunk in chunks():
        if decoder.feed(chunk):
            decoded, bytes_shown = decoder.decode(), decoder.bytes_received
            _write(decoded, target)
            note(_summary(target, decoded))
    if decoded is None or decoder.bytes_received > bytes_shown:
        decoded = decoder.decode()
        _write(decoded, target)
    return decoded


def _write(decoded: Decoded, target: str) -> None:
    from codec_plugin.data.picture import write_pixels

    suffix = ".png" if is_special(target) else Path(target).suffix
    write_output(target, write_pixels(decoded.pixels, suffix))


def _summary(target: str, decoded: Decoded) -> str:
    height, width = decoded.pixels.shape[:2]
    complete = decoded.stages_complete
    return (
        f"{target}: {width} × {height} pixels from {decoded.bytes_used} bytes "
        f"({decoded.rate_bpp:.3f} bits per pixel, {complete} complete stage{'s' * (complete != 1)})"
    )
