"""What a move of the byte slider draws anew: the picture first, what takes longest last."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.codec_page.classification import CLASSIFIER, Answers, answers_at, load_recogniser
from app.codec_page.confidence_curve import show_confidence_curve
from app.codec_page.conventional import CONVENTIONAL, fitting
from app.codec_page.photograph import (
    Look,
    Photograph,
    Pixels,
    damaged_stage,
    look_at,
    png_bytes,
)
from app.components.widgets import chart
from app.data.uploads import digest
from app.figures.answers import answer_figure
from app.query_params import parse_number
from app.theme.markdown import in_markdown, sentence, without_folders
from app.theme.palette import LINES
from codec_plugin import BlockDamagedError, CodecError

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["show_cuts", "stage_strip"]


@st.fragment
def show_cuts(photograph: Photograph) -> None:
    """Lay out everything below the choice of photograph."""
    total = len(photograph.blob)
    size = _slider(photograph, total) if total > photograph.fewest else total
    try:
        look = look_at(photograph, size)
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
    _tell_faults(photograph, size, look)
    left, middle, right = st.columns([3, 3, 4], gap="medium")
    with left:
        _show_picture(look.pixels, alt=f"The picture from {size:,} bytes")
        of = f"{total:,} bytes"
        if not photograph.whole:
            of += f" (the whole file had {photograph.stage_ends[-1]:,})"
        st.caption(f"Decoded from {size:,} of {of}")
        _figures(look, photograph)
    with middle:
        if photograph.original is not None:
            _show_picture(photograph.original, alt="The original photograph")
            st.caption("The original")
    beside, sure, files = st.container(), st.container(), st.container()
    with files:
        _downloads(photograph, size, look)
    slots = _conventional_slots(beside, size) if photograph.original is not None else {}
    for name in [name for name in slots if name != "avif"]:
        _show_conventional(slots[name], name, photograph, size)
    with right:
        recogniser = load_recogniser(photograph)
        if isinstance(recogniser, str):
            why = in_markdown(without_folders(recogniser))
            st.info(f"No classifier looks at the picture: {why}.")
        else:
            _bars(answers_at(photograph, recogniser, size))
    if not isinstance(recogniser, str):
        with sure:
            show_confidence_curve(photograph, recogniser, size)
    if "avif" in slots:
        _show_conventional(slots["avif"], "avif", photograph, size)


def _show_picture(pixels: Pixels, *, alt: str) -> None:
    """Lay out a picture exactly as it is: Streamlit by itself would make a JPEG of it."""
    png = _png(digest(pixels.tobytes()), pixels)
    st.image(png, width="stretch", output_format="PNG", alt=alt)


@st.cache_data(max_entries=64, show_spinner=False)
def _png(key: str, _pixels: Pixels) -> bytes:
    return png_bytes(_pixels, quick=True)


def _conventional_slots(place: DeltaGenerator, size: int) -> dict[str, DeltaGenerator]:
    """Lay out the choice of conventional codecs; where each goes."""
    with place:
        st.markdown(f"**Others at {size:,} bytes** (the largest file that fits, or their smallest)")
        picked = st.pills(
            "Codecs beside it",
            CONVENTIONAL,
            default=list(CONVENTIONAL),
            selection_mode="multi",
            format_func=str.upper,
            key="peers",
            bind="query-params",
            help="AVIF takes a second or two more than the others.",
        )
        # As wide as the pictures above, which leave four tenths (less a gap) to the bars.
        *columns, last = st.columns([3, 3, 4], gap="medium")
        columns.append(last.columns([59, 21], gap=None)[0])
    chosen = [name for name in CONVENTIONAL if name in (picked or ())]
    return dict(zip(chosen, columns, strict=False))


def _show_conventional(place: DeltaGenerator, name: str, photograph: Photograph, size: int) -> None:
    picture, note = place.empty(), place.empty()
    label = name.upper()
    try:
        look = fitting(
            name,
            photograph,
            size,
            lambda quality: note.caption(f"{label} at quality {quality}…"),
        )
    except CodecError as error:
        note.info(sentence(error))
        return
    over = f" (its smallest, {look.bytes - size:,} too many)" if look.bytes > size else ""
    with picture:
        _show_picture(look.pixels, alt=f"{label} at {look.bytes:,} bytes")
    note.caption(f"{label}: {look.bytes:,} bytes{over}, PSNR {look.psnr_db:.2f} dB")


def _tell_faults(photograph: Photograph, size: int, look: Look) -> None:
    """What is wrong with the file, before its picture."""
    damaged = damaged_stage(photograph.stage_ends, size, look.stages_complete)
    if damaged is not None:
        st.error(
            f"The file is damaged in stage {damaged} of {len(photograph.stage_ends)}: the "
            "picture, and what is read in it, come from the stages before. Get the file again.",
            icon=":material/error:",
        )
    for warning in look.warnings[0 if damaged is None else 1 :]:
        st.warning(in_markdown(warning))


def _slider(photograph: Photograph, total: int) -> int:
    low, level_ends = photograph.fewest, photograph.level_ends

    def to(end: int) -> None:
        st.session_state["bytes"] = end

    first = min(max(next(iter(level_ends.values()), total), low), total)
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
    st.html(stage_strip(level_ends, photograph.stage_ends[-1], low, total))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Go to where a level is told:", width="content")
        for level, end in level_ends.items():
            if end <= total:
                st.button(
                    f"{in_markdown(level)} · {end:,} bytes",
                    key=f"to_{level}",
                    on_click=to,
                    args=(end,),
                )
        if total not in level_ends.values():
            st.button(f"all · {total:,} bytes", key="to_all", on_click=to, args=(total,))
    return size


def stage_strip(level_ends: Mapping[str, int], last_end: int, low: int, total: int) -> str:
    """The bytes up to each level as coloured parts of a bar that is as wide as the slider.

    What comes after the last level only makes the picture better.
    """
    parts = []
    begin = low
    ends = list(level_ends.items())
    if last_end > max(level_ends.values(), default=0):
        ends.append(("picture quality", last_end))
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


def _figures(look: Look, photograph: Photograph) -> None:
    with st.container(horizontal=True):
        st.metric("Rate", f"{look.rate_bpp:.3f} bpp", width="content")
        if look.psnr_db is not None:
            st.metric("PSNR", f"{look.psnr_db:.2f} dB", width="content")
    width, height = photograph.size_px
    st.caption(
        f"{look.bytes_used:,} bytes used, {look.stages_complete} of "
        f"{len(photograph.stage_ends)} stages whole; {width} × {height} pixels"
    )


def _bars(answers: Answers) -> None:
    def table() -> pd.DataFrame:
        rows = [
            (level, name, round(100 * share, 1))
            for level, clusters in answers.items()
            for name, share in clusters
        ]
        return pd.DataFrame(rows, columns=["level", "cluster", "probability in %"])

    chart(
        answer_figure(answers),
        table,
        title=f"What {CLASSIFIER} sees in the decoded picture",
        source="c2f",
        key="answers",
        alt="Bars of the most probable clusters at each level",
    )


def _downloads(photograph: Photograph, size: int, look: Look) -> None:
    blob, whole = photograph.blob, photograph.whole
    with st.container(horizontal=True):
        st.download_button(
            f"{'Whole' if whole else 'Uploaded, cut'} .c2f ({len(blob):,} bytes)",
            blob,
            "photo.c2f" if whole else f"photo-{len(blob)}.c2f",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            f"Cut .c2f ({size:,} bytes)",
            blob[:size],
            f"photo-{size}.c2f",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/content_cut:",
            key="cut_file",
        )
        st.download_button(
            "Decoded picture (PNG)",
            lambda: png_bytes(look.pixels),
            "decoded.png",
            "image/png",
            on_click="ignore",
            icon=":material/image:",
            key="decoded_file",
        )
