"""Files: written whole or not at all, and the shipped ones found from any folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hierlab.errors import HierlabError

__all__ = ["data_path", "hierarchies_path", "read_bounded", "studies_path", "write_atomic"]

_PACKAGE = Path(__file__).resolve().parent


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


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write `content` to a temporary name beside `path`, then rename; parents are made.

    Raises:
        HierlabError: the folder cannot be written; nothing is left behind.
    """
    target = Path(path)
    payload = content.encode() if isinstance(content, str) else content
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
        # mkstemp makes private files; an artefact is as readable as any other file of the user.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise HierlabError(
            f"cannot write {target}: {error.strerror or error}; choose a folder you may write to"
        ) from error
    return target


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
