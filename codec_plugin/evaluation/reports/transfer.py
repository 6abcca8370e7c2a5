"""Tables over other views of the same files: other classifiers, and files without containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.reports.summary import level_names
from codec_plugin.evaluation.results_table import CLEAN
from codec_plugin.evaluation.statistics.budget import AREA_RANGE_BPP, area, difference, subjects_of
from codec_plugin.evaluation.statistics.bytes_to_reach import reach_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codec_plugin.evaluation.reports.tables import Table

__all__ = ["bare_rows", "bare_table", "transfer_table"]

Row = dict[str, Any]
_NO_PICTURE = "label"


def transfer_table(
    others: Mapping[str, Sequence[Row]], reference: str, common_bpp: tuple[float, float]
) -> Table:
    """What further classifiers make of the same pictures.

    Args:
        others: rows by classifier.
        reference: codec whose paired differences to the others are given.
        common_bpp: budgets at which all codecs have files; areas are told over them and over all.
    """
    from codec_plugin.evaluation.reports.tables import (
        WANTED_SHARE,
        marked,
        measure_of,
        percent,
        size_text,
    )

    table = []
    for classifier, rows in others.items():
        level = level_names(rows)[0]
        measure = measure_of(rows, level)
        clean = [row[measure] for row in rows if row["subject"] == CLEAN and row[measure] != ""]
        for name in subjects_of(rows):
            if name == _NO_PICTURE:
                continue
            entry = {"classifier": classifier, "codec": name}
            for span in (common_bpp, AREA_RANGE_BPP):
                words = f"{span[0]:g} to {span[1]:g} bpp"
                entry[f"area, {level} %, {words}"] = percent(area(rows, name, measure, span))
                try:
                    gap = difference(rows, reference, name, measure, span)
                    entry[f"{reference} less it, {words}"] = (
                        "" if name == reference else marked(gap)
                    )
                except ConfigError:
                    entry[f"{reference} less it, {words}"] = "-"
            reach = reach_bytes(rows, name, measure, WANTED_SHARE)
            entry[f"bytes for {WANTED_SHARE:.0%} of it on originals"] = size_text(reach)
            entry["on originals %"] = f"{100 * sum(clean) / len(clean):.1f}" if clean else "-"
            table.append(entry)
    return table


def bare_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows whose bytes and rates leave out what says nothing of the picture."""
    bare = []
    for row in rows:
        size = row["bytes"] - (row.get("container_bytes") or 0)
        bare.append(row | {"bytes": size, "rate_bpp": row["rate_bpp"] * size / row["bytes"]})
    return bare


def bare_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Areas and bytes for nearly all of the accuracy, with and without the container's bytes."""
    from codec_plugin.evaluation.reports.tables import WANTED_SHARE, measure_of, percent, size_text

    level = level_names(rows)[0]
    measure = measure_of(rows, level)
    views = {"file": rows, "without container": bare_rows(rows)}
    table = []
    for name in names:
        if name == _NO_PICTURE:
            continue
        entry = {"codec": name}
        for view, own in views.items():
            reach = reach_bytes(own, name, measure, WANTED_SHARE)
            entry[f"area, {view}"] = percent(area(own, name, measure))
            entry[f"bytes for {WANTED_SHARE:.0%} of it on originals, {view}"] = size_text(reach)
        table.append(entry)
    return table
