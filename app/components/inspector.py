"""The inspector: everything about one cluster, or about the whole map if none is chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import streamlit as st

from app.components.followed_class import class_links
from app.components.tables import (
    CONSISTENCY_COLUMNS,
    CONSISTENCY_HELP,
    CONSISTENCY_TITLE,
    LEVEL_COLUMNS,
    chance_sentence,
    class_table,
    cluster_table,
    consistency_rows,
    csv_bytes,
    level_rows,
    levels_at_chance,
    member_table,
)
from app.components.widgets import download, rows_px
from app.data.data_dir import images_of
from app.data.label_maps import Chosen
from app.data.measure_cache import alike, measured
from app.spot import Spot, spot_of_class
from app.theme.markdown import counted, in_markdown, in_table
from hierlab import Cluster
from hierlab.measures.class_similarity import nearest_clusters

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

__all__ = ["show_spot"]

Go: TypeAlias = Callable[..., None]
MAX_IMAGES = 6
MAX_BUTTONS = 12
FACTS_HELP = (
    "Medoid: the class nearest to all others of the cluster. Synset: the WordNet sense that names "
    "it. Confidence: how surely its classes belong to it, 0 to 1, where the method tells. "
    "Wu-Palmer: similarity in WordNet, 0 to 1. Least at home: the class furthest from the others."
)


def show_spot(
    chosen: Chosen, spot: Spot | None, level: int, go: Go, *, position: int | None = None
) -> None:
    """Lay out the inspector; what takes a moment to work out comes last, so that nothing moves.

    What opens does so in the page: a popover goes where its button goes, and when a figure above it
    arrives, that may be out of the window, where nobody can scroll to it.

    Args:
        go: shows another cluster of a map, or none; with a class of it that is followed.
        position: the class that is followed.
    """
    if position is not None:
        _class(chosen, position, go)
    if spot is None:
        _whole(chosen, go)
    else:
        _cluster(chosen, spot, go)
    _downloads(chosen, level)
    if spot is not None:
        return
    report, note = measured(chosen.key, chosen.label_map)
    if report is not None:
        st.caption(CONSISTENCY_TITLE, help=CONSISTENCY_HELP)
        st.markdown(in_table(CONSISTENCY_COLUMNS, consistency_rows(report)))
        if at_chance := levels_at_chance(report):
            st.warning(chance_sentence(at_chance))
    if note:
        st.caption(in_markdown(note))


def _whole(chosen: Chosen, go: Go) -> None:
    label_map = chosen.label_map
    nested = "nested" if label_map.nested else "not nested"
    count = counted(len(label_map.classes), "class")
    st.markdown(f"#### {in_markdown(chosen.name)}")
    st.markdown(f"{count} of {in_markdown(label_map.classes.set)}, {nested}")
    st.markdown(in_table(LEVEL_COLUMNS, level_rows(label_map)))
    top = label_map.levels[0]
    largest = sorted(range(top.k), key=lambda one: (-top.clusters[one].size, one))
    places = [(Spot(0, one), top.clusters[one].name) for one in largest[: MAX_BUTTONS + 1]]
    _buttons(f"Clusters of level {in_markdown(top.name)}", places, chosen, go, total=top.k)
    origin = _folded("Where it comes from", "info")
    if origin.open:
        origin.json({"id": label_map.id, **label_map.provenance}, expanded=True)
    st.caption("Click an area, press a name above, or find a class, to see one cluster here.")


def _class(chosen: Chosen, position: int, go: Go) -> None:
    """One class: its name, its key, and its cluster at each level."""
    label_map = chosen.label_map
    classes = label_map.classes
    name, key = in_markdown(classes.names[position]), in_markdown(classes.ids[position])
    st.markdown(f"Class **{name}**" + (f" ({key})" if name != key else "") + ", which stands in")
    with st.container(horizontal=True, gap="small"):
        for number, level in enumerate(label_map.levels):
            if level.k < len(classes):
                place = spot_of_class(label_map, position, number)
                st.button(
                    f"{in_markdown(level.name)}: {in_markdown(level.clusters[place.cluster].name)}",
                    key=f"class_{number}",
                    on_click=go,
                    args=(label_map, place, position),
                )
    with _folded("Follow it", "conversion_path") as ways:
        if ways.open:
            class_links(classes.ids[position], "", shown=chosen.name)


def _cluster(chosen: Chosen, spot: Spot, go: Go) -> None:
    label_map = chosen.label_map
    level = label_map.levels[spot.level]
    cluster = level.clusters[spot.cluster]
    st.markdown(f"#### {in_markdown(cluster.name)}")
    st.caption(
        f"level {in_markdown(level.name)}, cluster number {spot.cluster} (of 0 to {level.k - 1})"
    )
    _facts(chosen, spot, cluster)
    _jumps(chosen, spot, go)
    st.markdown("**Members**")
    st.dataframe(
        member_table(label_map, spot.level, spot.cluster),
        hide_index=True,
        key="members",
        height=rows_px(cluster.size, 7),
    )
    _images(chosen, spot)
    st.button(
        "Show the whole map",
        on_click=go,
        args=(label_map, None),
        icon=":material/zoom_out_map:",
    )


def _facts(chosen: Chosen, spot: Spot, cluster: Cluster) -> None:
    classes = chosen.label_map.classes
    medoid = classes.names[classes.index[cluster.medoid]]
    facts = [("Classes", f"{cluster.size:,}"), ("Medoid", in_markdown(medoid))]
    if cluster.synset:
        facts.append(("Synset", f"`{cluster.synset}`"))
    if cluster.coverage is not None:
        facts.append(("Name holds for", f"{100 * cluster.coverage:.0f} % of them"))
    if cluster.confidence is not None:
        facts.append(("Confidence", f"{cluster.confidence:.2f}"))
    consistent, _ = measured(chosen.key, chosen.label_map)
    if consistent is not None:
        inside = {one.cluster: one for one in consistent.levels[spot.level].discords}
        if (own := inside.get(spot.cluster)) is not None:
            mean = consistent.levels[spot.level].by_class
            beside = f" (level: {mean:.2f})" if mean is not None else ""
            facts.append(("Wu-Palmer within", f"{own.within:.2f}{beside}"))
            facts.append(("Least at home", in_markdown(own.odd_class)))
    st.markdown("\n".join(f"- {name}: **{value}**" for name, value in facts), help=FACTS_HELP)


def _jumps(chosen: Chosen, spot: Spot, go: Go) -> None:
    """Buttons to the clusters above, below and beside."""
    label_map = chosen.label_map
    level = label_map.levels[spot.level]
    members = level.members(spot.cluster)
    for title, number in (("Inside", spot.level - 1), ("Made of", spot.level + 1)):
        if 0 <= number < len(label_map.levels) and label_map.levels[number].k < len(
            label_map.classes
        ):
            other = label_map.levels[number]
            shared: dict[int, int] = {}
            for label in other.labels[members].tolist():
                shared[label] = shared.get(label, 0) + 1
            ranked = sorted(shared, key=lambda cluster: (-shared[cluster], cluster))
            _buttons(title, [(Spot(number, c), other.clusters[c].name) for c in ranked], chosen, go)
    found = alike(chosen.key, label_map)
    if found is not None and 1 < level.k < len(label_map.classes):
        near = nearest_clusters(level, found.matrix, spot.cluster, 4)
        places = [
            (Spot(spot.level, one.number), f"{one.name} ({one.similarity:.2f})") for one in near
        ]
        _buttons("Nearest", places, chosen, go, help_text=f"By the mean {found.about}.")


def _buttons(
    title: str,
    places: list[tuple[Spot, str]],
    chosen: Chosen,
    go: Go,
    *,
    help_text: str | None = None,
    total: int | None = None,
) -> None:
    st.markdown(f"**{title}**", help=help_text)
    with st.container(horizontal=True, gap="small"):
        for place, name in places[:MAX_BUTTONS]:
            st.button(
                in_markdown(name),
                key=f"jump_{title}_{place.level}_{place.cluster}",
                on_click=go,
                args=(chosen.label_map, place),
            )
        if len(places) > MAX_BUTTONS:
            st.caption(f"and {(total or len(places)) - MAX_BUTTONS:,} more")


def _images(chosen: Chosen, spot: Spot) -> None:
    classes = chosen.label_map.classes
    keys = [classes.ids[one] for one in chosen.label_map.levels[spot.level].members(spot.cluster)]
    found = images_of(keys, MAX_IMAGES)
    if found:
        st.markdown("**Sample images**")
        st.image(
            [str(path) for _, path in found],
            caption=[classes.names[classes.index[key]] for key, _ in found],
            width=96,
        )


def _downloads(chosen: Chosen, level: int) -> None:
    label_map = chosen.label_map
    with _folded("Download", "download") as folded:
        if not folded.open:
            return
        download("Label map (JSON)", label_map.encode, f"{label_map.name}.json")
        download(
            "Classes with their clusters (CSV)",
            lambda: csv_bytes(class_table(label_map)),
            f"{label_map.name}.csv",
        )
        name = label_map.levels[level].name
        download(
            f"Clusters of level {name} (CSV)",
            lambda: csv_bytes(cluster_table(label_map, level)),
            f"{label_map.name}.{name}.csv",
        )
        st.caption("The camera above a figure saves it as a picture.")


def _folded(title: str, icon: str) -> ExpanderContainer:
    """What is folded away; a first page is there sooner without what nobody opened."""
    return st.expander(
        title, key=f"folded_{icon}", on_change="rerun", type="compact", icon=f":material/{icon}:"
    )
