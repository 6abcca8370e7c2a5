"""Conventional codecs beside ours: the file of each that fits into the same bytes.

Their files are made in a thread of their own, a quality at a time, and kept: a newer move of the
slider need not wait for AVIF to finish, and finds what was made already.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import streamlit as st

from app.codec_page.photograph import Photograph, Pixels, psnr_between
from codec_plugin.evaluation.codecs.conventional import (
    decode_conventional,
    encode_conventional,
    fit_conventional,
)

__all__ = ["CONVENTIONAL", "ConventionalLook", "fitting", "kept_file"]

# The slowest last.
CONVENTIONAL = ("jpeg", "webp", "avif")
# How long a newer move waits at most for a file that is being made.
PATIENCE_S = 0.1


@dataclass(frozen=True)
class ConventionalLook:
    """A conventional codec's picture.

    Args:
        pixels: (H, W, 3).
        bytes: of its file.
        psnr_db: against the original.
    """

    pixels: Pixels
    bytes: int
    psnr_db: float


def fitting(
    name: str, photograph: Photograph, size: int, progress: Callable[[int], object]
) -> ConventionalLook:
    """A conventional codec's largest file of at most `size` bytes, or its smallest.

    Args:
        progress: told the quality in work every tenth of a second; a newer move breaks in there.

    Raises:
        CodecError: no such codec here.
    """
    original = photograph.original
    assert original is not None

    def file_of(_name: str, pixels: Pixels, quality: int) -> bytes:
        made = kept_file(name, photograph.source, quality, pixels)
        while True:
            progress(quality)
            try:
                return made.result(PATIENCE_S)
            except TimeoutError:
                continue

    data = fit_conventional(name, original, size, file_of)
    pixels = decode_conventional(data)
    return ConventionalLook(pixels, len(data), psnr_between(original, pixels))


@st.cache_resource(show_spinner=False)
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="conventional")


@st.cache_resource(max_entries=2048, show_spinner=False)
def kept_file(name: str, source: str, quality: int, _pixels: Pixels) -> Future[bytes]:
    """One photograph (H, W, 3) as a file of a conventional codec, being made or made.

    Args:
        source: under which it is kept.
    """
    return _worker().submit(encode_conventional, name, _pixels, quality)
