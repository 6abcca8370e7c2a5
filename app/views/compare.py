"""Compare: two hierarchies, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app import address
from app.components.followed_class import class_name, follow_class, followed
from app.components.notice import with_notice
from app.components.widgets import (
    chart,
    choose_map,
    choose_one,
    page_title,
    rows_px,
    show_table,
    upload_map,
)
from app.data.comparison import (
    MAX_ROWS,
    agreement_table,
    format_ribbon,
    move_table,
    parse_ribbon,
    ribbon_table,
    ribbons_of,
    shared_classes,
    stand_of,
    telling,
    united,
)
from app.data.label_maps import Chosen
from app.data.measure_cache import agreement_between, people
from app.figures.contingency import contingency_figure
from app.figures.sankey import CLICK, Ribbon, sankey_height_px, sankey_options, strongest
from app.figures.sizes import sizes_figure
from app.theme.markdown import counted, in_markdown, sentence
from hierlab import HierlabError

if TYPE_CHECKING:
    from hierlab.measures.agreement import CompareReport, LevelAgreement

MAX_RIBBONS = 400
MAX_UNITED = 5
MAX_CELLS = 250_000
VIEWS = ("Ribbons", "Who moved", "Heatmap", "Sizes")


@with_notice("compare")
def render() -> None:
    """Lay out the page."""
    line = page_title("Compare", "Where two hierarchies agree, and which classes moved.")
    first, second = _choose_two()
    follow_class("compare", classes=first.label_map.classes if first else None, place=line)
    if first is None or second is None:
        return
    try:
        report = agreement_between(first.key, second.key, first.label_map, second.label_map)
    except HierlabError as error:
        st.error(f"These two cannot be compared: {sentence(error)}")
        return
    if not report.levels:
        st.info("No level of one has a counterpart of like size in the other.")
        return
    pairs = telling(report) or list(report.levels)
    names = [f"{one.first} / {one.second}" for one in pairs]
    shares = [4, 5, 6] if followed() else [4, 6]
    columns = st.columns(shares, vertical_alignment="bottom")
    pair = choose_one("Levels A / B", names, address.LEVELS, place=columns[0])
    view = choose_one("View", VIEWS, address.SHOW, place=columns[1])
    agreement = pairs[names.index(pair)]
    with columns[-1]:
        _followed(agreement, first, second)
    _view(view, agreement, first, second)
    _summary(report, pairs)
    _against_people(first, second)


def _choose_two() -> tuple[Chosen | None, Chosen | None]:
    columns = st.columns([5, 2, 5, 2], vertical_alignment="bottom")
    upload_map(address.A, column=columns[1])
    upload_map(address.B, column=columns[3])
    return (
        choose_map("Hierarchy A", address.A, column=columns[0]),
        choose_map("Hierarchy B", address.B, default=1, column=columns[2]),
    )


def _summary(report: CompareReport, pairs: Sequence[LevelAgreement]) -> None:
    apart = report.only_first + report.only_second
    st.markdown(
        f"{counted(report.shared, 'class')} in both"
        + (f", {apart:,} in only one (left out)." if apart else ".")
    )
    show_table(agreement_table(pairs), key="agreement")
    st.caption(
        "ARI and AMI: 1 = the same, 0 = chance. V is the V-measure; NMI is "
        + in_markdown(report.nmi_warning)
        + "."
    )
    if report.unpaired:
        st.caption("Without a counterpart: " + in_markdown(", ".join(report.unpaired)))


def _followed(agreement: LevelAgreement, first: Chosen, second: Chosen) -> None:
    """Where the class that is followed stands in both, and whether it moved."""
    key = followed()
    if key is None:
        return
    name = in_markdown(class_name(key, first.label_map.classes))
    stands = stand_of(key, agreement, first.label_map, second.label_map)
    if stands is None:
        st.info(f"**{name}** is not a class of both maps.")
        return
    a = first.label_map.level(agreement.first).clusters[stands["a"]].name
    b = second.label_map.level(agreement.second).clusters[stands["b"]].name
    moved = any(one.id == key for one in agreement.moves)
    said = "it **moved**" if moved else "it went with most of its cluster"
    st.markdown(f"**{name}**: in A *{in_markdown(a)}*, in B *{in_markdown(b)}*; {said}.")


def _against_people(first: Chosen, second: Chosen) -> None:
    """Both beside groups that people made of such classes."""
    best: dict[str, dict[str, float]] = {}
    about = {}
    for side, chosen in (("A", first), ("B", second)):
        for one in people(chosen.key, chosen.label_map):
            about[one.grouping] = (one.groups, one.classes)
            found = best.setdefault(one.grouping, {})
            found[side] = max(found.get(side, -1.0), one.ari)
    if not best:
        return
    st.markdown("**Beside groups that people made**")
    rows = [
        (name, *about[name], found.get("A"), found.get("B")) for name, found in sorted(best.items())
    ]
    columns = ["grouping", "groups", "classes", "A, ARI", "B, ARI"]
    show_table(pd.DataFrame(rows, columns=columns), key="people")
    st.caption(
        "ARI at the level of each map that agrees most. cifar100: Krizhevsky 2009; geirhos16: "
        "Geirhos et al. 2019; the others: BREEDS, Santurkar et al. 2021."
    )


def _view(view: str, agreement: LevelAgreement, first: Chosen, second: Chosen) -> None:
    ribbons = ribbons_of(agreement, first.label_map, second.label_map)
    if view == "Ribbons":
        _ribbons(ribbons, agreement, first, second)
    elif view == "Who moved":
        st.markdown(
            f"**{len(agreement.moves):,} of {agreement.classes:,} classes moved**: they left most "
            "of their cluster of A for a cluster of B that is mostly made of others."
        )
        joined = united(ribbons)
        for home, parts, count in joined[:MAX_UNITED]:
            names = ", ".join(parts[:6]) + (", …" if len(parts) > 6 else "")
            st.caption(
                f"B unites {in_markdown(names)} in {in_markdown(home)} "
                f"({counted(count, 'class')}; these have not moved)."
            )
        if len(joined) > MAX_UNITED:
            st.caption(f"and {len(joined) - MAX_UNITED:,} more such clusters of B")
        moves = move_table(agreement)
        # The class that is followed first.
        moves = moves.sort_values("key", key=lambda keys: keys != followed(), kind="stable")
        st.dataframe(moves, hide_index=True, key="moves", height=rows_px(len(moves), 12))
    elif view == "Heatmap":
        if agreement.k_first * agreement.k_second > MAX_CELLS:
            st.info("There are too many clusters for a heatmap; see who moved instead.")
            return
        _heatmap(ribbons, agreement, first, second)
    else:
        levels = {
            f"A: {first.name}": first.label_map.level(agreement.first),
            f"B: {second.name}": second.label_map.level(agreement.second),
        }
        chart(
            sizes_figure(levels),
            lambda: _size_table(agreement, first, second),
            title="Classes per cluster, each map by size",
            source=f"{first.name} and {second.name}",
            key="two_sizes",
            alt="Bars of the cluster sizes of both maps, largest first",
        )


def _heatmap(
    ribbons: tuple[Ribbon, ...], agreement: LevelAgreement, first: Chosen, second: Chosen
) -> None:
    def clicked() -> None:
        points = st.session_state["contingency"]["selection"]["points"]
        picked = points[0].get("customdata") if points else None
        if isinstance(picked, list) and picked:
            _keep_ribbon(str(picked[0]), agreement, first, second)

    chosen = _chosen_ribbon(ribbons, agreement, first, second)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart(
            contingency_figure(ribbons, first=first.name, second=second.name, chosen=chosen),
            lambda: ribbon_table(ribbons, first.name, second.name),
            title="Classes that each pair of clusters shares",
            source=f"{first.name} and {second.name}",
            key="contingency",
            alt=f"Heatmap of {agreement.k_first} by {agreement.k_second} clusters",
            on_select=clicked,
        )
    with right:
        _inside(chosen, agreement, first, second)
        _choose_in_table(ribbons, agreement, first, second)


def _size_table(agreement: LevelAgreement, first: Chosen, second: Chosen) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (side, cluster.name, cluster.size)
            for side, chosen, level in (
                ("A", first, agreement.first),
                ("B", second, agreement.second),
            )
            for cluster in sorted(chosen.label_map.level(level).clusters, key=lambda c: -c.size)
        ],
        columns=["map", "cluster", "classes"],
    )


def _ribbons(
    ribbons: tuple[Ribbon, ...], agreement: LevelAgreement, first: Chosen, second: Chosen
) -> None:
    shown = strongest(ribbons, MAX_RIBBONS)
    chosen = _chosen_ribbon(ribbons, agreement, first, second)
    key = f"sankey_{agreement.first}_{agreement.second}_{first.key[:8]}_{second.key[:8]}"

    def clicked() -> None:
        event = st.session_state[key].get("chart_event")
        if isinstance(event, str):
            _keep_ribbon(event, agreement, first, second)

    left, right = st.columns([3, 2], gap="medium")
    with left:
        # It registers itself with the running server: it cannot be imported without one.
        from streamlit_echarts import st_echarts

        st_echarts(
            sankey_options(shown, chosen=chosen),
            events={"click": CLICK},
            height=f"{sankey_height_px(shown)}px",
            key=key,
            on_change=clicked,
        )
        st.caption("Left: clusters of A. Right: clusters of B. Width: classes.")
        if len(ribbons) > len(shown):
            st.caption(f"The {len(shown)} widest of {len(ribbons)} ribbons; the table has all.")
    with right:
        _inside(chosen, agreement, first, second)
        _choose_in_table(ribbons, agreement, first, second)


def _chosen_ribbon(
    ribbons: tuple[Ribbon, ...], agreement: LevelAgreement, first: Chosen, second: Chosen
) -> str | None:
    """The ribbon or cluster that the address asks for; a number alone is made into a class."""
    asked = address.RIBBON.asked() or ""
    key = followed()
    if not asked and key is not None:
        asked = f"ab@{key}"
    text = parse_ribbon(asked, agreement, first.label_map, second.label_map)
    ends = {end for one in ribbons for end in (one.id, f"a{one.first}", f"b{one.second}")}
    if text is None or text not in ends:
        address.RIBBON.miss(address.RIBBON.asked() or "", "the whole figure")
        return None
    if "@" not in asked:
        _keep_ribbon(text, agreement, first, second)
    return text


def _keep_ribbon(chosen: str, agreement: LevelAgreement, first: Chosen, second: Chosen) -> None:
    address.RIBBON.go(format_ribbon(chosen, agreement, first.label_map, second.label_map))


def _inside(chosen: str | None, agreement: LevelAgreement, first: Chosen, second: Chosen) -> None:
    if chosen is None:
        st.info("Click a ribbon, a cell or a cluster, or a row of the table, to see its classes.")
        return
    table = shared_classes(chosen, agreement, first.label_map, second.label_map)
    ends = (*table["in A"].unique()[:1], *table["in B"].unique()[:1])
    title = (
        " → ".join(map(in_markdown, ends))
        if "-" in chosen
        else in_markdown(ends[0 if chosen.startswith("a") else 1])
    )
    st.markdown(f"**{title}**: {counted(len(table), 'class')}")
    # What all rows have in common stands in the title.
    known = {"a": ["in A"], "b": ["in B"]}[chosen[0]] if "-" not in chosen else ["in A", "in B"]
    st.dataframe(
        table.drop(columns=known),
        hide_index=True,
        key="inside",
        height=rows_px(len(table), 8),
    )


def _choose_in_table(
    ribbons: tuple[Ribbon, ...], agreement: LevelAgreement, first: Chosen, second: Chosen
) -> None:
    def picked() -> None:
        rows = st.session_state["ribbon_rows"]["selection"]["rows"]
        if rows:
            _keep_ribbon(ribbons[rows[0]].id, agreement, first, second)

    if len(ribbons) > MAX_ROWS:
        st.caption(f"The table has the first {MAX_ROWS:,} of {len(ribbons):,} pairs.")
    with st.expander("All pairs as a table: choose a row", icon=":material/table:"):
        table = ribbon_table(ribbons, first.name, second.name)
        st.dataframe(
            table,
            hide_index=True,
            key="ribbon_rows",
            height=rows_px(len(table), 10),
            on_select=picked,
            selection_mode="single-row",
        )
