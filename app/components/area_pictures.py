"""Small pictures of classes in the areas of a treemap or icicle, and beside the pointer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.data.thumbnails import Sheet

if TYPE_CHECKING:
    from app.figures.tree import Node
    from hierlab import LabelMap

__all__ = ["area_cells", "show_area_pictures"]

MOST = 4


def _text(suffix: str) -> str:
    return Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "hierlab_area_pictures", html=_text(".html"), css=_text(".css"), js=_text(".js")
)


def show_area_pictures(
    label_map: LabelMap, nodes: Sequence[Node], sheet: Sheet, *, figure: str
) -> None:
    """Put pictures into a figure that stands on the page; nothing where the sheet has none.

    Args:
        nodes: areas of the figure.
        figure: its key.
    """
    pictures = sheet.as_data()
    areas = area_cells(label_map, nodes, sheet)
    if pictures is None or not areas:
        return
    ids, names = label_map.classes.ids, label_map.classes.names
    told = {
        sheet.cells[key]: name for key, name in zip(ids, names, strict=True) if key in sheet.cells
    }
    told_as = {
        # As Streamlit makes a class of a key.
        "figure": re.sub(r"[^a-zA-Z0-9_-]", "-", figure.strip()),
        "sheet": pictures,
        "areas": areas,
        "names": told,
    }
    # As text: Streamlit loads pandas and pyarrow to see whether a value of another kind is a table.
    _COMPONENT(data={"json": json.dumps(told_as)}, key=f"pictures_{figure}")


def area_cells(label_map: LabelMap, nodes: Sequence[Node], sheet: Sheet) -> dict[str, list[int]]:
    """Squares of the sheet for each area that has any, at most four, the medoid's first."""
    ids = label_map.classes.ids
    found: dict[str, list[int]] = {}
    for node in nodes:
        if node.position is not None:
            keys = [ids[node.position]]
        elif node.spot is not None:
            level = label_map.levels[node.spot.level]
            medoid = level.clusters[node.spot.cluster].medoid
            members = [ids[one] for one in level.members(node.spot.cluster).tolist()]
            with_cell = [key for key in members if key in sheet.cells and key != medoid]
            # Neighbours in the list are often of one kind: some from all over it.
            step = max(1, len(with_cell) // (MOST - 1))
            keys = [medoid, *with_cell[step // 2 :: step]]
        else:
            continue
        cells = [sheet.cells[key] for key in keys if key in sheet.cells]
        if cells:
            found[node.id] = cells[:MOST]
    return found
