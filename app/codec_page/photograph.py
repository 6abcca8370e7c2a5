"""What is known of one photograph at one number of bytes, kept so that a second look is free."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import streamlit as st

from app.codec_page import classification, decoding
from app.codec_page.classification import Answers, Reader
from app.codec_page.decoding import Encoded, Look, Machine
from app.data.label_maps import label_map_files
from app.data.uploads import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CLASSIFIER", "Photograph", "answers_at", "look_at", "reader_of", "show_picture"]

CLASSIFIER = "efficientnet-lite0"
MAX_PIXELS = 2_000_000


@dataclass(frozen=True)
class Photograph:
    """A file under the slider.

    Args:
        checkpoint: what tells the codec's file from others.
        original: (H, W, 3) uint8, or None where only the file was given.
    """

    machine: Machine
    checkpoint: tuple[str, int, int]
    encoded: Encoded
    original: NDArray[np.uint8] | None

    @cached_property
    def source(self) -> str:
        """Under which what is made from the original alone is kept; empty without one."""
        return "" if self.original is None else digest(self.original.tobytes())

    @cached_property
    def key(self) -> str:
        """Under which what is made from the file is kept."""
        model = self.machine.codec.checkpoint.model_id
        return f"{model}-{digest(self.encoded.blob)}-{self.source}"


def look_at(photograph: Photograph, size: int) -> Look:
    """The picture after `size` bytes.

    Raises:
        CodecError: a damaged or foreign file, or too many pixels.
    """
    return _look(photograph.key, size, photograph)


def reader_of(photograph: Photograph) -> Reader:
    """What names the pictures of this photograph's codec."""
    return _reader(photograph.checkpoint, photograph.machine)


def answers_at(photograph: Photograph, reader: Reader, size: int) -> Answers:
    """What is seen in the picture after `size` bytes; empty without a classifier."""
    return _answers(photograph.key, size, reader, photograph)


def show_picture(pixels: NDArray[np.uint8], *, alt: str) -> None:
    """Lay out a picture exactly as it is: Streamlit by itself would make a JPEG of it."""
    png = _png(digest(pixels.tobytes()), pixels)
    st.image(png, width="stretch", output_format="PNG", alt=alt)


@st.cache_data(max_entries=64, show_spinner=False)
def _png(key: str, _pixels: NDArray[np.uint8]) -> bytes:
    return decoding.png_bytes(_pixels, quick=True)


@st.cache_data(max_entries=192, show_spinner=False)  # up to 6 MB each
def _look(key: str, size: int, _photograph: Photograph) -> Look:
    one = _photograph
    return decoding.decode(one.machine, one.encoded, size, one.original, MAX_PIXELS)


@st.cache_resource(max_entries=4, show_spinner="Loading the classifier…")
def _reader(checkpoint: tuple[str, int, int], _machine: Machine) -> Reader:
    return classification.load_reader(_machine.codec, label_map_files(), CLASSIFIER)


@st.cache_data(max_entries=1024, show_spinner=False)
def _answers(key: str, size: int, _reader: Reader, _photograph: Photograph) -> Answers:
    if _reader.recogniser is None:
        return {}
    return classification.read(_reader.recogniser, look_at(_photograph, size).pixels)
