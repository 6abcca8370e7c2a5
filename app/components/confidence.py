"""How sure the classes of a label map are of their clusters."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import address
from app.components.followed_class import class_name, followed
from app.components.widgets import chart, choose_named, choose_one
from app.data.data_dir import stamp
from app.data.label_maps import label_map_files, map_names
from app.figures.confidence import histogram
from app.theme.markdown import in_markdown
from hierlab import HierlabError, load_label_map

__all__ = ["show_confidence"]


@st.cache_data(max_entries=32, show_spinner=False)
def _sure(content: tuple[str, int, int]) -> dict[str, pd.DataFrame]:
    """Class confidences of a map by level; empty if it has none."""
    label_map = load_label_map(Path(content[0]))
    return {
        level.name: pd.DataFrame(
            {
                "class": label_map.classes.names,
                "key": label_map.classes.ids,
                "cluster": [level.clusters[label].name for label in level.labels],
                "confidence": level.class_confidence,
            }
        ).sort_values("confidence", kind="stable", ignore_index=True)
        for level in label_map
        if level.class_confidence
    }


def show_confidence(map_at: DeltaGenerator, level_at: DeltaGenerator) -> None:
    """Lay out how sure the classes of a map are.

    Args:
        map_at, level_at: where the choices of map and level stand.
    """
    known = {}
    files = label_map_files()
    for name in filter(files.__contains__, map_names()):
        try:
            if tables := _sure(stamp(files[name])):
                known[name] = tables
        except HierlabError:
            continue
    if not known:
        st.info(
            "No map here says how sure its classes are; `hierlab build --consensus` and `--stable` "
            "make such maps."
        )
        return
    name = choose_named("Hierarchy", list(known), address.SURE_MAP, column=map_at)
    levels = list(known[name])
    level = choose_one("Level", levels, address.SURE_LEVEL, place=level_at)
    table = known[name][level]
    key = followed()
    own = table[table["key"] == key]
    if key is not None:
        _tell(key, own)
    chart(
        histogram(
            table["confidence"],
            marked=None if own.empty else (own["class"].iloc[0], float(own["confidence"].iloc[0])),
        ),
        lambda: table,
        title="How often a class stays with its cluster (1 = always)",
        source=f"{name}, level {level}",
        key="confidence",
        alt="Histogram of the confidence of the classes",
    )
    st.caption("The table starts with the least sure.")


def _tell(key: str, own: pd.DataFrame) -> None:
    """How sure the class that is followed is."""
    name = in_markdown(class_name(key))
    if own.empty:
        st.caption(f"**{name}** is no class of this map.")
        return
    row = own.iloc[0]
    cluster = in_markdown(row["cluster"])
    st.markdown(f"**{name}** stays with *{cluster}* in {100 * row['confidence']:.0f} % of the runs")
