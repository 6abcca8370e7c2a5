"""Curves: what the bytes buy, from any results.csv."""

from __future__ import annotations

import hashlib

import streamlit as st

from app.components.tables import csv_bytes
from app.components.widgets import (
    chart,
    choose_named,
    follow_options,
    lacks_codec,
    page_title,
)
from app.data import data_dir
from app.data.own_files import own_files, take_file
from app.data.results import Results, bd_table, panel_table, read_results
from app.data.uploads import MAX_TABLE_MB, UploadError
from app.figures.curves import curve_figure
from app.theme.markdown import in_markdown, sentence


def render() -> None:
    """Lay out the page."""
    page_title("Curves", "Accuracy at each level, and PSNR, against the bits of real files.")
    if lacks_codec():
        return
    content = _source()
    if content is None:
        st.info(
            "No results are shipped or served here yet. Upload a results.csv of `c2f eval` or "
            "`c2f bench` to see its curves."
        )
        return
    try:
        key = hashlib.sha256(content).hexdigest()
        results = _read(key, content)
    except UploadError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    _curves(results, key)


@st.cache_resource(max_entries=32, show_spinner="Summarising…")
def _read(key: str, _content: bytes) -> Results:
    return read_results(_content)


def _source() -> bytes | None:
    known = data_dir.results()
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    take_file(
        "Your own results.csv",
        "results.csv",
        "results",
        "results",
        max_mb=MAX_TABLE_MB,
        check=lambda content, _: _read(hashlib.sha256(content).hexdigest(), content),
        endings=(".csv",),
        column=right,
    )
    own = own_files("results")
    names = [*list(known)[:1], *reversed(own), *list(known)[1:]]
    if not names:
        return None
    name = choose_named("table of results", "Results", names, "results", column=left)
    return own[name] if name in own else known[name].read_bytes()


def _curves(results: Results, key: str) -> None:
    titles = [panel.title for panel in results.panels]
    title = st.segmented_control(
        "Diagram",
        titles,
        default=titles[0],
        required=True,
        key="diagram",
        bind="query-params",
        wrap=True,
    )
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    picked = left.pills(
        "Codecs",
        results.subjects,
        default=follow_options("codecs", results.subjects, of=key),
        selection_mode="multi",
        key="codecs",
        bind="query-params",
        wrap=True,
    )
    log_rate = right.toggle("Log axis", True, key="log", bind="query-params")
    panel = results.panels[titles.index(title or titles[0])]
    kept = panel._replace(
        curves=tuple(curve for curve in panel.curves if curve.name in (picked or ()))
    )
    chart(
        curve_figure(kept, results.subjects, log_rate=log_rate),
        lambda: panel_table(kept, picked or ()),
        title=f"{in_markdown(kept.title)} ({in_markdown(kept.axis)}) against bits per pixel",
        key="curves",
        alt=f"{kept.title} against bits per pixel for {', '.join(picked or ('nothing',))}",
    )
    st.download_button(
        "Points of this diagram (CSV)",
        lambda: csv_bytes(panel_table(kept, picked or ())),
        "curves.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    st.caption(
        f"Means over {results.images:,} photographs with 95 % bootstrap intervals; filled marks "
        "are ends of stages. The camera above the figure saves it as a PNG."
    )
    _gains(results)


def _gains(results: Results) -> None:
    st.markdown("**Gains**")
    left, right = st.columns(2)
    usual = results.subjects.index("jpeg") if "jpeg" in results.subjects else 0
    anchor = left.selectbox(
        "Against", results.subjects, index=usual, key="anchor", bind="query-params"
    )
    wanted = right.slider("Accuracy to reach, %", 10, 99, 80, key="reach", bind="query-params")
    st.dataframe(bd_table(results, anchor, wanted), hide_index=True, key="gains")
    st.caption(
        "BD-PSNR: mean gain over the common range of rates (Bjøntegaard 2001); None where that is "
        "too small. Bytes: mean file size at which the mean accuracy first gets there; None where "
        "it never does."
    )
