"""Explore: one hierarchy, looked at from all sides."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import address
from app.components import inspector
from app.components.area_pictures import show_area_pictures
from app.components.class_map import show_class_map
from app.components.notice import with_notice
from app.components.tables import cluster_table
from app.components.widgets import (
    chart,
    choose_map,
    choose_one,
    example_of,
    page_title,
    table_below,
    upload_map,
)
from app.data.label_maps import Chosen
from app.data.measure_cache import positions
from app.data.thumbnails import sheet_of
from app.figures.classmap import class_map
from app.figures.names_beside import BESIDE
from app.figures.sizes import MAX_BARS, sizes_figure
from app.figures.tree import (
    KINDS,
    Kind,
    Node,
    node_of_spot,
    path_of_class,
    tree_figure,
    tree_nodes,
)
from app.spot import Spot, class_of_key, format_spot, parse_spot, spot_of_class
from app.theme.markdown import in_markdown
from hierlab import LabelMap
from hierlab.datasets.class_lists import find_class

VIEWS = (*KINDS, "Class map", "Sizes")
MAX_FOUND = 12


@with_notice("explore")
def render() -> None:
    """Lay out the page."""
    page_title(
        "Explore", "Look at a class hierarchy: click an area to go in, click it again to go out."
    )
    pick, upload, find, level_at, view_at = st.columns(
        [30, 13, 20, 18, 41], vertical_alignment="bottom"
    )
    upload_map(address.MAP, column=upload)
    chosen = choose_map("Hierarchy", address.MAP, column=pick)
    if chosen is None:
        return
    label_map = chosen.label_map
    query = find.text_input(
        "Find a class",
        placeholder=example_of(label_map.classes),
        max_chars=80,
        **address.FIND.widget,
    )
    level = _controls(label_map, level_at, view_at)
    spot, position = _place(label_map, level)
    _found(chosen, level, query)
    left, right = st.columns([2, 1], gap="medium")
    with right:  # first: a browser that has the figure draws nothing else for seconds
        inspector.show_spot(chosen, spot, level, go, position=position)
    with left:
        _picture(chosen, level, spot, position)


def go(label_map: LabelMap, spot: Spot | None, position: int | None = None) -> None:
    """Show another cluster, or none: the address is the state.

    Args:
        position: a class of it to follow.
    """
    address.CLUSTER.go(None if spot is None else format_spot(label_map, spot, position))
    address.CLASS.go(None if position is None else label_map.classes.ids[position])


def _place(label_map: LabelMap, level: int) -> tuple[Spot | None, int | None]:
    """The cluster and the class that the address asks for.

    Another map may have been chosen since: what is carried over is the class.
    """
    asked, followed = address.CLUSTER.asked(), address.CLASS.asked()
    position = class_of_key(label_map, followed)
    spot = parse_spot(label_map, asked, level)
    if spot is None and position is not None:
        spot = spot_of_class(label_map, position, level)
    if (
        spot is not None
        and position is not None
        and spot_of_class(label_map, position, spot.level) != spot
    ):
        position = None
    if spot is not None and "@" not in (asked or ""):
        go(label_map, spot, position)
    if spot is None:
        address.CLUSTER.miss(asked or "", "the whole map")
    if position is None and followed is not None:
        address.CLASS.miss(followed, "the whole map" if spot is None else "the cluster")
    return spot, position


def _controls(label_map: LabelMap, level_at: DeltaGenerator, view_at: DeltaGenerator) -> int:
    """Lay out the choice of level and view; the level, by number.

    A level of single classes draws nothing that the level above it does not.
    """
    levels = label_map.levels
    names = [level.name for level in levels if level.k < len(label_map.classes)]
    names = names or [levels[0].name]
    if len(names) > 1:
        address.LEVEL.settle(names[0])
        asked = address.LEVEL.asked() or ""
        if asked in [level.name for level in levels if level.name not in names]:
            why = f"The level {asked} has a cluster for each class, and draws nothing more."
            address.LEVEL.miss(asked, names[0], why)
        name = level_at.select_slider(
            "Level",
            names,
            value=names[0],  # a browser draws ten areas at once, and a hundred in seconds
            **address.LEVEL.widget,
        )
    else:
        name = names[0]
    choose_one("View", VIEWS, address.VIEW, place=view_at)
    return [level.name for level in levels].index(name)


def _found(chosen: Chosen, level: int, query: str | None) -> None:
    if not query:
        return
    classes = chosen.label_map.classes
    positions = find_class(classes, query)
    if not positions:
        st.info(f"No class here is called {in_markdown(query)}; try a part of its name.")
        return
    with st.container(horizontal=True):
        for position in positions[:MAX_FOUND]:
            spot = spot_of_class(chosen.label_map, position, level)
            cluster = chosen.label_map.levels[level].clusters[spot.cluster]
            st.button(
                f"{in_markdown(classes.names[position])} → {in_markdown(cluster.name)}",
                key=f"found_{classes.ids[position]}",
                on_click=go,
                args=(chosen.label_map, spot, position),
            )
    if len(positions) > MAX_FOUND:
        st.caption(f"and {len(positions) - MAX_FOUND:,} more; type more of the name")


def _picture(chosen: Chosen, level: int, spot: Spot | None, position: int | None) -> None:
    view = address.VIEW.chosen() or VIEWS[0]
    if view in KINDS:
        _tree(chosen, view, level, spot, position)
    elif view == "Sizes":
        _sizes(chosen, level, _at_level(chosen.label_map, spot, position, level))
    else:
        _class_map(chosen, level, spot, position)


def _at_level(
    label_map: LabelMap, spot: Spot | None, position: int | None, level: int
) -> int | None:
    """The cluster to bring out in a view of one level: the chosen one, or that of the class."""
    if position is not None:
        return spot_of_class(label_map, position, level).cluster
    return spot.cluster if spot is not None and spot.level == level else None


@st.cache_data(max_entries=64, show_spinner=False)
def _nodes(key: str, _label_map: LabelMap) -> tuple[Node, ...]:
    return tree_nodes(_label_map)


def _tree(chosen: Chosen, kind: Kind, level: int, spot: Spot | None, position: int | None) -> None:
    nodes = _nodes(chosen.key, chosen.label_map)
    path = "" if position is None else path_of_class(chosen.label_map, position)
    at = node_of_spot(nodes, spot, path)
    # A browser goes into the area of a class at a click, and would show it alone: a figure of
    # another key is drawn anew.
    key = f"tree_{kind}_{chosen.key[:12]}" + ("" if position is None else f"_{position}")

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and (place := clicked_place(nodes, points[0].get("id", ""), at, position)):
            go(chosen.label_map, *place)

    below = max(1, level + 1 - (at.spot.level + 1 if at.spot else 0))
    figure = tree_figure(nodes, kind, depth=below, at=at.id, path=path)
    names_beside = len(figure.data) > 1
    chart(
        figure,
        lambda: cluster_table(chosen.label_map, level),
        title=f"{kind} with names beside: area = classes"
        if names_beside
        else f"{kind}: area = number of classes",
        source=chosen.name,
        key=key,
        alt=f"{kind} of {chosen.name}: {len(nodes)} areas, sized by classes; "
        "the table below has the clusters of the level",
        on_select=clicked,
    )
    show_area_pictures(chosen.label_map, nodes, sheet_of(chosen.label_map.classes.ids), figure=key)
    if names_beside:
        drawn, rows = figure.data
        nameless = len({*drawn.ids} - {*drawn.parents}) - len(rows.ids[1:])
        if nameless:
            st.caption(
                f"{nameless:,} of the smallest have no name here: click the area around them."
            )
    if len(nodes) < 2 or nodes[-1].position is None:
        st.caption("Single classes are left out: there are too many areas to draw.")
    if not chosen.label_map.nested:
        st.caption(
            "The levels of this map are not nested: a cluster stands in several places, "
            "each with its share."
        )


def clicked_place(
    nodes: Sequence[Node], clicked: str, at: Node, position: int | None
) -> tuple[Spot | None, int | None] | None:
    """Where a click on an area leads: a cluster and the class that is followed.

    Args:
        clicked: id of the area, or of the name beside it; None is returned for one that is not
            here.
        at: the area that fills the figure; a click on it leads out.
        position: the class followed so far; a click on it leaves it.
    """
    by_id = {node.id: node for node in nodes}
    node = by_id.get(clicked.removeprefix(BESIDE))
    if node is None:
        return None
    around = by_id.get(node.parent, nodes[0])
    if node.position is not None:
        return around.spot, None if node.position == position else node.position
    return (around if node.id == at.id else node).spot, None


def _select_by_table(chosen: Chosen, level: int, key: str) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points and points[0].get("customdata"):
        go(chosen.label_map, Spot(level, int(points[0]["customdata"][0])))


def _sizes(chosen: Chosen, level: int, shown: int | None) -> None:
    key = f"sizes_{chosen.key[:12]}_{level}"
    found = chosen.label_map.levels[level]
    chart(
        sizes_figure({chosen.name: found}, chosen=shown),
        lambda: cluster_table(chosen.label_map, level),
        title=f"Classes per cluster of level {found.name}",
        source=chosen.name,
        key=key,
        alt=f"Bars of the sizes of {found.k} clusters, largest first",
        on_select=lambda: _select_by_table(chosen, level, key),
    )
    if found.k > MAX_BARS:
        st.caption(f"The {MAX_BARS:,} largest of {found.k:,} clusters are drawn.")


def _class_map(chosen: Chosen, level: int, spot: Spot | None, position: int | None) -> None:
    label_map = chosen.label_map
    mark = st.container()
    wordnet = st.toggle(
        "Lay out by WordNet instead",
        help="Else the places come from what this map was made from: its encoders' prototypes, or, "
        "where they are not here, its own clusters alone.",
        **address.BY_WORDNET.widget,
    )
    with mark, st.spinner("Placing the classes on a plane…"):
        placed = positions(chosen.key, wordnet, label_map)
    if placed is None:
        mark.info(
            "WordNet does not know all of these classes."
            if wordnet
            else "The class map is drawn for at most 5,000 classes."
        )
        return
    points, about = placed
    drawn = [one for one in label_map.levels if one.k < len(label_map.classes)]
    numbers = [label_map.levels.index(one) for one in drawn or label_map.levels[:1]]
    at = spot
    if position is not None:
        at = spot_of_class(label_map, position, level)
    shown = (numbers.index(at.level), at.cluster) if at and at.level in numbers else None

    def on_cluster(place: int, cluster: int) -> None:
        clicked = Spot(numbers[place], cluster)
        go(label_map, None if clicked == spot and position is None else clicked)

    def on_class(clicked: int) -> None:
        if clicked == position:
            go(label_map, spot)
        else:
            go(label_map, spot_of_class(label_map, clicked, level), clicked)

    with mark:
        show_class_map(
            class_map(points, label_map, level, chosen=shown, marked=position),
            sheet_of(label_map.classes.ids),
            key=f"classmap_{chosen.key[:12]}_{wordnet}",
            title=f"Classes on a plane: near means alike (t-SNE of the {about})",
            source=f"{chosen.name} · hierlab",
            alt=f"{len(points)} classes on a plane, with the names of their clusters",
            on_class=on_class,
            on_cluster=on_cluster,
        )
    table_below(lambda: cluster_table(label_map, level), key="classmap_table")
