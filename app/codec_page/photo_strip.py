"""Small pictures of the photographs that are here, side by side; a click chooses one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from app.data.data_dir import about_photo
from app.data.thumbnails import sheet_of_files

__all__ = ["photo_strip"]

MOST = 24


def _text(suffix: str) -> str:
    return Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "hierlab_photo_strip", html=_text(".html"), css=_text(".css"), js=_text(".js")
)


def photo_strip(files: Mapping[str, Path], chosen: str, on_choice: Callable[[str], None]) -> None:
    """Lay out the strip, of the first two dozen photographs.

    Args:
        files: by name.
        chosen: the name of the one that is shown.
        on_choice: called with the name that the visitor clicked.
    """
    shown = dict(list(files.items())[:MOST])
    sheet = sheet_of_files(shown)
    photographs = []
    for name, cell in sheet.cells.items():
        about = about_photo(files[name])
        failure = about is not None and about.example == "failure"
        photographs.append({"name": name, "cell": cell, "mark": "a failure" if failure else ""})

    def changed() -> None:
        name = st.session_state["photo_strip"]["chosen"]
        if name in shown:
            on_choice(name)

    if photographs:
        _COMPONENT(
            key="photo_strip",
            data={"sheet": sheet.as_data(), "photographs": photographs, "chosen": chosen},
            on_chosen_change=changed,
        )
