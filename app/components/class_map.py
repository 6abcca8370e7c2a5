"""The map of the classes: what the browser is given to draw, and what a click sends back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app.data.thumbnails import Sheet
from app.figures.classmap import ClassMap

__all__ = ["show_class_map"]


def _text(suffix: str) -> str:
    return Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "hierlab_class_map", html=_text(".html"), css=_text(".css"), js=_text(".js")
)


def show_class_map(
    class_map: ClassMap,
    sheet: Sheet,
    *,
    key: str,
    title: str,
    source: str,
    alt: str,
    on_class: Callable[[int], None],
    on_cluster: Callable[[int, int], None],
) -> None:
    """Lay out the map.

    Args:
        sheet: small pictures of the classes.
        key: of what is drawn: under another the map is seen whole again.
        alt: what stands there, for those who do not see it.
        on_class: called with the position of a class that was clicked.
        on_cluster: called with the level's place among those drawn, and the cluster's number.
    """
    widget = f"{key}_map"

    def picked() -> None:
        found: Any = st.session_state[widget]["picked"]
        if not isinstance(found, dict):
            return
        numbers = {name: one for name, one in found.items() if isinstance(one, int)}
        if 0 <= numbers.get("class", -1) < len(class_map["names"]):
            on_class(numbers["class"])
        elif 0 <= (level := numbers.get("level", -1)) < len(class_map["levels"]):
            cluster = numbers.get("cluster", -1)
            if 0 <= cluster < len(class_map["levels"][level]["clusters"]):
                on_cluster(level, cluster)

    cells = {one: sheet.cells[one] for one in class_map["keys"] if one in sheet.cells}
    pictures = sheet.as_data()
    told = {
        "key": key,
        "title": title,
        "source": source,
        "alt": alt,
        "map": class_map,
        "sheet": {**pictures, "cells": cells} if pictures and cells else None,
    }
    # As text: Streamlit loads pandas and pyarrow to see whether a value of another kind is a table.
    _COMPONENT(data={"json": json.dumps(told)}, key=widget, on_picked_change=picked)
