"""Stability: a study of what moves a hierarchy, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import address
from app.address import parse_number
from app.components.confidence import show_confidence
from app.components.followed_class import follow_class
from app.components.notice import with_notice
from app.components.widgets import chart, choose_named, choose_one, page_title, rows_px, show_table
from app.data.comparison import agreement_table, move_table
from app.data.data_dir import served, stamp
from app.data.label_maps import keep_own_map
from app.data.studies import axis_table, heatmap_table, partition, share_table, with_short_names
from app.figures.stability import agreement_heatmap, axis_figure, axis_heatmap, share_figure
from app.theme.markdown import in_list, in_markdown, sentence
from hierlab import HierlabError, compare
from hierlab.study.report_cache import kept_report
from hierlab.utils.files import studies_path

if TYPE_CHECKING:
    from hierlab.study.results import Heatmap, StudyReport

AXES = (
    "Two partitions differ in this alone. draw: all classes against a draw of them; halves: the "
    "consensus of one half of the encoders against that of the other."
)
BETWEEN = " ~ "
VIEWS = ("Answer", "Encoders", "Axes", "Variance", "Confidence")


@with_notice("stability")
def render() -> None:
    """Lay out the page."""
    about = "Would another model, prompt or seed have given the same hierarchy?"
    follow_class("stability", place=page_title("Stability", about))
    view_at, study_at, choice_at = st.columns([5, 3, 5], vertical_alignment="top")
    view = choose_one("View", VIEWS, address.PART, place=view_at)
    if view == "Confidence":
        show_confidence(study_at, choice_at)
        return
    studies = _studies()
    if not studies:
        st.info(
            "No study is here. Run `hierlab study`, and put its folder into the folder `studies` "
            "of the app's data. How sure each class is, is under Confidence."
        )
        return
    name = choose_named("Study", list(studies), address.STUDY, column=study_at)
    folder = studies[name]
    try:
        report = _report(stamp(folder / "cells.sqlite"))
    except (HierlabError, OSError) as error:
        st.error(f"This study cannot be read: {sentence(error)}")
        return
    _part(view, report, folder, choice_at)


def _studies() -> dict[str, Path]:
    shipped = studies_path()
    own = (
        {path.parent.name: path.parent for path in sorted(shipped.glob("*/study.json"))}
        if shipped.is_dir()
        else {}
    )
    found = {**own, **served("studies")}
    return {name: path for name, path in found.items() if (path / "cells.sqlite").is_file()}


@st.cache_resource(
    max_entries=8, show_spinner="Working out the study's figures; a new study takes a minute, once…"
)
def _report(content: tuple[str, int, int]) -> StudyReport:
    return kept_report(Path(content[0]).parent)


def _part(view: str, report: StudyReport, folder: Path, choice_at: DeltaGenerator) -> None:
    if view == "Answer":
        _answer(report, folder.name)
    elif view == "Encoders":
        _encoders(report, folder, choice_at)
    else:
        _by_k(view, report, folder.name, choice_at)


def _answer(report: StudyReport, study: str) -> None:
    """The first sentence and one picture; all that is told besides is folded away."""
    first, *others = report.answer or ("This study has nothing to tell yet; resume it.",)
    st.markdown(in_list(first))
    if report.shares:
        _shares(report, min(row.k for row in report.shares), study)
    with st.expander(f"All that the study tells, in {len(others)} more sentences", type="compact"):
        for line in others:
            st.markdown(in_list(line))
        st.caption(f"From {report.cells:,} partitions.")
        for line in report.left_out:
            st.caption("Left out: " + in_markdown(line))


def _by_k(view: str, report: StudyReport, study: str, choice_at: DeltaGenerator) -> None:
    known = sorted({row.k for row in report.agreements} | {row.k for row in report.shares})
    counts = [str(k) for k in known]
    if not counts:
        st.info("This study has nothing to compare yet; resume it.")
        return
    k = int(choose_one("K, number of clusters", counts, address.K, place=choice_at))
    if view == "Axes":
        axes = [row for row in report.agreements if row.k == k]
        chart(
            axis_heatmap(axes),
            lambda: axis_table(axes),
            title=f"Agreement (ARI) along each axis, by method, K = {k}",
            source=f"study {study}",
            key="axis_heatmap",
            alt="Heatmap of the mean adjusted Rand index, axes by methods",
        )
        chart(
            axis_figure(axes),
            lambda: axis_table(axes),
            title=f"The same with 95 % intervals over classes, K = {k}",
            source=f"study {study}",
            key="axes",
            alt="Mean adjusted Rand index with intervals, per axis and method",
        )
        st.caption(AXES)
        return
    _shares(report, k, study)


def _shares(report: StudyReport, k: int, study: str) -> None:
    shares = [row for row in report.shares if row.k == k]
    chart(
        share_figure(shares),
        lambda: share_table(shares),
        title=f"Which choice moves the result most, K = {k}",
        source=f"study {study}",
        key="shares",
        alt="Share of variance per axis with intervals",
    )
    st.caption(
        "Bars of a method: among its partitions; “all”: among those of all methods together. "
        "Whiskers: 95 % intervals. Pale, below: what is left, that no choice explains alone."
    )


def _encoders(report: StudyReport, folder: Path, choice_at: DeltaGenerator) -> None:
    if not report.heatmaps:
        st.info("This study has fewer than two encoders.")
        return
    names = [f"{one.method}, K = {one.k}" for one in report.heatmaps]
    address.GRID.settle(names[0])
    about = "Method and K, the number of clusters"
    name = choice_at.selectbox(about, names, **address.GRID.widget)
    heatmap = report.heatmaps[names.index(name)]
    shown = with_short_names(heatmap)

    def clicked() -> None:
        points = st.session_state["encoders"]["selection"]["points"]
        place = points[0].get("customdata") if points else None
        if isinstance(place, list) and len(place) == 2:
            address.PAIR.go(BETWEEN.join(shown.names[one] for one in place))

    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart(
            agreement_heatmap(shown),
            lambda: heatmap_table(shown),
            title="Agreement (ARI) of every two encoders",
            source=f"study {folder.name}, {name}",
            key="encoders",
            alt=f"Heatmap of the agreement of {len(heatmap.names)} encoders",
            on_select=clicked,
        )
    with right:
        _pair(heatmap, folder)


def _places(heatmap: Heatmap, pair: str) -> tuple[int, int]:
    """Two encoders by name (by number in older addresses); -1 for one that is not here."""
    if BETWEEN in pair:
        known = {name: place for place, name in enumerate(heatmap.names)}
        first, _, second = pair.partition(BETWEEN)
        return known.get(first, -1), known.get(second, -1)
    first, _, second = pair.partition("-")
    last = len(heatmap.names) - 1
    return parse_number(first, 0, last, -1), parse_number(second, 0, last, -1)


def _pair(heatmap: Heatmap, folder: Path) -> None:
    a, b = _places(with_short_names(heatmap), address.PAIR.asked() or "")
    if min(a, b) < 0 or a == b:
        address.PAIR.miss(address.PAIR.asked() or "", "the whole figure")
        st.info("Click a cell to see the two partitions behind it.")
        return
    try:
        maps = [partition(folder, heatmap, place) for place in (a, b)]
        agreement = compare(*maps).levels[0]
    except HierlabError as error:
        st.error(sentence(error))
        return
    st.markdown(f"A: **{in_markdown(maps[0].name)}**, B: **{in_markdown(maps[1].name)}**")
    show_table(
        agreement_table([agreement])[["clusters", "ARI", "AMI", "moved"]],
        key="pair_agreement",
    )
    # Compare has the keys and the matches too; five columns would be cut off here.
    moved = move_table(agreement)[["class", "in A", "in B"]]
    st.dataframe(moved, hide_index=True, key="pair_moves", height=rows_px(len(moved), 8))

    def keep() -> None:
        for side, one in zip((address.A, address.B), maps, strict=True):
            side.choose(keep_own_map(one))

    st.button("Keep both for Compare", on_click=keep, icon=":material/compare_arrows:")
