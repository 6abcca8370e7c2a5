"""Tables over other views of the same files: other classifiers, and files without containers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.reports.cells import marked, percent, size_text
from codec_plugin.evaluation.results_table import CLEAN, subjects_of
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean
from codec_plugin.evaluation.statistics.budget import AREA_RANGE_BPP, Span, area, difference
from codec_plugin.evaluation.statistics.bytes_to_reach import reach_bytes
from codec_plugin.evaluation.statistics.summary import level_names, measure_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codec_plugin.evaluation.reports.cells import Table
    from codec_plugin.evaluation.results_table import Row

__all__ = [
    "NO_PICTURE",
    "WANTED_SHARE",
    "bare_rows",
    "bare_table",
    "judges_table",
    "relation",
    "short_name",
    "transfer_table",
]

NO_PICTURE = "label"
"""Codec that sends the answer itself: nothing for others to look at."""
WANTED_SHARE = 0.9
"""Of the accuracy on the originals: what "bytes to reach" asks for."""


def relation(judge: str, asked: Sequence[str]) -> str:
    """How a judge stands to the classifiers that training or search asked.

    Its family is the first word of five letters or more in its name: `efficientnet` of
    `efficientnet-lite2`, `mobilenet` of `tf2_mobilenet_v2_1.0_224_ptq`. Short names (`lite2`) count
    as what they stand for.

    Args:
        judge: name of a classifier.
        asked: names of those that taught or that a search served.
    Returns:
        `asked`, `sister` (another of a family that was asked), or `never asked`.
    """
    if short_name(judge) in map(short_name, asked):
        return "asked"
    return "sister" if _family(judge) in map(_family, asked) else "never asked"


def _family(name: str) -> str:
    short = short_name(name.lower())
    if re.fullmatch(r"lite\d", short):
        return "efficientnet"
    return next(iter(re.findall(r"mobilenet|[a-z]{5,}", short)), name)


def short_name(judge: str) -> str:
    """A judge as files of shipped rows name it: `lite0` of `efficientnet-lite0`, `mobilenetv2` of
    `tf2_mobilenet_v2_1.0_224_ptq`; others keep their names.
    """
    known = re.search(r"(lite\d|mobilenet_?v\d)", judge)
    return known[0].replace("_", "") if known else judge


def judges_table(judged: Mapping[str, Sequence[Row]], asked: Sequence[str]) -> Table:
    """Each judge's relation to those that were asked, and its accuracy on the originals.

    Args:
        judged: rows by judge.
        asked: names of the classifiers that taught or that a search served.
    """
    table = []
    for judge, rows in judged.items():
        clean = sorted((row for row in rows if row.subject == CLEAN), key=lambda row: row.image)
        entry = {"judge": judge, "relation": relation(judge, asked)}
        entry["photographs"] = str(len(clean))
        for level in level_names(rows):
            values = [v for row in clean if (v := row.value(f"correct_{level}")) is not None]
            entry[f"{level} on originals %"] = percent(bootstrap_mean(values)) if values else "-"
        table.append(entry)
    return table


def transfer_table(
    others: Mapping[str, Sequence[Row]],
    reference: str,
    common_bpp: Span,
    asked: Sequence[str] = (),
) -> Table:
    """What further classifiers make of the same pictures.

    Args:
        others: rows by classifier.
        reference: codec whose paired differences to the others are given.
        common_bpp: budgets at which all codecs have files; areas are given over them and over all.
        asked: classifiers that taught or that a search served; with them, each judge's relation
            to them is told.
    """
    table = []
    for classifier, rows in others.items():
        level = level_names(rows)[0]
        measure = measure_of(rows, level)
        own = [row.value(measure) for row in rows if row.subject == CLEAN]
        clean = [value for value in own if value is not None]
        for name in subjects_of(rows):
            if name == NO_PICTURE:
                continue
            entry = {"classifier": classifier}
            if asked:
                entry["relation"] = relation(classifier, asked)
            entry["codec"] = name
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
        size = row.bytes - int(row.value("container_bytes") or 0)
        bare.append(replace(row, bytes=size, rate_bpp=row.rate_bpp * size / row.bytes))
    return bare


def bare_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Areas and bytes for nearly all of the accuracy, with and without the container's bytes."""
    level = level_names(rows)[0]
    measure = measure_of(rows, level)
    views: dict[str, Sequence[Row]] = {"file": rows, "without container": bare_rows(rows)}
    table = []
    for name in names:
        if name == NO_PICTURE:
            continue
        entry = {"codec": name}
        for view, own in views.items():
            reach = reach_bytes(own, name, measure, WANTED_SHARE)
            entry[f"area, {view}"] = percent(area(own, name, measure))
            entry[f"bytes for {WANTED_SHARE:.0%} of it on originals, {view}"] = size_text(reach)
        table.append(entry)
    return table
