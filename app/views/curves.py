"""Curves: what the bytes buy, from any results.csv."""

from __future__ import annotations

import hashlib

import streamlit as st

from app import folder
from app.coding import missing
from app.results import Results, bd_table, panel_table, read_results
from app.tables import csv_bytes
from app.text import in_markdown, sentence
from app.uploads import MAX_TABLE_MB, UploadError
from app.widgets import chart, page_title


def render() -> None:
    """Lay out the page."""
    page_title("Curves", "Accuracy at each level, and PSNR, against the bits of real files.")
    if lacking := missing():
        st.info(
            f"This page needs {', '.join(lacking)}, which are not installed. "
            "Run `pip install 'hierlab[codec]'` where the app runs, then start it again."
        )
        return
    content = _source()
    if content is None:
        st.info(
            "No results are shipped or served here yet. Upload a results.csv of `c2f eval` or "
            "`c2f bench` to see its curves."
        )
        return
    try:
        results = _read(hashlib.sha256(content).hexdigest(), content)
    except UploadError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    _curves(results)


@st.cache_resource(max_entries=32, show_spinner="Summarising…")
def _read(key: str, _content: bytes) -> Results:
    return read_results(_content)


def _source() -> bytes | None:
    known = folder.results()
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    name = left.selectbox(
        "Results", list(known) or ["your own"], key="results", bind="query-params"
    )
    with right.popover("Your own results.csv", icon=":material/upload:", width="stretch"):
        file = st.file_uploader(
            "results.csv", type="csv", key="results_file", max_upload_size=MAX_TABLE_MB
        )
    if file is not None:
        content: bytes = file.getvalue()
        return content
    return known[name].read_bytes() if name in known else None


def _curves(results: Results) -> None:
    titles = [panel.title for panel in results.panels]
    if st.session_state.get("diagram") not in (None, *titles):
        del st.session_state["diagram"]
    title = st.segmented_control(
        "Diagram",
        titles,
        default=titles[0],
        required=True,
        key="diagram",
        bind="query-params",
        wrap=True,
    )
    if not set(st.session_state.get("codecs") or ()) <= set(results.subjects):
        del st.session_state["codecs"]
    if st.session_state.get("anchor") not in (None, *results.subjects):
        del st.session_state["anchor"]
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    picked = left.pills(
        "Codecs",
        results.subjects,
        default=list(results.subjects),
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
    from app.figures.curves import curve_figure

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
