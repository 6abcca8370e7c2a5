"""Build: a hierarchy of one's own, measured beside the current one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import address
from app.address import Said
from app.components.encoders import BUILT_IN, choose_encoders, show_absent
from app.components.followed_class import class_name, follow_class, followed
from app.components.notice import with_notice
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
from app.components.widgets import chart, choose_map, choose_one, download, page_title, way
from app.data.build_job import BuildJob, BuildRefusedError
from app.data.comparison import telling
from app.data.label_maps import Chosen, keep_own_map, map_of_name
from app.data.measure_cache import agreement_between, measured, people
from app.data.own_files import days_kept, own_files, refusal
from app.data.uploads import MAX_CLASSES_MB, UploadError, class_list_of
from app.figures.tree import path_of_class, tree_figure, tree_nodes
from app.spot import class_of_key
from app.theme.markdown import counted, in_markdown, in_table, sentence
from hierlab import ClassList, HierlabError, LabelMap, list_
from hierlab.builders import get_builder

if TYPE_CHECKING:
    from hierlab._list import Available

MAX_BUILD_CLASSES = 25_000
OWN = "my own list"
ENCODED = {"clip", "consensus"}
JOB, ASKED = "build_job", "build_asked"


@with_notice("build")
def render() -> None:
    """Lay out the page."""
    line = page_title("Build", "Make a hierarchy here and now, and measure it beside another.")
    follow_class("build", place=line)
    available = _available()
    form, result = st.columns([2, 3], gap="large")
    with form:
        wanted = _form(available)
        job: BuildJob | None = st.session_state.get(JOB)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Build",
                key="build_go",
                type="secondary" if job else "primary",
                icon=":material/construction:",
                on_click=_ask,
                disabled=job is not None,
            )
            st.button(
                "Stop",
                key="build_stop",
                icon=":material/stop:",
                on_click=_stop,
                disabled=job is None,
            )
        mark = st.empty()
        if st.session_state.pop(ASKED, False) and wanted:
            _start(wanted)
            st.rerun()
    with result:
        _result()
    if job is not None:  # last: whatever else stands here is laid out by now
        _wait(job, mark)


@st.cache_resource(ttl=60, show_spinner=False)
def _available() -> Available:
    return list_()


def _form(available: Available) -> dict[str, Any] | None:
    """Lay out the choices; the arguments of `hierlab.build`, or None while something is amiss."""
    source = choose_one("Classes", (BUILT_IN, OWN), address.CLASSES)
    classes = _own_classes() if source == OWN else BUILT_IN
    ready = [item.name for item in available.methods if item.ready and item.name != "similarity"]
    usual = ready.index("consensus") if "consensus" in ready else 0
    address.METHOD.settle(ready[usual])
    method = st.selectbox("Method", ready, index=usual, **address.METHOD.widget)
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
        max_chars=80,
        **address.counts_of_size(size).widget,
    )
    arguments["seed"] = (
        st.number_input("Seed", 0, 2**31 - 1, 0, **address.SEED.widget) if builder.seeded else 0
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
        told = sentence(error) if file is None else refusal(file.name, error)
        st.error(told, icon=":material/error:")
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


def _ask() -> None:
    """Note the press: another choice may break into the run of the page that hears of it."""
    st.session_state[ASKED] = True


def _start(arguments: dict[str, Any]) -> None:
    """Begin a build in place of what stands here, which is not what was asked for."""
    for name in ("build_refused", "built", "build_stopped"):
        st.session_state.pop(name, None)
    try:
        st.session_state[JOB] = BuildJob(arguments)
    except BuildRefusedError as error:
        st.session_state["build_refused"] = sentence(error)


def _stop() -> None:
    job: BuildJob | None = st.session_state.pop(JOB, None)
    if job is not None:
        job.stop()
        st.session_state["build_stopped"] = True


def _wait(job: BuildJob, mark: DeltaGenerator) -> None:
    """Show how far it is until it is done; Stop, or any other click, breaks in at each step.

    After another click the page comes here again, and finds the same job.
    """
    while job.running:
        done, total = job.progress or (0, 0)
        words = f"Building: {job.seconds:.0f} s"
        if total:
            words += f", {done} of {total} runs that judge how sure each class is"
        mark.progress(done / total if total else 0.0, words)
        time.sleep(0.2)
    del st.session_state[JOB]
    try:
        _keep_built(job.result())
    except BuildRefusedError as error:
        st.session_state["build_refused"] = sentence(error)
    st.rerun()


def _result() -> None:
    if refused := st.session_state.get("build_refused"):
        st.error(refused, icon=":material/error:")
    if st.session_state.get("build_stopped"):
        st.info("Stopped; nothing of it was kept.")
    built = st.session_state.get("built", "")
    made = map_of_name(built) if built in own_files("maps") else None
    if made is None:
        beside = choose_map("Compare with", address.BESIDE)
        if JOB not in st.session_state:
            st.info("Choose, then press Build: the result appears here, beside this map.")
        if beside is not None:
            _measures(beside)
        return
    st.markdown(f"**New: {in_markdown(made.name)}**")
    actions = st.container()
    _picture(made)
    beside = choose_map("Compare with", address.BESIDE)
    _actions(made, beside, actions)
    if beside is not None:
        _agreement(made, beside)
    shown = [one for one in (made, beside) if one is not None]
    for column, one in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            _measures(one)


def _actions(made: Chosen, beside: Chosen | None, place: DeltaGenerator) -> None:
    """Lay out where the new map may go."""
    with place, st.container(horizontal=True):
        here: Said = {address.MAP: made.name}
        way("Explore it", "explore", here, key="to_explore", icon="account_tree", kind="primary")
        compared: Said = {address.A: made.name}
        if beside is not None:
            compared[address.B] = beside.name
        way("Compare it", "compare", compared, key="to_compare", icon="compare_arrows")
        download("Save as JSON", made.label_map.encode, f"{made.label_map.name}.json")
        if days := days_kept():
            st.toggle(
                f"Keep it here for {days} days",
                key="built_keep",
                on_change=_keep_built,
                args=(made.label_map,),
                help="So that its address works after a reload and for others. Else the pages list "
                "it as “my …” as long as your session lasts.",
            )
    with place.expander("Use it in the codec", icon=":material/compress:", type="compact"):
        _in_codec(made)


def _in_codec(made: Chosen) -> None:
    """How a map gets into the codec: its levels are trained into the blocks of a checkpoint."""
    st.markdown(
        "Its levels may be looked at in any photograph now; the bytes at which each level is told "
        "are trained into a checkpoint, which the command below makes."
    )
    through: Said = {address.THROUGH: made.name}
    way("Look through it in Codec", "codec", through, key="to_codec", icon="visibility")
    name = f"{made.label_map.name}.json"
    st.code(f"c2f train --hierarchy {name} --data photographs/ -o runs/mine", language="bash")


def _agreement(made: Chosen, beside: Chosen) -> None:
    """How much the new map agrees with the other, level by level."""
    try:
        report = agreement_between(made.key, beside.key, made.label_map, beside.label_map)
    except HierlabError as error:
        st.caption(f"The two cannot be compared: {sentence(error)}")
        return
    if told := telling(report):
        st.markdown(f"**Agreement with {in_markdown(beside.name)}** (1 = the same, 0 = chance)")
        rows = [
            (f"{one.first} / {one.second}", one.ari, one.ami, len(one.moves), one.classes)
            for one in told
        ]
        st.markdown(in_table(("levels", "ARI", "AMI", "moved", "of classes"), rows))


def _picture(made: Chosen) -> None:
    label_map = made.label_map
    position = class_of_key(label_map, followed())
    path = "" if position is None else path_of_class(label_map, position)
    if position is not None:
        stands = [
            f"{in_markdown(level.name)}: *{in_markdown(level.clusters[number].name)}*"
            for level in label_map.levels
            if level.k < len(label_map.classes)
            for number in [level.labels[position]]
        ]
        name = in_markdown(class_name(label_map.classes.ids[position], label_map.classes))
        st.markdown(f"**{name}** stands in {', '.join(stands)}")
    chart(
        tree_figure(tree_nodes(label_map), "Treemap", depth=1, path=path),
        lambda: cluster_table(made.label_map, 0),
        title="Treemap: area = number of classes",
        source=made.name,
        key=f"built_tree_{made.key[:12]}",
        alt=f"Treemap of the first level of {made.name}",
    )


def _keep_built(label_map: LabelMap) -> None:
    on_server = bool(st.session_state.get("built_keep"))
    st.session_state["built"] = keep_own_map(label_map, on_server=on_server)


def _measures(chosen: Chosen) -> None:
    label_map = chosen.label_map
    st.markdown(f"**{in_markdown(chosen.name)}**")
    nested = "nested" if label_map.nested else "not nested"
    st.caption(f"{counted(len(label_map.classes), 'class')}, {nested}")
    st.markdown(in_table(LEVEL_COLUMNS, level_rows(label_map)))
    report, note = measured(chosen.key, label_map)
    if note:
        st.caption(in_markdown(note))
    if report is not None:
        st.caption(CONSISTENCY_TITLE, help=CONSISTENCY_HELP)
        st.markdown(in_table(CONSISTENCY_COLUMNS, consistency_rows(report)))
        if at_chance := levels_at_chance(report):
            st.warning(chance_sentence(at_chance))
    if agreements := people(chosen.key, label_map):
        st.caption("Agreement (ARI) with groups that people made, at the level that agrees most")
        best: dict[str, tuple[object, ...]] = {}
        for one in sorted(agreements, key=lambda one: -one.ari):
            best.setdefault(
                one.grouping, (one.grouping, one.groups, one.classes, one.level, one.ari)
            )
        rows = [best[name] for name in sorted(best)]
        st.markdown(in_table(("people's", "groups", "of classes", "level", "ARI"), rows))
