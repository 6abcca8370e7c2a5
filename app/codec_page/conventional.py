"""Conventional codecs beside ours: their files of one photograph, and what is seen in them.

Their files are made in a thread of their own, a quality at a time, and kept: a newer move of the
slider need not wait for AVIF to finish, and finds what was made already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from app.codec_page.classification import Best, answers_of, best_of, seer
from app.codec_page.photograph import Photograph, Pixels, psnr_between
from app.codec_page.split_view import Entry, picture_address
from app.data.uploads import digest
from codec_plugin.evaluation.codecs.conventional import (
    SWEEPS,
    decode_conventional,
    encode_conventional,
    fit_conventional,
)
from codec_plugin.evaluation.recognition import Recogniser

__all__ = ["entries_of", "kept_file", "seen_in_files"]

# How long a newer move waits at most for a file that is being made.
PATIENCE_S = 0.1
# Told the quality in work every tenth of a second; a newer move of the slider breaks in there.
Progress = Callable[[int], object]


def entries_of(
    name: str,
    photograph: Photograph,
    recogniser: Recogniser | None,
    size: int,
    progress: Progress,
) -> list[Entry]:
    """A codec's pictures in order of bytes: a dozen qualities, and the largest file that fits.

    Args:
        size: into which it fits, if there is one.

    Raises:
        CodecError: no such codec here.
    """
    assert photograph.original is not None
    files = {len(data): data for data in _files(name, photograph, progress)}
    data = fit_conventional(
        name,
        photograph.original,
        size,
        lambda name, pixels, quality: _wait(name, photograph.source, quality, pixels, progress),
    )
    files[len(data)] = data
    who = None if recogniser is None else seer(recogniser)
    return [
        _entry(digest(files[count]), who, files[count], photograph, recogniser)
        for count in sorted(files)
    ]


def seen_in_files(
    name: str, photograph: Photograph, recogniser: Recogniser, progress: Progress
) -> list[tuple[int, Best]]:
    """Bytes of a codec's files, ascending, with the most probable cluster of each level.

    Raises:
        CodecError: no such codec here.
    """
    files = sorted(_files(name, photograph, progress), key=len)
    entries = [
        _entry(digest(data), seer(recogniser), data, photograph, recogniser) for data in files
    ]
    return [(entry["bytes"], entry["answers"]) for entry in entries if entry["answers"]]


def _files(name: str, photograph: Photograph, progress: Progress) -> Iterator[bytes]:
    assert photograph.original is not None
    for quality in SWEEPS[name]:
        yield _wait(name, photograph.source, quality, photograph.original, progress)


def _wait(name: str, source: str, quality: int, pixels: Pixels, progress: Progress) -> bytes:
    made = kept_file(name, source, quality, pixels)
    while True:
        progress(quality)
        try:
            return made.result(PATIENCE_S)
        except TimeoutError:
            continue


@st.cache_data(max_entries=512, show_spinner=False)
def _entry(
    key: str,
    classifier: str | None,
    _data: bytes,
    _photograph: Photograph,
    _recogniser: Recogniser | None,
) -> Entry:
    pixels, original = decode_conventional(_data), _photograph.original
    assert original is not None
    return {
        "bytes": len(_data),
        "note": f"{len(_data):,} bytes, PSNR {psnr_between(original, pixels):.2f} dB",
        "src": picture_address(key, pixels),
        "answers": None if _recogniser is None else best_of(answers_of(_recogniser, pixels)),
    }


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
