"""Files and pipes of the commands: `-` is standard input or output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codec_plugin.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Bits", "CheckpointName", "chunks", "note", "note_skipped", "read_input", "write_output"]

MAX_STREAM_BYTES = 1 << 30
_CHUNK = 1 << 16

CheckpointName = Annotated[
    str, typer.Option("--checkpoint", "-c", help="Shipped checkpoint's name, or a file.")
]
Bits = Annotated[float | None, typer.Option("--bpp", help="The same as bits per pixel.")]


def read_input(path: str) -> bytes:
    """All bytes of a file or of standard input, at most 1 GiB.

    Raises:
        CodecError: missing, unreadable or too large.
    """
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_STREAM_BYTES + 1)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(MAX_STREAM_BYTES + 1)
    except OSError as error:
        raise CodecError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > MAX_STREAM_BYTES:
        raise CodecError(f"{path} is larger than the limit of 1 GiB")
    return data


def chunks() -> Iterator[bytes]:
    """What arrives on standard input, as soon as it arrives."""
    received = 0
    while chunk := os.read(sys.stdin.fileno(), _CHUNK):
        received += len(chunk)
        if received > MAX_STREAM_BYTES:
            raise CodecError("standard input is longer than the limit of 1 GiB")
        yield chunk


def write_output(path: str, data: bytes) -> None:
    """Write a file whole or not at all, or everything to standard output.

    Raises:
        CodecError: the file cannot be written.
    """
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from hierlab._files import write_atomic
    from hierlab.errors import HierlabError

    try:
        write_atomic(path, data)
    except HierlabError as error:
        raise CodecError(str(error)) from error


def note(sentence: str) -> None:
    """Tell a person something without touching standard output."""
    sys.stderr.write(f"c2f: {sentence}\n")


def note_skipped(count: int, folder: Path) -> None:
    """Say how many files of a folder are only called like pictures."""
    if count:
        files = "1 file" if count == 1 else f"{count} files"
        note(f"skipped {files} ._NAME in {folder}: macOS's, no pictures")
