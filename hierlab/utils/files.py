"""Files: written whole or not at all, never over another's, and the shipped ones found."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hierlab.errors import HierlabError
from hierlab.utils.file_signature import kind_of, kind_of_content

__all__ = [
    "data_path",
    "guard_output",
    "hierarchies_path",
    "open_atomic",
    "read_bounded",
    "studies_path",
    "write_atomic",
]

_PACKAGE = Path(__file__).resolve().parent.parent
_LINKS = 40  # as Linux follows


def _shipped(name: str) -> Path:
    """Folder `name` inside the installed wheel, or beside the package in a checkout."""
    inside = _PACKAGE / "_shipped" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def data_path(*parts: str) -> Path:
    """Path inside the shipped data folder."""
    return _shipped("data").joinpath(*parts)


def hierarchies_path(*parts: str) -> Path:
    """Path inside the shipped hierarchies folder."""
    return _shipped("hierarchies").joinpath(*parts)


def studies_path(*parts: str) -> Path:
    """Path inside the shipped studies folder."""
    return _shipped("studies").joinpath(*parts)


_NAMED = {".html": "page", ".c2f": ".c2f file", ".safetensors": "checkpoint"} | dict.fromkeys(
    (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".svg", ".pdf"),
    "picture",
)
"""Kinds by endings that have but one."""


def guard_output(
    path: str | Path,
    inputs: Iterable[str | Path] = (),
    *,
    force: bool = False,
    ours: Callable[[Path], str | bool | None] = kind_of,
    content: bytes | str | None = None,
    kind: str | None = None,
) -> None:
    """Refuse to replace an input of this command, or what this program did not make as such.

    A file of its own is replaced by one of its kind alone: a map by a map, a picture by a picture.
    Nor does a name that is a picture's get a map.

    Call it once per file that a command will write, before any work. Folders, devices and pipes
    are never replaced, so they pass.

    Args:
        path: what will be written.
        inputs: files that the command reads; names of no file, such as shipped maps, are passed.
        force: the user said so: everything passes.
        ours: the kind of a file that this program made, or whether it did, judged by its content.
        content: what will be written, if known: a file that holds just this passes.
        kind: of what will be written; that of `content` if None.

    Raises:
        HierlabError: the file would be lost, or be called what it is not.
    """
    target = Path(path)
    if kind is None and content is not None:
        kind = kind_of_content(content)
    if not force and not target.exists():
        _check_name(target, kind)
    if force or not target.is_file():
        return
    for source in inputs:
        if _same_file(target, Path(source)):
            raise HierlabError(
                f"{target} is read by this command and would be replaced; "
                "give another name with -o, or --force"
            )
    if content is not None and _holds(target, content):
        return
    try:
        found = ours(target)
    except OSError as error:
        raise HierlabError(f"cannot read {target}: {error.strerror or error}") from error
    if isinstance(found, str) and kind is not None and found != kind:
        raise HierlabError(
            f"{target} is a {found}, and would be replaced by a {kind}; "
            "give another name with -o, or --force to replace it"
        )
    if not found:
        raise HierlabError(
            f"{target} exists and was not made by this program; "
            "give another name with -o, or --force to replace it"
        )


def _check_name(target: Path, kind: str | None) -> None:
    named = _NAMED.get(target.suffix.lower())
    if kind and named and kind != named:
        raise HierlabError(
            f"{target} is called like a {named}, and would be a {kind}; "
            "give another name with -o, or --force"
        )


def _same_file(target: Path, source: Path) -> bool:
    try:
        return target.samefile(source)
    except (OSError, ValueError):
        return False


def _holds(target: Path, content: bytes | str) -> bool:
    payload = content.encode() if isinstance(content, str) else content
    with suppress(OSError):
        return target.stat().st_size == len(payload) and target.read_bytes() == payload
    return False


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write `content` as `open_atomic` does.

    Raises:
        HierlabError: the file cannot be written; nothing is left behind.
    """
    with open_atomic(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    return Path(path)


@contextmanager
def open_atomic(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file to be written whole or not at all; missing folders are made.

    A regular file is written under a temporary name beside it, then renamed: whatever ends the
    block, an interrupt too, leaves the old file or the new one and nothing else. Symbolic links
    are followed and stay; an existing file keeps its mode and, where that is allowed, its owner.
    Anything else (a device, a pipe, `/dev/stdout`) is written through as it comes.

    Raises:
        HierlabError: the file cannot be written; nothing is left behind.
        BrokenPipeError: who reads the other end of a pipe has left.
    """
    try:
        target, descriptor = _resolved(Path(path))
        if descriptor is not None:
            through = _descriptor(descriptor)
        elif target.exists() and not target.is_file():
            through = os.fdopen(os.open(target, os.O_WRONLY), "wb")
        else:
            through = None
        if through is None:
            with _replacing(target) as stream:
                yield stream
        else:
            with through:
                yield through
    except BrokenPipeError:
        raise
    except OSError as error:
        raise HierlabError(
            f"cannot write {path}: {error.strerror or error}; choose a folder you may write to"
        ) from error


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.stat() if target.exists() else None
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(None, "the file is read-only")
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        if old is None:
            # mkstemp makes private files; an artefact is as readable as any other of the user's.
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(temporary, 0o666 & ~mask)
        else:
            with suppress(OSError):
                os.chown(temporary, old.st_uid, old.st_gid)
            os.chmod(temporary, stat.S_IMODE(old.st_mode))
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _resolved(path: Path) -> tuple[Path, int | None]:
    """Where the links end, or the number of the open file that they name (`/dev/stdout`)."""
    place = path
    for _ in range(_LINKS):
        if found := re.fullmatch(r"/(?:proc/self|dev)/fd/(\d+)", os.path.abspath(place)):
            return place, int(found[1])
        if not place.is_symlink():
            return place, None
        place = place.parent / os.readlink(place)
    raise OSError(None, "too many symbolic links")


def _descriptor(number: int) -> BinaryIO:
    # A name of an open file is no name of the file behind it: that one may be appended to.
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    return os.fdopen(os.dup(number), "wb")


def read_bounded(path: str | Path, limit_bytes: int) -> bytes:
    """Read a file of at most `limit_bytes` bytes.

    Raises:
        HierlabError: missing, unreadable, a folder, or larger than the limit.
    """
    source = Path(path)
    try:
        with source.open("rb") as stream:
            content = stream.read(limit_bytes + 1)
    except OSError as error:
        raise HierlabError(f"cannot read {source}: {error.strerror or error}") from error
    if len(content) > limit_bytes:
        raise HierlabError(
            f"{source} is larger than {limit_bytes / 2**20:.0f} MiB, the limit for such files"
        )
    return content


def cache_folder() -> Path:
    """Where embedded vectors are kept: `HIERLAB_CACHE`, or the user's usual cache folder."""
    if own := os.environ.get("HIERLAB_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hierlab"
