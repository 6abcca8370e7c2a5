"""`c2f label`: the classes that files name behind their headers, many files a second."""

from __future__ import annotations

import json
import os
import sys
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codec_plugin.commands._files import AsJson, note, read_input

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["label"]


def label(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILES...", help=".c2f files, patterns, folders (all below), or -."),
    ],
    hierarchy: Annotated[
        str, typer.Option(help="Label map; default: the shipped one, or one near the file.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print the classes that c2f encode --answer wrote; no picture is decoded."""
    from codec_plugin.commands._answers import AnswerReader
    from codec_plugin.errors import CodecError

    reader = AnswerReader(hierarchy)
    failed = count = 0
    for file in _files(files):
        record: dict[str, Any] = {"file": file}
        try:
            answer = reader.read(_first_bytes(file), file)
            record |= answer.to_json()
        except CodecError as error:
            failed += 1
            record["error"] = str(error)
            note(str(error) if file in str(error) else f"{file}: {error}")
        if as_json:
            row = json.dumps(record, ensure_ascii=False)
            sys.stdout.write(f",\n{row}" if count else f"[\n{row}")
        elif "error" not in record:
            sys.stdout.write(f"{file}: {answer}\n")
        count += 1
    if as_json:
        sys.stdout.write("\n]\n" if count else "[]\n")
    if reader.given and count > failed and not reader.used_given:
        note(f"no answer in these files belongs to label map {hierarchy} ({reader.given.id[:8]})")
    if failed:
        raise typer.Exit(2)


def _files(named: list[str]) -> Iterator[str]:
    """The files that arguments name: as they stand, all of a folder, or all of a pattern."""
    for name in named:
        path = Path(name)
        if name == "-" or path.is_file():
            yield name
        elif path.is_dir():
            yield from _folder(path)
        else:
            yield from sorted(glob(name, recursive=True)) or [name]


def _folder(folder: Path) -> list[str]:
    """All .c2f files below a folder.

    Raises:
        CodecError: there is none.
    """
    from codec_plugin.errors import CodecError

    files = [
        os.path.join(place, file)
        for place, _, files in os.walk(folder)
        for file in files
        if file.lower().endswith(".c2f")
    ]
    if not files:
        raise CodecError(f"{folder} holds no .c2f file")
    return sorted(files)


def _first_bytes(file: str) -> bytes:
    """Header and answer of a file, and perhaps more."""
    from codec_plugin.bitstream.container import MAX_ANSWER_BYTES, MAX_HEADER_BYTES
    from codec_plugin.errors import CodecError

    if file == "-":
        return read_input(file)
    try:
        with Path(file).open("rb", buffering=0) as stream:
            return stream.read(MAX_HEADER_BYTES + MAX_ANSWER_BYTES)
    except OSError as error:
        raise CodecError(f"cannot read {file}: {error.strerror or error}") from error
