"""What a move of the byte slider draws anew: the picture first, what takes longest last."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from app.codec_page import decoding
from app.codec_page.beside import peer_slots, show_peer
from app.codec_page.confidence_curve import sureness
from app.codec_page.photograph import (
    CLASSIFIER,
    Photograph,
    answers_at,
    look_at,
    reader_of,
    show_picture,
)
from app.components.widgets import chart
from app.query_params import parse_number
from app.theme.markdown import in_markdown, sentence, without_folders
from app.theme.palette import LINES

if TYPE_CHECKING:
    import pandas as pd

    from app.codec_page.classification import Answers
    from app.codec_page.decoding import Encoded, Look

__all__ = ["cutting", "stage_strip"]


@st.fragment
def cutting(photograph: Photograph) -> None:
    """Lay out everything below the choice of photograph."""
    from codec_plugin import CodecError
    from codec_plugin.errors import BlockDamagedError

    encoded = photograph.encoded
    total = len(encoded.blob)
    low = min(encoded.first, total)
    size = _slider(photograph, low, total) if total > low else total
    try:
        found = look_at(photograph, size)
    except BlockDamagedError:
        st.error(
            "The file is damaged in its first stage: nothing of the picture can be trusted. "
            "Get the file again.",
            icon=":material/error:",
        )
        return
    except CodecError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    _tell_faults(encoded, found)
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        show_picture(found.pixels, alt=f"The picture from {size:,} bytes")
        of = f"{total:,} bytes"
        if not encoded.whole:
            of += f" (the whole file had {encoded.stage_ends[-1]:,})"
        st.caption(f"Decoded from {size:,} of {of}")
        _figures(found, encoded)
    with middle:
        if photograph.original is not None:
            show_picture(photograph.original, alt="The original photograph")
            st.caption("The original")
    beside, sure, files = st.container(), st.container(), st.container()
    with files:
        _downloads(encoded, size, found)
    slots = peer_slots(beside, size) if photograph.original is not None else {}
    for peer in [peer for peer in slots if peer != "avif"]:
        show_peer(slots[peer], peer, photograph, size)
    with right:
        reader = reader_of(photograph)
        if reader.recogniser is None:
            why = in_markdown(without_folders(reader.remark))
            st.info(f"No classifier looks at the picture: {why}.")
        else:
            _bars(answers_at(photograph, reader, size))
    if reader.recogniser is not None:
        with sure:
            sureness(photograph, reader, size)
    if "avif" in slots:
        show_peer(slots["avif"], "avif", photograph, size)


def _tell_faults(encoded: Encoded, found: Look) -> None:
    """What is wrong with the file, before its picture."""
    damaged = decoding.damaged_stage(encoded, found)
    if damaged is not None:
        st.error(
            f"The file is damaged in stage {damaged} of {len(encoded.stage_ends)}: the picture, "
            "and what is read in it, come from the stages before. Get the file again.",
            icon=":material/error:",
        )
    for warning in found.warnings[0 if damaged is None else 1 :]:
        st.warning(in_markdown(warning))


def _slider(photograph: Photograph, low: int, total: int) -> int:
    encoded = photograph.encoded

    def to(end: int) -> None:
        st.session_state["bytes"] = end

    first = min(max(next(iter(encoded.ends.values()), total), low), total)
    # Not bound to the address by Streamlit, which would carry the number into another file: a place
    # in one says nothing of another.
    former = st.session_state.get("bytes_of")
    if former != photograph.key or "bytes" not in st.session_state:
        asked = st.query_params.get("bytes") if former in (None, photograph.key) else None
        st.session_state["bytes"] = parse_number(asked, low, total, first)
    st.session_state["bytes_of"] = photograph.key
    size: int = st.slider(
        "Bytes kept",
        low,
        total,
        key="bytes",
        help="Arrow keys move it by a byte, Page Up and Page Down by ten.",
    )
    if st.query_params.get("bytes") != str(size):
        st.query_params["bytes"] = str(size)
    st.html(stage_strip(encoded, low, total))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Go to where a level is told:", width="content")
        for level, end in encoded.ends.items():
            if end <= total:
                st.button(
                    f"{in_markdown(level)} · {end:,} bytes",
                    key=f"to_{level}",
                    on_click=to,
                    args=(end,),
                )
        if total not in encoded.ends.values():
            st.button(f"all · {total:,} bytes", key="to_all", on_click=to, args=(total,))
    return size


def stage_strip(encoded: Encoded, low: int, total: int) -> str:
    """The bytes up to each level as coloured parts of a bar that is as wide as the slider.

    What comes after the last level only makes the picture better.
    """
    parts = []
    begin = low
    ends = list(encoded.ends.items())
    if encoded.stage_ends[-1] > max(encoded.ends.values(), default=0):
        ends.append(("picture quality", encoded.stage_ends[-1]))
    for number, (level, end) in enumerate(ends):
        width = max(min(end, total) - begin, 0)
        if width:
            parts.append(
                f'<span title="{escape(level)}: bytes {begin:,} to {min(end, total):,}" '
                f'style="flex:{width};background:{LINES[number % len(LINES)]};color:#fff;'
                "overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding:0 4px;"
                f'border-right:2px solid #fff">{escape(level)}</span>'
            )
            begin = min(end, total)
    return (
        '<div role="img" aria-label="The levels along the slider" style="display:flex;'
        f'font-size:0.75rem;line-height:1.3">{"".join(parts)}</div>'
    )


def _figures(found: Look, encoded: Encoded) -> None:
    with st.container(horizontal=True):
        st.metric("Rate", f"{found.rate_bpp:.3f} bpp", width="content")
        if found.psnr_db is not None:
            st.metric("PSNR", f"{found.psnr_db:.2f} dB", width="content")
    st.caption(
        f"{found.bytes_used:,} bytes used, {found.stages_complete} of "
        f"{len(encoded.stage_ends)} stages whole; {encoded.width_px} × {encoded.height_px} pixels"
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
            f"{'Whole' if encoded.whole else 'Uploaded, cut'} .c2f ({len(encoded.blob):,} bytes)",
            encoded.blob,
            "photo.c2f" if encoded.whole else f"photo-{len(encoded.blob)}.c2f",
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
            lambda: decoding.png_bytes(found.pixels),
            "decoded.png",
            "image/png",
            on_click="ignore",
            icon=":material/image:",
            key="decoded_file",
        )
