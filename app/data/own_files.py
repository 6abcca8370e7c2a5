"""A visitor's own files, kept for the session: they are chosen by name like what is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Any

import streamlit as st

from app.data.uploads import UploadError
from app.theme.markdown import sentence, short

__all__ = ["OWN", "own_files", "take_file"]

# Stands before the names of one's own, so that none is mistaken for what is served.
OWN = "my "
MAX_OWN = 6


def own_files(kind: str) -> dict[str, bytes]:
    """This visitor's files of one kind by name; another visitor never sees them."""
    kept: dict[str, bytes] = st.session_state.setdefault(f"own_{kind}", {})
    return kept


def take_file(
    title: str,
    label: str,
    kind: str,
    key: str,
    *,
    max_mb: int,
    check: Callable[[bytes, str], object],
    endings: Sequence[str],
    column: Any = st,
) -> None:
    """Take a file from the visitor, keep it, and choose it under `key`.

    Args:
        title: of the button that opens it.
        check: raises UploadError for what cannot be used; it gets the name too.
        endings: those that are meant, for the sentence that refuses others.
    """

    def taken() -> None:
        file = st.session_state.get(f"{key}_file")
        st.session_state.pop(f"{key}_refused", None)
        if file is None:
            return
        content, name = file.getvalue(), file.name
        try:
            if PurePath(name).suffix.lower() not in endings:
                raise UploadError(f"{name} is not a file of these kinds: {_kinds(endings)}.")
            check(content, name)
        except UploadError as error:
            st.session_state[f"{key}_refused"] = sentence(error)
            return
        kept = own_files(kind)
        own = _free_name(OWN + short(PurePath(name).name, 60), content, kept)
        kept.pop(own, None)
        kept[own] = content
        while len(kept) > MAX_OWN:
            del kept[next(iter(kept))]
        st.session_state[key] = own
        st.session_state.pop(f"{key}_missing", None)

    with column.popover(title, icon=":material/upload:", width="stretch"):
        st.file_uploader(
            label,
            key=f"{key}_file",
            on_change=taken,
            max_upload_size=max_mb,
            help="It stays in your session and is forgotten with it; the address names it, and "
            "tells whoever opens it that the file is needed.",
        )
    if refused := st.session_state.get(f"{key}_refused"):
        st.error(refused, icon=":material/error:")


def _free_name(name: str, content: bytes, kept: dict[str, bytes]) -> str:
    """The name, numbered where another file has it."""
    path = PurePath(name)
    found, number = name, 2
    while kept.get(found, content) != content:
        found, number = f"{path.stem} {number}{path.suffix}", number + 1
    return found


def _kinds(endings: Iterable[str]) -> str:
    return ", ".join(ending.lstrip(".") for ending in endings)
