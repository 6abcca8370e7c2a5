"""What a move of the byte slider draws anew: the picture first, what takes longest last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app import coding, peers
from app.coding import Answers, Encoded, Look, Machine, Reader
from app.maps import label_map_files
from app.palette import LINES
from app.text import in_markdown, sentence
from app.uploads import digest
from app.widgets import chart

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["Photograph", "cutting"]

CLASSIFIER = "efficientnet-lite0"
MAX_PIXELS = 2_000_000
# Up to here a dozen numbers of bytes are looked at unasked.
MAX_SWEPT_PIXELS = 600_000


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
    def key(self) -> str:
        """Under which everything made from it is kept."""
        source = "" if self.original is None else digest(self.original.tobytes())
        model = self.machine.codec.checkpoint.model_id
        return f"{model}-{digest(self.encoded.blob)}-{source}"


@st.cache_data(max_entries=192, show_spinner=False)  # up to 6 MB each
def _look(key: str, size: int, _photograph: Photograph) -> Look:
    one = _photograph
    return coding.decode(one.machine, one.encoded, size, one.original, MAX_PIXELS)


@st.cache_resource(max_entries=4, show_spinner="Loading the classifier…")
def _reader(checkpoint: tuple[str, int, int], _machine: Machine) -> Reader:
    return coding.load_reader(_machine, label_map_files(), CLASSIFIER)


@st.cache_data(max_entries=1024, show_spinner=False)
def _answers(key: str, size: int, _reader: Reader, _photograph: Photograph) -> Answers:
    if _reader.recogniser is None:
        return {}
    return coding.read(_reader.recogniser, _look(key, size, _photograph).pixels)


@st.cache_data(max_entries=1024, show_spinner=False)
def _peer_file(peer: str, key: str, quality: int, _pixels: NDArray[np.uint8]) -> bytes:
    return peers.encoded(peer, _pixels, quality)


@st.fragment
def cutting(photograph: Photograph) -> None:
    """Lay out everything below the choice of photograph."""
    from codec_plugin import CodecError

    encoded = photograph.encoded
    total = len(encoded.blob)
    low = min(encoded.first, total)
    size = _slider(encoded, low, total) if total > low else total
    try:
        found = _look(photograph.key, size, photograph)
    except CodecError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        st.image(found.pixels, width="stretch", alt=f"The picture from {size} bytes")
        st.caption(f"Decoded from {size:,} of {total:,} bytes")
    with middle:
        if photograph.original is not None:
            st.image(photograph.original, width="stretch", alt="The original photograph")
            st.caption("The original")
        _figures(found, encoded)
    for warning in found.warnings:
        st.warning(in_markdown(warning))
    beside, sureness, files = st.container(), st.container(), st.container()
    with files:
        _downloads(encoded, size, found)
    slots = _peer_slots(beside, size) if photograph.original is not None else {}
    for peer in [peer for peer in slots if peer != "avif"]:
        _peer(slots[peer], peer, photograph, size)
    with right:
        reader = _reader(photograph.checkpoint, photograph.machine)
        if reader.recogniser is None:
            st.info(f"No classifier looks at the picture: {in_markdown(reader.remark)}.")
        else:
            _bars(_answers(photograph.key, size, reader, photograph))
    if reader.recogniser is not None:
        with sureness:
            _sureness(photograph, reader, size)
    if "avif" in slots:
        _peer(slots["avif"], "avif", photograph, size)


def _slider(encoded: Encoded, low: int, total: int) -> int:
    def to(end: int) -> None:
        st.session_state["bytes"] = end

    held = st.session_state.get("bytes")
    if held is not None and not low <= held <= total:
        st.session_state["bytes"] = min(max(held, low), total)
    first = next(iter(encoded.ends.values()), total)
    size: int = st.slider(
        "Bytes kept",
        low,
        total,
        min(max(first, low), total),
        key="bytes",
        bind="query-params",
        help="Arrow keys move it by a byte, Page Up and Page Down by ten.",
    )
    st.html(_stage_strip(encoded, low, total))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Go to the end of a stage:", width="content")
        for level, end in encoded.ends.items():
            if end <= total:
                st.button(
                    f"{in_markdown(level)} · {end:,} bytes",
                    key=f"to_{level}",
                    on_click=to,
                    args=(end,),
                )
    return size


def _stage_strip(encoded: Encoded, low: int, total: int) -> str:
    """The stages as coloured parts of a bar that is as wide as the slider."""
    parts = []
    begin = low
    for number, (level, end) in enumerate(encoded.ends.items()):
        width = max(min(end, total) - begin, 0)
        if width:
            parts.append(
                f'<span title="stage {escape(level)}: bytes {begin:,} to {min(end, total):,}" '
                f'style="flex:{width};background:{LINES[number % len(LINES)]};color:#fff;'
                "overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding:0 4px;"
                f'border-right:2px solid #fff">{escape(level)}</span>'
            )
            begin = min(end, total)
    return (
        '<div role="img" aria-label="The stages of the file along the slider" style="display:flex;'
        f'font-size:0.75rem;line-height:1.3">{"".join(parts)}</div>'
    )


def _figures(found: Look, encoded: Encoded) -> None:
    with st.container(horizontal=True):
        st.metric("Rate", f"{found.rate_bpp:.3f} bpp", width="content")
        if found.psnr_db is not None:
            st.metric("PSNR", f"{found.psnr_db:.2f} dB", width="content")
    st.caption(
        f"{found.bytes_used:,} bytes used, {found.stages_complete} of "
        f"{len(encoded.ends)} stages whole; {encoded.width_px} × {encoded.height_px} pixels"
    )


def _bars(answers: Answers) -> None:
    from app.figures.answers import answer_figure

    def table() -> pd.DataFrame:
        import pandas as pd

        rows = [
            (level, name, round(100 * share, 1))
            for level, found in answers.items()
            for name, share in found
        ]
        return pd.DataFrame(rows, columns=["level", "cluster", "probability in %"])

    chart(
        answer_figure(answers),
        table,
        title=f"What {CLASSIFIER} sees in the decoded picture",
        key="answers",
        alt="Bars of the most probable clusters at each level",
    )


def _downloads(encoded: Encoded, size: int, found: Look) -> None:
    with st.container(horizontal=True):
        st.download_button(
            f"Whole .c2f ({len(encoded.blob):,} bytes)",
            encoded.blob,
            "photo.c2f",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            f"Cut .c2f ({size:,} bytes)",
            encoded.blob[:size],
            f"photo-{size}.c2f",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/content_cut:",
            key="cut_file",
        )
        st.download_button(
            "Decoded picture (PNG)",
            lambda: coding.png_bytes(found.pixels),
            "decoded.png",
            "image/png",
            on_click="ignore",
            icon=":material/image:",
            key="decoded_file",
        )


def _peer_slots(place: DeltaGenerator, size: int) -> dict[str, DeltaGenerator]:
    """Lay out the choice of conventional codecs; where each goes."""
    with place:
        st.markdown(f"**Others at {size:,} bytes** (the largest file that fits, or their smallest)")
        picked = st.pills(
            "Beside it",
            peers.PEERS,
            default=list(peers.PEERS),
            selection_mode="multi",
            format_func=str.upper,
            key="peers",
            bind="query-params",
            help="AVIF takes a second or two more than the others.",
        )
        columns = st.columns(len(peers.PEERS))
    chosen = [peer for peer in peers.PEERS if peer in (picked or ())]
    return dict(zip(chosen, columns, strict=False))


def _peer(place: DeltaGenerator, peer: str, photograph: Photograph, size: int) -> None:
    from codec_plugin import CodecError

    pixels = photograph.original
    assert pixels is not None
    under = place.container()
    note = under.empty()

    def file_of(quality: int) -> bytes:
        # Each mark is also a place where a newer move of the slider can break in.
        note.caption(f"{peer.upper()} at quality {quality}…")
        return _peer_file(peer, digest(photograph.original.tobytes()), quality, pixels)

    try:
        found = peers.beside(peer, pixels, size, file_of)
    except CodecError as error:
        note.info(sentence(error))
        return
    over = f" (its smallest, {found.bytes - size:,} too many)" if found.bytes > size else ""
    under.image(found.pixels, width="stretch", alt=f"{peer.upper()} at {found.bytes} bytes")
    note.caption(f"{peer.upper()}: {found.bytes:,} bytes{over}, {found.psnr_db:.2f} dB")


def _sureness(photograph: Photograph, reader: Reader, size: int) -> None:
    from app.figures.answers import sureness_figure
    from codec_plugin import CodecError

    encoded, key = photograph.encoded, photograph.key
    if encoded.height_px * encoded.width_px > MAX_SWEPT_PIXELS:
        st.caption("Where each level becomes sure is told of smaller pictures only.")
        return
    sizes = coding.cuts(encoded)
    try:
        with st.spinner("Looking at other numbers of bytes…"):
            looks = [_look(key, one, photograph) for one in sizes]
            answers = [_answers(key, one, reader, photograph) for one in sizes]
    except CodecError as error:
        st.info(sentence(error))
        return
    best = {level: [one[level][0] for one in answers] for level in answers[0]}

    def table() -> pd.DataFrame:
        import pandas as pd

        rows = pd.DataFrame({"bytes": sizes})
        rows["bits per pixel"] = [round(one.rate_bpp, 4) for one in looks]
        if photograph.original is not None:
            rows["PSNR in dB"] = [round(one.psnr_db or 0.0, 2) for one in looks]
        for level, found in best.items():
            rows[level] = [name for name, _ in found]
            rows[f"{level} %"] = [round(100 * share, 1) for _, share in found]
        return rows

    chart(
        sureness_figure(
            sizes,
            {level: [share for _, share in found] for level, found in best.items()},
            encoded.ends,
            now=size,
        ),
        table,
        title="Where each level becomes sure",
        key="sureness",
        alt="Probability of the best cluster at each level against bytes",
    )
    st.caption(_in_words(sizes, best))


def _in_words(sizes: tuple[int, ...], best: dict[str, list[tuple[str, float]]]) -> str:
    """From which bytes on each level is sure."""
    told = []
    for level, found in best.items():
        held = coding.first_sure(sizes, found)
        told.append(
            f"{in_markdown(level)}: not sure within this file"
            if held is None
            else f"{in_markdown(level)}: {in_markdown(found[-1][0])} from {held:,} bytes on"
        )
    least = f"{100 * coding.SURE:.0f} %"
    return f"Sure means at least {least} for one cluster, and no change later. " + "; ".join(told)
