"""A visitor's own files: kept for the session, or on the server for some days if they ask for it.

A file kept on the server is named with its digest, so that the address alone finds it again: after
a reload, in a second tab, after a restart. Only whoever has that address sees it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

import streamlit as st

from app.address import Choice, asked_values
from app.data.uploads import UploadError, digest
from app.theme.markdown import in_markdown, sentence, short
from hierlab.utils.files import cache_folder, write_atomic

__all__ = [
    "MAX_OWN",
    "days_kept",
    "forget_refused",
    "keep_own",
    "own_files",
    "plain_name",
    "refusal",
    "refuse_file",
    "refused_files",
    "take_file",
    "take_files",
]

# Stands before the names of one's own, so that none is mistaken for what is served.
OWN = "my "
MAX_OWN = 12
REFUSED = "refused_files"
DAYS_VARIABLE = "HIERLAB_APP_KEEP_DAYS"
DAYS = 7
MAX_STORED_BYTES = 2 * 2**30
_STORED = re.compile(r" ~([0-9a-f]{16})$")


def own_files(kind: str) -> dict[str, bytes]:
    """This visitor's files of one kind by name, and what the server keeps that the address names.

    Args:
        kind: `maps`, `photos` or `results`.
    """
    files: dict[str, bytes] = st.session_state.setdefault(f"own_{kind}", {})
    for asked in asked_values():
        key = _STORED.search(asked)
        if key and asked not in files and asked.startswith(OWN):
            content = _stored(kind, key[1])
            if content is not None:
                files[asked] = content
    return files


def keep_own(kind: str, name: str, content: bytes, *, on_server: bool = False) -> str:
    """Keep a file for this visitor; the name it got. The oldest of twelve makes room.

    Args:
        on_server: keep it there too, for `days_kept()`.
    """
    files = own_files(kind)
    own = _free_name(OWN + short(name, 60), content, files)
    if on_server and days_kept():
        own = f"{own} ~{_store(kind, content)}"
    files.pop(own, None)
    files[own] = content
    while len(files) > MAX_OWN:
        del files[next(iter(files))]
    return own


def plain_name(own: str) -> str:
    """The name of a file without the digest that one kept on the server has."""
    return _STORED.sub("", own)


def days_kept() -> int:
    """Days for which the server keeps what a visitor asks it to keep; 0 where it never does."""
    text = os.environ.get(DAYS_VARIABLE, str(DAYS))
    return int(text) if text.isascii() and text.isdigit() else DAYS


def take_file(
    label: str,
    kind: str,
    choice: Choice,
    *,
    max_mb: int,
    check: Callable[[bytes, str], str],
    endings: Sequence[str],
    title: str = "Upload",
    column: Any = st,
) -> None:
    """Take a file from the visitor, keep it, and choose it.

    Args:
        check: gets content and name; the name to keep it under. Raises UploadError for what cannot
            be used.
        endings: those that are meant, for the sentence that refuses others.
        title: of the button that opens it.
    """
    key = choice.name

    def taken() -> None:
        file = st.session_state.get(f"{key}_file")
        if file is None:
            return
        content, name = file.getvalue(), PurePath(file.name).name
        try:
            kept = _checked(content, name, check, endings)
        except UploadError as error:
            refuse_file(key, name, error)
            return
        refuse_file(key, name, None)
        on_server = bool(st.session_state.get(f"{key}_keep"))
        choice.choose(keep_own(kind, kept, content, on_server=on_server))

    with column.popover(title, icon=":material/upload:", width="stretch"):
        if days := days_kept():
            st.toggle(
                f"Keep it on this server for {days} days",
                key=f"{key}_keep",
                on_change=taken,
                help="Then the address works after a reload and for whoever you send it to. Else "
                "the file stays in your session and is forgotten with it.",
            )
        st.file_uploader(label, key=f"{key}_file", on_change=taken, max_upload_size=max_mb)


def refuse_file(key: str, name: str, error: UploadError | None) -> None:
    """Note, to be told, that a file was refused, or that the widget's file was taken.

    Args:
        key: of the widget.
        error: why; None if the file was taken.
    """
    refused: dict[str, str] = st.session_state.setdefault(REFUSED, {})
    refused.pop(key, None)
    if error is not None:
        refused[key] = refusal(name, error)


def refusal(name: str, error: UploadError) -> str:
    """Which file was refused, and why, as Markdown."""
    return f"{in_markdown(short(name, 60))}: {sentence(error)}"


def refused_files() -> list[str]:
    """What was refused and not yet read, a sentence each."""
    return list(st.session_state.get(REFUSED, {}).values())


def forget_refused() -> None:
    """It has been read."""
    st.session_state.pop(REFUSED, None)


def take_files(
    label: str,
    kind: str,
    key: str,
    *,
    max_mb: int,
    check: Callable[[bytes, str], str],
    endings: Sequence[str],
) -> list[str]:
    """Take several files from the visitor, and keep them for the session.

    Those that cannot be used are told and left out, as are those after the twelfth.

    Args:
        check: as in `take_file`.

    Returns:
        The names of those that were kept.
    """

    def taken() -> None:
        kept: list[str] = []
        refused = []
        for file in st.session_state.get(f"{key}_files") or ():
            content, name = file.getvalue(), PurePath(file.name).name
            try:
                if len(kept) == MAX_OWN:
                    raise UploadError(f"At most {MAX_OWN} files are taken at once.")
                kept.append(keep_own(kind, _checked(content, name, check, endings), content))
            except UploadError as error:
                refused.append(refusal(name, error))
        st.session_state[key] = list(dict.fromkeys(kept))
        st.session_state[f"{key}_refused"] = refused

    st.file_uploader(
        label,
        key=f"{key}_files",
        on_change=taken,
        max_upload_size=max_mb,
        accept_multiple_files=True,
    )
    for one in st.session_state.get(f"{key}_refused", ()):
        st.error(one, icon=":material/error:")
    files = own_files(kind)
    return [name for name in st.session_state.get(key, ()) if name in files]


def _checked(
    content: bytes, name: str, check: Callable[[bytes, str], str], endings: Sequence[str]
) -> str:
    if not name.lower().endswith(tuple(endings)):
        kinds = ", ".join(ending.lstrip(".") for ending in endings)
        raise UploadError(f"This is not a file of these kinds: {kinds}.")
    return check(content, name)


def _free_name(name: str, content: bytes, files: dict[str, bytes]) -> str:
    """The name, numbered where another file has it."""
    path = PurePath(name)
    free, number = name, 2
    while files.get(free, content) != content:
        free, number = f"{path.stem} {number}{path.suffix}", number + 1
    return free


def _folder(kind: str) -> Path:
    return cache_folder() / "app-uploads" / kind


def _store(kind: str, content: bytes) -> str:
    """Write a file under its digest, and make room for it; the digest."""
    key = digest(content)
    _folder(kind).mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(_folder(kind) / key, content)
    stored = sorted(_folder(kind).parent.glob("*/*"), key=lambda path: -path.stat().st_mtime)
    total = 0
    for path in stored:
        total += path.stat().st_size
        if total > MAX_STORED_BYTES or not _fresh(path):
            path.unlink(missing_ok=True)
    return key


def _stored(kind: str, key: str) -> bytes | None:
    path = _folder(kind) / key
    try:
        content = path.read_bytes() if _fresh(path) else None
    except OSError:
        return None
    return content if content is not None and digest(content) == key else None


def _fresh(path: Path) -> bool:
    return time.time() - path.stat().st_mtime < 86_400 * days_kept()
