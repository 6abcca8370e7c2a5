"""What a move of the byte slider draws anew: the picture first, what takes longest last."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app import coding
from app.beside import peer_slots, show_peer
from app.looks import CLASSIFIER, Photograph, answers_at, look_at, reader_of, show_picture
from app.palette import LINES
from app.sureness import sureness
from app.text import in_markdown, sentence
from app.widgets import chart

if TYPE_CHECKING:
    import pandas as pd

    from app.coding import Encoded, Look
    from app.reading import Answers

__all__ = ["cutting"]


@st.fragment
def cutting(photograph: Photograph) -> None:
    """Lay out everything below the choice of photograph."""
    from codec_plugin import CodecError

    encoded = photograph.encoded
    total = len(encoded.blob)
    low = min(encoded.first, total)
    size = _slider(encoded, low, total) if total > low else total
    try:
        found = look_at(photograph, size)
    except CodecError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        show_picture(found.pixels, alt=f"The picture from {size:,} bytes")
        st.caption(f"Decoded from {size:,} of {total:,} bytes")
        _figures(found, encoded)
    with middle:
        if photograph.original is not None:
            show_picture(photograph.original, alt="The original photograph")
            st.caption("The original")
    for warning in found.warnings:
        st.warning(in_markdown(warning))
    beside, sure, files = st.container(), st.container(), st.container()
    with files:
        _downloads(encoded, size, found)
    slots = peer_slots(beside, size) if photograph.original is not None else {}
    for peer in [peer for peer in slots if peer != "avif"]:
        show_peer(slots[peer], peer, photograph, size)
    with right:
        reader = reader_of(photograph)
        if reader.recogniser is None:
            st.info(f"No classifier looks at the picture: {in_markdown(reader.remark)}.")
        else:
            _bars(answers_at(photograph, reader, size))
    if reader.recogniser is not None:
        with sure:
            sureness(photograph, reader, size)
    if "avif" in slots:
        show_peer(slots["avif"], "avif", photograph, size)


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
