"""How sure the classes of a label map are of their clusters."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from app.components.widgets import chart, choose_named, choose_one
from app.data.data_dir import stamp
from app.data.label_maps import label_map_files
from app.figures.confidence import histogram
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


def show_confidence() -> None:
    """Lay out how sure the classes of a map are."""
    known = {}
    for name, path in label_map_files().items():
        try:
            if tables := _sure(stamp(path)):
                known[name] = tables
        except HierlabError:
            continue
    if not known:
        st.info(
            "No map here says how sure its classes are; `hierlab build --consensus` and `--stable` "
            "make such maps."
        )
        return
    left, right = st.columns(2, vertical_alignment="top")
    name = choose_named("map", "Hierarchy", list(known), "sure_map", column=left)
    levels = list(known[name])
    level = choose_one("Level", levels, "sure_level", place=right)
    table = known[name][level]
    chart(
        histogram(table["confidence"]),
        lambda: table,
        title="How often a class stays with its cluster (1 = always)",
        source=f"{name}, level {level}",
        key="confidence",
        alt="Histogram of the confidence of the classes",
    )
    st.caption("The table starts with the least sure.")
