"""The split view with its slider: what the browser is given to draw, and what it sends back."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import streamlit as st

from app.codec_page.photograph import Pixels, png_bytes

if TYPE_CHECKING:
    from app.codec_page.classification import Best

__all__ = ["Entry", "Stage", "StageLevel", "picture_address", "split_view"]


class Entry(TypedDict):
    """One picture.

    Keys: bytes of its file; note: its facts; src: its address; answers: the most probable cluster
    of each level with its probability 0..1, or None without a classifier.
    """

    bytes: int
    note: str
    src: str
    answers: Best | None


class StageLevel(TypedDict):
    """A part of the byte axis; `told`: whether it is a level, with answers."""

    name: str
    begin: int
    end: int
    colour: str
    told: bool


class Stage(TypedDict):
    """All that the browser draws.

    Keys: key: changes with the file; low, total, size: fewest, most and chosen bytes; cuts: in
    order of bytes; beside: name and entries of what is under the other half, or None; original:
    answers to the original; told: levels of the answers, coarse first; sure: least probability
    that is sure.
    """

    key: str
    width: int
    height: int
    low: int
    total: int
    size: int
    cuts: list[Entry]
    beside: dict[str, object] | None
    original: Best | None
    told: list[str]
    levels: list[StageLevel]
    sure: float


def _text(suffix: str) -> str:
    return Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "hierlab_split_view", html=_text(".html"), css=_text(".css"), js=_text(".js")
)


def split_view(stage: Stage, *, key: str, on_bytes: Callable[[int], None]) -> None:
    """Lay out the view.

    Args:
        on_bytes: called with the bytes that the visitor chose.
    """

    def changed() -> None:
        chosen = st.session_state[key]["bytes"]
        if isinstance(chosen, int | float):
            on_bytes(round(chosen))

    _COMPONENT(key=key, data=dict(stage), on_bytes_change=changed)


@st.cache_data(max_entries=512, show_spinner=False)
def picture_address(key: str, _pixels: Pixels) -> str:
    """A picture exactly as it is, as an address of its own (a PNG: a JPEG would have losses).

    Args:
        key: under which it is kept.
    """
    return "data:image/png;base64," + base64.b64encode(png_bytes(_pixels, quick=True)).decode()
