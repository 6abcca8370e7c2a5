"""The conventional codecs at the same bytes, beside the picture under the slider.

Their files are made in a thread of their own, a quality at a time, and kept: a newer move of the
slider need not wait for AVIF to finish, and finds what was made already.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import streamlit as st

from app.codec_page import conventional
from app.codec_page.photograph import show_picture
from app.theme.markdown import sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from streamlit.delta_generator import DeltaGenerator

    from app.codec_page.photograph import Photograph

__all__ = ["peer_slots", "show_peer"]

# How long a newer move waits at most for a file that is being made.
PATIENCE_S = 0.1


def peer_slots(place: DeltaGenerator, size: int) -> dict[str, DeltaGenerator]:
    """Lay out the choice of conventional codecs; where each goes."""
    with place:
        st.markdown(f"**Others at {size:,} bytes** (the largest file that fits, or their smallest)")
        picked = st.pills(
            "Codecs beside it",
            conventional.PEERS,
            default=list(conventional.PEERS),
            selection_mode="multi",
            format_func=str.upper,
            key="peers",
            bind="query-params",
            help="AVIF takes a second or two more than the others.",
        )
        # As wide as the pictures above, which leave four tenths (less a gap) to the bars.
        *columns, last = st.columns([3, 3, 4], gap="medium")
        columns.append(last.columns([59, 21], gap=None)[0])
    chosen = [peer for peer in conventional.PEERS if peer in (picked or ())]
    return dict(zip(chosen, columns, strict=False))


def show_peer(place: DeltaGenerator, peer: str, photograph: Photograph, size: int) -> None:
    """Fill the place of one conventional codec."""
    from codec_plugin import CodecError

    pixels = photograph.original
    assert pixels is not None
    picture, note = place.empty(), place.empty()

    def file_of(quality: int) -> bytes:
        made = _file(peer, photograph.source, quality, pixels)
        while True:
            # Each mark is a place where a newer move of the slider breaks in.
            note.caption(f"{peer.upper()} at quality {quality}…")
            try:
                return made.result(PATIENCE_S)
            except TimeoutError:
                continue

    try:
        found = conventional.beside(peer, pixels, size, file_of)
    except CodecError as error:
        note.info(sentence(error))
        return
    over = f" (its smallest, {found.bytes - size:,} too many)" if found.bytes > size else ""
    with picture:
        show_picture(found.pixels, alt=f"{peer.upper()} at {found.bytes:,} bytes")
    note.caption(f"{peer.upper()}: {found.bytes:,} bytes{over}, PSNR {found.psnr_db:.2f} dB")


@st.cache_resource(show_spinner=False)
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="peers")


@st.cache_resource(max_entries=2048, show_spinner=False)
def _file(peer: str, key: str, quality: int, _pixels: NDArray[np.uint8]) -> Future[bytes]:
    return _worker().submit(conventional.encoded, peer, _pixels, quality)
