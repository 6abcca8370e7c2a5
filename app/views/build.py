"""Build: a hierarchy of one's own, measured beside the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app.components.encoders import BUILT_IN, choose_encoders, show_absent
from app.components.tables import (
    CONSISTENCY_COLUMNS,
    CONSISTENCY_HELP,
    CONSISTENCY_TITLE,
    LEVEL_COLUMNS,
    chance_sentence,
    cluster_table,
    consistency_rows,
    level_rows,
    levels_at_chance,
)
from app.components.widgets import chart, choose_map, choose_one, download, open_page, page_title
from app.data.label_maps import Chosen, keep_own_map, map_of_name
from app.data.measure_cache import measured
from app.data.own_files import days_kept, own_files
from app.data.uploads import MAX_CLASSES_MB, UploadError, class_list_of
from app.figures.tree import tree_figure, tree_nodes
from app.theme.markdown import counted, in_markdown, in_table, sentence
from hierlab import ClassList, HierlabError, LabelMap, build, list_
from hierlab.builders import get_builder

if TYPE_CHECKING:
    from hierlab._list import Available

MAX_BUILD_CLASSES = 25_000
OWN = "my own list"
ENCODED = {"clip", "consensus"}


def render() -> None:
    """Lay out the page."""
    page_title("Build", "Make a hierarchy here and now, and measure it beside another.")
    available = _available()
    form, result = st.columns([2, 3], gap="large")
    with form:
        wanted = _form(available)
        if st.button("Build", type="primary", icon=":material/construction:") and wanted:
            _make(wanted)
    with result:
        _result()


@st.cache_resource(ttl=60, show_spinner=False)
def _available() -> Available:
    return list_()


def _form(available: Available) -> dict[str, Any] | None:
    """Lay out the choices; the arguments of `hierlab.build`, or None while something is amiss."""
    source = choose_one("Classes", (BUILT_IN, OWN), "classes")
    classes = _own_classes() if source == OWN else BUILT_IN
    ready = [item.name for item in available.methods if item.ready and item.name != "similarity"]
    method = st.selectbox(
        "Method",
        ready,
        index=ready.index("consensus") if "consensus" in ready else 0,
        key="method",
        bind="query-params",
    )
    about = {item.name: item.about for item in available.methods}
    st.caption(in_markdown(about[method]))
    builder = get_builder(method)
    arguments: dict[str, Any] = {"method": method, "classes": classes}
    if builder.needs == "vectors":
        arguments |= choose_encoders(available, classes, several=method == "consensus")
    size = len(classes) if isinstance(classes, ClassList) else 1000
    text = st.text_input(
        "Clusters per level, coarse to fine",
        "10,100,1000" if size >= 1000 else f"{max(2, size // 10)},{size}",
        key=f"counts_{min(size, 1000)}",
        bind="query-params",
        max_chars=80,
    )
    arguments["seed"] = (
        st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params")
        if builder.seeded
        else 0
    )
    show_absent(available)
    if classes is None or (builder.needs == "vectors" and not arguments.keys() & ENCODED):
        return None
    arguments["k"] = counts_of(text or "")
    if arguments["k"] is None:
        st.error(
            "Clusters per level are whole numbers with commas, such as 10,100,1000; "
            f"{in_markdown(text or 'nothing')} cannot be read."
        )
        return None
    return arguments


def counts_of(text: str) -> tuple[int, ...] | None:
    """Read `10,100,1000`; None for anything else."""
    parts = [part.strip() for part in text.split(",")]
    good = all(part.isascii() and part.isdigit() and len(part) <= 7 for part in parts)
    return tuple(map(int, parts)) if good else None


def _own_classes() -> ClassList | None:
    pasted = st.text_area(
        "Paste classes, one a line",
        key="pasted",
        height=140,
        max_chars=200_000,
        placeholder="tabby\ngolden retriever\nteapot\n…",
    )
    file = st.file_uploader(
        "or upload a list",
        key="class_file",
        max_upload_size=MAX_CLASSES_MB,
    )
    content, suffix = (pasted or "").encode(), ".txt"
    if file is not None:
        content, suffix = file.getvalue(), "." + file.name.rpartition(".")[2].lower()
    if not content.strip():
        st.caption("At least two classes are needed.")
        return None
    try:
        classes = class_list_of(content, suffix)
    except UploadError as error:
        st.error(sentence(error), icon=":material/error:")
        return None
    if len(classes) > MAX_BUILD_CLASSES:
        st.error(
            f"The page builds up to {MAX_BUILD_CLASSES:,} classes; use hierlab build for more."
        )
        return None
    st.caption(counted(len(classes), "class"))
    if len(classes) < 2:
        st.caption("At least two classes are needed.")
        return None
    return classes


@st.cache_resource(max_entries=16, show_spinner="Building…")
def _built(key: str, _arguments: dict[str, Any]) -> LabelMap:
    return build(**_arguments)


def _make(arguments: dict[str, Any]) -> None:
    classes = arguments["classes"]
    content = classes.hash + repr(classes.names) if isinstance(classes, ClassList) else classes
    key = repr(sorted((name, value) for name, value in arguments.items() if name != "classes"))
    try:
        label_map = _built(key + content, arguments)
    except HierlabError as error:
        st.session_state["build_refused"] = sentence(error)
        st.session_state.pop("built", None)  # what stands there is not what was asked for
        return
    st.session_state.pop("build_refused", None)
    _keep_built(label_map)


def _result() -> None:
    if refused := st.session_state.get("build_refused"):
        st.error(refused, icon=":material/error:")
    built = st.session_state.get("built", "")
    made = map_of_name(built) if built in own_files("maps") else None
    beside = choose_map("Compare with", "beside")
    if made is None:
        st.info("Choose, then press Build: the result appears here, beside this map.")
    shown = [one for one in (made, beside) if one is not None]
    for column, one in zip(st.columns(max(len(shown), 1)), shown, strict=False):
        with column:
            _measures(one, new=one is made)
    if made is None:
        return
    _picture(made)
    with st.container(horizontal=True):
        download("Save as JSON", made.label_map.encode, f"{made.label_map.name}.json")
        if st.button("Open in Explore", icon=":material/account_tree:"):
            open_page("explore", map=made.name)
        if st.button("Compare it", icon=":material/compare_arrows:"):
            open_page("compare", a=made.name, **({} if beside is None else {"b": beside.name}))
    if days := days_kept():
        st.toggle(
            f"Keep it on this server for {days} days, so that its address works for others too",
            key="built_keep",
            on_change=_keep_built,
            args=(made.label_map,),
        )
    st.caption("Explore and Compare list it as “my …”; unless kept here, as long as your session.")


def _picture(made: Chosen) -> None:
    chart(
        tree_figure(tree_nodes(made.label_map), "Treemap", depth=1),
        lambda: cluster_table(made.label_map, 0),
        title="Treemap: area = number of classes",
        source=made.name,
        key=f"built_tree_{made.key[:12]}",
        alt=f"Treemap of the first level of {made.name}",
    )


def _keep_built(label_map: LabelMap) -> None:
    on_server = bool(st.session_state.get("built_keep"))
    st.session_state["built"] = keep_own_map(label_map, on_server=on_server)


def _measures(chosen: Chosen, *, new: bool) -> None:
    label_map = chosen.label_map
    st.markdown(f"**{'New: ' if new else ''}{in_markdown(chosen.name)}**")
    nested = "nested" if label_map.nested else "not nested"
    st.caption(f"{counted(len(label_map.classes), 'class')}, {nested}")
    st.markdown(in_table(LEVEL_COLUMNS, level_rows(label_map)))
    report = measured(chosen.key, label_map)
    if report is None:
        st.caption("Wu-Palmer cannot be measured: the classes are not WordNet ids.")
    else:
        st.caption(CONSISTENCY_TITLE, help=CONSISTENCY_HELP)
        st.markdown(in_table(CONSISTENCY_COLUMNS, consistency_rows(report)))
        if at_chance := levels_at_chance(report):
            st.warning(chance_sentence(at_chance))
    top = label_map.levels[0]
    rows = sorted(((one.name, one.size) for one in top.clusters), key=lambda row: -row[1])
    st.dataframe(
        pd.DataFrame(rows, columns=[f"{top.name} cluster", "classes"]),
        hide_index=True,
        key=f"built_top_{new}",
        height=280,
    )
