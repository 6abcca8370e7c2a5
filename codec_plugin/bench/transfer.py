"""Tables over other views of the same files: other classifiers, and files without containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codec_plugin.bench.budget import area, difference, subjects_of
from codec_plugin.errors import ConfigError
from codec_plugin.evaluate.rows import CLEAN
from codec_plugin.evaluate.summary import bytes_to_reach, level_names, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codec_plugin.bench.tables import Table

__all__ = ["bare_rows", "bare_table", "transfer_table"]

Row = dict[str, Any]
_NO_PICTURE = "label"
_WANTED = 0.8


def transfer_table(others: Mapping[str, Sequence[Row]], reference: str) -> Table:
    """What classifiers that no codec was trained against make of the same pictures.

    Args:
        others: rows by classifier.
        reference: codec whose paired differences to the others are given.
    """
    from codec_plugin.bench.tables import marked, measure_of, percent

    table = []
    for classifier, rows in others.items():
        level = level_names(rows)[0]
        measure = measure_of(rows, level)
        clean = [row[measure] for row in rows if row["subject"] == CLEAN and row[measure] != ""]
        summary = summarise(rows)
        for name in subjects_of(rows):
            if name == _NO_PICTURE:
                continue
            reach = bytes_to_reach(summary, name, measure, _WANTED)
            try:
                gap = (
                    "" if name == reference else marked(difference(rows, reference, name, measure))
                )
            except ConfigError:
                gap = "-"
            table.append(
                {
                    "classifier": classifier,
                    "codec": name,
                    f"area, {level} %": percent(area(rows, name, measure)),
                    f"{reference} less it": gap,
                    f"bytes for {_WANTED:.0%}": "never" if reach is None else f"{reach:.0f}",
                    "on originals %": f"{100 * sum(clean) / len(clean):.1f}" if clean else "-",
                }
            )
    return table


def bare_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows whose bytes and rates leave out what says nothing of the picture."""
    bare = []
    for row in rows:
        size = row["bytes"] - (row.get("container_bytes") or 0)
        bare.append(row | {"bytes": size, "rate_bpp": row["rate_bpp"] * size / row["bytes"]})
    return bare


def bare_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Areas and bytes for 80 % with and without the container's bytes."""
    from codec_plugin.bench.tables import measure_of, percent

    level = level_names(rows)[0]
    measure = measure_of(rows, level)
    views = {"file": rows, "without container": bare_rows(rows)}
    summaries = {view: summarise(own) for view, own in views.items()}
    table = []
    for name in names:
        if name == _NO_PICTURE:
            continue
        entry = {"codec": name}
        for view, own in views.items():
            reach = bytes_to_reach(summaries[view], name, measure, _WANTED)
            entry[f"area, {view}"] = percent(area(own, name, measure))
            entry[f"bytes for {_WANTED:.0%}, {view}"] = "never" if reach is None else f"{reach:.0f}"
        table.append(entry)
    return table
