"""Curves: what the bytes buy, from any results.csv or results.csv.gz."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import address
from app.components.followed_class import class_name, follow_class, followed
from app.components.notice import with_notice
from app.components.tables import csv_bytes
from app.components.widgets import (
    chart,
    choose_named,
    choose_one,
    download,
    lacks_codec,
    page_title,
    show_table,
)
from app.data import data_dir
from app.data.own_files import own_files, take_file
from app.data.results import Results, bd_table, panel_table, read_class_results, read_results
from app.data.uploads import MAX_TABLE_MB, UploadError
from app.figures.curves import curve_figure
from app.theme.markdown import counted, in_markdown, sentence
from app.theme.palette import CONVENTIONAL, OURS
from codec_plugin.evaluation.reports.curves import Panel

# Of so many all are drawn at first.
FEW = 6


@with_notice("curves")
def render() -> None:
    """Lay out the page."""
    about = "Accuracy at each level, and PSNR, against the bits of real files."
    follow_class("curves", place=page_title("Curves", about))
    if lacks_codec():
        return
    columns = st.columns([4, 7, 2, 2], vertical_alignment="bottom")
    chosen = _source(columns[0], columns[2])
    if chosen is None:
        st.info(
            "No results are shipped or served here yet. Upload a results.csv of `c2f eval` or "
            "`c2f bench` to see its curves."
        )
        return
    name, content = chosen
    try:
        key = hashlib.sha256(content).hexdigest()
        results = _of_class(key, content) or _read(key, content)
    except UploadError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    _curves(results, name, columns[1], columns[3])
    _gains(results)


@st.cache_resource(max_entries=32, show_spinner="Summarising…")
def _read(key: str, _content: bytes) -> Results:
    return read_results(_content)


@st.cache_resource(max_entries=32, show_spinner="Summarising…")
def _read_class(key: str, of: str, _content: bytes) -> Results | None:
    return read_class_results(_content, of)


def _of_class(key: str, content: bytes) -> Results | None:
    """The results of the followed class's photographs alone, if there are any and it is chosen."""
    asked = followed()
    if asked is None:
        return None
    name = in_markdown(class_name(asked))
    own = _read_class(key, asked, content)
    if own is None:
        st.caption(f"No photograph of **{name}** is in this table; all photographs are drawn.")
        return None
    about = f"Only {counted(own.images, 'photograph')} of {name}"
    return own if st.toggle(about, **address.ONLY.widget) else None


def _check(content: bytes, name: str) -> str:
    _read(hashlib.sha256(content).hexdigest(), content)
    return name


def _source(left: DeltaGenerator, right: DeltaGenerator) -> tuple[str, bytes] | None:
    """Lay out the choice of results: their name and content."""
    known = data_dir.results()
    take_file(
        "results.csv",
        "results",
        address.RESULTS,
        max_mb=MAX_TABLE_MB,
        check=_check,
        endings=(".csv", ".csv.gz"),
        column=right,
    )
    own = own_files("results")
    names = [*list(known)[:1], *reversed(own), *list(known)[1:]]
    if not names:
        return None
    name = choose_named("Results", names, address.RESULTS, column=left)
    return name, own[name] if name in own else known[name].read_bytes()


def _first_codecs(subjects: tuple[str, ...]) -> list[str]:
    """Those that the page opens with: ours and the conventional ones, where there are many."""
    main = [name for name in subjects if name in (*OURS, *CONVENTIONAL)]
    return main if main and len(subjects) > FEW else list(subjects)


def _curves(
    results: Results, name: str, diagram_at: DeltaGenerator, log_at: DeltaGenerator
) -> None:
    titles = [panel.title for panel in results.panels]
    title = choose_one("Diagram", titles, address.DIAGRAM, place=diagram_at)
    log_rate = log_at.toggle("Log axis", True, **address.LOG.widget)
    left, right = st.columns([3, 1], gap="medium")
    first = _first_codecs(results.subjects)
    address.CODECS.settle(first, results.subjects)
    picked = right.pills(
        "Codecs",
        results.subjects,
        default=first,
        selection_mode="multi",
        wrap=True,
        **address.CODECS.widget,
    )
    panel = results.panels[titles.index(title)]
    kept = panel._replace(
        curves=tuple(curve for curve in panel.curves if curve.name in (picked or ()))
    )
    with left:
        _diagram(kept, results, name, picked or (), log_rate=log_rate)


def _diagram(
    kept: Panel, results: Results, name: str, picked: Sequence[str], *, log_rate: bool
) -> None:
    chart(
        curve_figure(kept, results.subjects, log_rate=log_rate),
        lambda: panel_table(kept, picked),
        title=f"{kept.title} ({kept.axis}) against bits per pixel",
        source=f"{name}: {counted(results.images, 'photograph')}, 95 % intervals",
        key="curves",
        alt=f"{kept.title} against bits per pixel for {', '.join(picked) or 'nothing'}",
    )
    download(
        "Points of this diagram (CSV)", lambda: csv_bytes(panel_table(kept, picked)), "curves.csv"
    )
    st.caption(
        f"Means over {counted(results.images, 'photograph')}{_of_fewer(results, picked)} with "
        "95 % bootstrap intervals; filled marks are ends of stages. The camera above the figure "
        "saves it as an SVG."
    )


def _of_fewer(results: Results, picked: Sequence[str]) -> str:
    """Which of the codecs have fewer photographs than the table, in brackets."""
    counts = {row.subject: row.images for row in results.summary if row.subject in picked}
    fewer = [f"{in_markdown(name)} {n}" for name, n in counts.items() if n < results.images]
    return f" ({', '.join(fewer)})" if fewer else ""


def _gains(results: Results) -> None:
    st.markdown("**Gains**")
    left, right = st.columns(2)
    usual = results.subjects.index("jpeg") if "jpeg" in results.subjects else 0
    address.ANCHOR.settle(results.subjects[usual])
    anchor = left.selectbox("Against", results.subjects, index=usual, **address.ANCHOR.widget)
    wanted = right.slider("Accuracy to reach, %", 10, 99, 80, **address.REACH.widget)
    show_table(bd_table(results, anchor, wanted), key="gains")
    st.caption(
        "BD-PSNR: mean gain over the common range of rates (Bjøntegaard 2001); None where that is "
        "too small. Bytes: mean file size at which the mean accuracy first gets there; None where "
        "it never does."
    )
