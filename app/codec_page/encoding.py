"""The codecs that are here, and photographs encoded by them: each once, for all visitors."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.codec_page.photograph import Machine, Pixels, encode, load_machine, shrunk
from app.data.data_dir import served
from codec_plugin.checkpointing.shipped import CHECKPOINTS, shipped_checkpoints

__all__ = ["SIDES", "checkpoints_here", "encoded", "machine_of", "shrunk_once"]

SIDES = (256, 384, 512, 768)


def checkpoints_here() -> dict[str, Path]:
    """Checkpoints by name, shipped and served; without any the page says how to get one."""
    shipped = {name: CHECKPOINTS / f"{name}.safetensors" for name in shipped_checkpoints()}
    checkpoints = {**shipped, **served("codecs", ".safetensors")}
    if not checkpoints:
        st.info(
            "No trained codec is here. Train one with `c2f train`, or put a checkpoint into "
            "the folder `codecs` of the app's data."
        )
    return checkpoints


@st.cache_resource(max_entries=4, show_spinner="Loading the codec…")
def machine_of(checkpoint: tuple[str, int, int]) -> Machine:
    """The codec of a checkpoint, told by its stamp."""
    return load_machine(Path(checkpoint[0]))


@st.cache_resource(max_entries=64, show_spinner="Encoding…")
def encoded(checkpoint: tuple[str, int, int], key: str, _pixels: Pixels) -> bytes:
    """A photograph's whole file; `key` tells content and side."""
    return encode(machine_of(checkpoint), _pixels)


@st.cache_data(max_entries=32, show_spinner=False)
def shrunk_once(key: str, side_px: int, _content: bytes) -> tuple[Pixels, tuple[str, ...]]:
    """`shrunk`, kept by the content's digest."""
    return shrunk(_content, side_px)
