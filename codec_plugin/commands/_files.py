"""Files and pipes of the commands: `-` is standard input or output."""

from __future__ import annotations

import os
import sys
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codec_plugin.errors import CheckpointError, CodecError
from codec_plugin.utils.file_signature import kind_of_codec_file, made_by_codec
from hierlab.errors import HierlabError
from hierlab.utils.files import guard_output, write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from codec_plugin.codec import Codec

__all__ = [
    "AsJson",
    "Bits",
    "CheckpointName",
    "Force",
    "Looker",
    "OwnMap",
    "Stream",
    "Threads",
    "chunks",
    "decoded_name",
    "encoded_name",
    "guard",
    "is_special",
    "level_words",
    "load_codec",
    "note",
    "note_size",
    "note_skipped",
    "read_input",
    "refused",
    "standard_input",
    "targets_of",
    "write_output",
]

MAX_STREAM_BYTES = 1 << 30
_CHUNK = 1 << 16
_LARGE_PX = 1 << 21
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".ppm", ".gif", ".tif", ".tiff")

CheckpointName = Annotated[
    str, typer.Option("--checkpoint", "-c", help="Shipped checkpoint's name, or a file.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace what stands under the output's name.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        help="Processor cores; default: one for small pictures, else the idle ones, up to 4.",
    ),
]
Looker = Annotated[str, typer.Option("--classifier", help="Who looks at the pictures.")]
OwnMap = Annotated[str, typer.Option("--hierarchy", help="Label map; default: the checkpoint's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Stream = Annotated[str, typer.Argument(metavar="FILE", help=".c2f file, or - for a pipe.")]
Bits = Annotated[
    float | None, typer.Option("--bpp", help="The same as bits per pixel; the lesser counts.")
]


def standard_input() -> BinaryIO:
    """The bytes on standard input.

    Raises:
        CodecError: it is closed.
    """
    if sys.stdin is None:
        raise CodecError("standard input is closed; name a file instead of -")
    return sys.stdin.buffer


def read_input(path: str) -> bytes:
    """All bytes of a file or of standard input, at most 1 GiB.

    Raises:
        CodecError: missing, unreadable or too large.
    """
    try:
        if path == "-":
            data = standard_input().read(MAX_STREAM_BYTES + 1)
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
    descriptor = standard_input().fileno()
    while chunk := os.read(descriptor, _CHUNK):
        received += len(chunk)
        if received > MAX_STREAM_BYTES:
            raise CodecError("standard input is longer than the limit of 1 GiB")
        yield chunk


def load_codec(
    checkpoint: str, data: bytes = b"", stream: str = "-", loaded: Codec | None = None
) -> Codec:
    """The codec of a checkpoint, which must be that of a file where one is given.

    Args:
        data: bytes of a .c2f file.
        stream: its name; a checkpoint that lies near it is named where `checkpoint` is another.
        loaded: the checkpoint's codec, if it has been loaded before.
    Raises:
        CheckpointError: not found, not sound, or not that of the file.
        BitstreamError: `data` is no such file.
    """
    from codec_plugin.bitstream.container import read_header
    from codec_plugin.checkpointing.shipped import find_model

    asked = read_header(data).model_id.hex() if data else ""

    from codec_plugin.codec import Codec

    codec = loaded or Codec.load(checkpoint)
    if not asked or asked == codec.model_id.hex():
        return codec
    place = find_model(asked, Path("." if stream == "-" else stream))
    advice = f"that is {place}: add --checkpoint {place}"
    if not place:
        advice = "give its file with --checkpoint; c2f train leaves it in its run's folder"
    raise CheckpointError(
        f"the file was made by model {asked}, {checkpoint} is {codec.model_id.hex()}; {advice}"
    )


def encoded_name(image: str) -> str:
    """Where `encode` writes unless told: IMAGE without its ending, .c2f.

    Where pictures of one name lie side by side (a.jpg, a.png), their endings stay: a.jpg.c2f.
    """
    source = Path(image)
    target = source.with_suffix(".c2f")
    if source.suffix.lower() == ".c2f" or not source.suffix:
        return f"{image}.c2f"
    twins = source.parent.glob(f"{escape(source.stem)}.*")
    others = [twin for twin in twins if twin.name not in (source.name, target.name)]
    clash = any(twin.suffix.lower() in _PICTURES and not _ours(twin) for twin in others)
    return f"{image}.c2f" if clash else str(target)


def decoded_name(stream: str) -> str:
    """Where `decode` writes unless told: FILE.png; FILE-decoded.png beside a FILE.png not ours."""
    target = Path(stream).with_suffix(".png")
    if target.is_file() and not _ours(target):
        target = target.with_stem(f"{target.stem}-decoded")
    return str(target)


def targets_of(sources: Sequence[str], output: str, name: Callable[[str], str]) -> list[str]:
    """Where a command writes what it makes of each file: beside it, to a file, or in a folder.

    Args:
        sources: one file, - alone, or several.
        output: of one the file or its folder, of several the folder; "" is beside each.
        name: default name of what is made of a file.
    Raises:
        CodecError: - among several, two outputs of one name, or a file where a folder must be.
    """
    if sources == ["-"]:
        return [output or "-"]
    if "-" in sources:
        raise CodecError("- stands alone: name files, or read one from a pipe")
    folder = Path(output)
    if output and (output == "-" or (len(sources) == 1 and not folder.is_dir())):
        if len(sources) > 1:
            raise CodecError(f"{len(sources)} files do not fit one pipe; -o names their folder")
        return [output]
    names = [name(source) for source in sources]
    if output:
        names = [str(folder / Path(made).name) for made in names]
        _make_folder(folder)
    made_of: dict[str, str] = {}
    for made, source in zip(names, sources, strict=True):
        if made in made_of and made_of[made] != source:
            raise CodecError(f"{made_of[made]} and {source} would both be {made}; do them apart")
        made_of[made] = source
    return names


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise CodecError(f"{folder} is a file; of several files -o names the folder") from error
    except OSError as error:
        raise CodecError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def refused(source: str, error: Exception, count: int) -> int:
    """Say what is wrong with one of several files and go on: 1; the only one stops the command."""
    if count == 1:
        raise error
    note(str(error) if source in str(error) else f"{source}: {error}")
    return 1


def guard(path: str | Path, *inputs: str | Path, kind: str, force: bool) -> None:
    """Refuse an output that would replace an input, or what this program did not make as such.

    Args:
        kind: of what will be written, as `kind_of_codec_file` tells it.

    Raises:
        CodecError: naming the file.
    """
    if str(path) == "-":
        return
    try:
        given = [source for source in inputs if source]
        guard_output(path, given, force=force, ours=kind_of_codec_file, kind=kind)
    except HierlabError as error:
        raise CodecError(str(error)) from error


def is_special(path: str) -> bool:
    """Whether a name is that of a device, a pipe or an open file: it is written through."""
    return path == "-" or (Path(path).exists() and not Path(path).is_file())


def write_output(path: str, data: bytes) -> None:
    """Write a file whole or not at all, or everything to standard output.

    Raises:
        CodecError: the file cannot be written.
    """
    try:
        if path != "-":
            write_atomic(path, data)
            return
        sys.stdout.flush()
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stream:
            stream.write(data)
    except HierlabError as error:
        raise CodecError(str(error)) from error
    except BrokenPipeError:
        raise
    except (OSError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is closed"
        raise CodecError(f"cannot write standard output: {reason}") from error


def _ours(path: Path) -> bool:
    try:
        return made_by_codec(path)
    except OSError:
        return False


def note(sentence: str) -> None:
    """Tell a person something without touching standard output."""
    sys.stderr.write(f"c2f: {sentence}\n")


def level_words(levels: Sequence[str], names: Sequence[str], confidences: Sequence[float]) -> str:
    """A classifier's answers at each level in one line."""
    answers = zip(levels, names, confidences, strict=True)
    return "  ".join(f"{level}: {name} {100 * share:.0f} %" for level, name, share in answers)


def note_size(doing: str, height_px: int, width_px: int) -> None:
    """Say before a large picture that it takes a while, to whoever looks on."""
    if height_px * width_px >= _LARGE_PX and sys.stderr.isatty():
        note(f"{doing} {width_px} × {height_px} pixels; a million take about two seconds")


def note_skipped(count: int, folder: Path) -> None:
    """Say how many files of a folder are only called like pictures."""
    if count:
        files = "1 file" if count == 1 else f"{count} files"
        note(f"skipped {files} ._NAME in {folder}: macOS's, no pictures")
