"""The benchmark's tables: what a stranger looks up, as lists of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from codec_plugin.bench.adaptive import adaptive_points
from codec_plugin.bench.budget import (
    BUDGETS_BPP,
    area,
    at_budget,
    budget_for,
    difference,
    subjects_of,
)
from codec_plugin.bench.deltas import Delta, bd_quality, bd_rate_percent, mean_curve
from codec_plugin.bench.transfer import bare_table, transfer_table
from codec_plugin.errors import ConfigError
from codec_plugin.evaluate.intervals import Interval, bootstrap_mean, paired_difference
from codec_plugin.evaluate.summary import bytes_to_reach, level_names, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Table", "all_tables", "as_markdown", "marked", "measure_of", "percent"]

Row = dict[str, Any]
Table = list[dict[str, str]]
_WANTED = 0.8
_NO_PICTURE = "label"


def all_tables(
    rows: Sequence[Row], reference: str, others: Mapping[str, Sequence[Row]] | None = None
) -> dict[str, Table]:
    """Every table by its title.

    Args:
        rows: of a benchmark.
        reference: the codec that the paired tables compare the others with.
        others: rows of further classifiers, by their names.
    """
    summary = summarise(rows)
    names = subjects_of(rows)
    timed = bool(rows) and {"container_bytes", "encode_s", "decode_s"} <= set(rows[0])
    return {
        "Area under the accuracy curve, 0.05 to 0.8 bpp (log), %": area_table(rows, names),
        f"The same: {reference} less the others, points": pair_table(rows, names, reference),
        "Accuracy within a budget, coarse, %": budget_table(rows, names),
        f"Bytes for {_WANTED:.0%} at the coarse level": reach_table(rows, summary, names),
        "Whole files": full_rate_table(rows, names, reference),
        f"Bjøntegaard deltas of the others against {reference}": bd_table(
            summary, names, reference, {lv: measure_of(rows, lv) for lv in level_names(rows)}
        ),
        f"{reference}: reading until sure of the coarse level": adaptive_table(rows, reference),
        "Container": bare_table(rows, names) if timed else [],
        "Classifiers never trained against": transfer_table(others or {}, reference),
        "Seconds": cost_table(rows, names) if timed else [],
    }


def measure_of(rows: Sequence[Row], level: str) -> str:
    """Being right, where any photograph has a label; else agreeing with the original's answer."""
    labelled = any(row[f"correct_{level}"] not in ("", None) for row in rows)
    return f"correct_{level}" if labelled else f"agree_{level}"


def area_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Area with its interval, a column a level; a run that goes on has fewer photographs."""
    measures = {level: measure_of(rows, level) for level in level_names(rows)}
    images = {name: {row["image"] for row in rows if row["subject"] == name} for name in names}
    return [
        {"codec": name, "photographs": str(len(images[name]))}
        | {level: percent(area(rows, name, measure)) for level, measure in measures.items()}
        for name in names
    ]


def pair_table(rows: Sequence[Row], names: Sequence[str], reference: str) -> Table:
    """Paired differences of areas; intervals that exclude zero are marked."""
    levels = level_names(rows)
    table = []
    for name in names:
        if name == reference or reference not in names:
            continue
        entry = {"codec": name}
        for level in levels:
            gap = difference(rows, reference, name, measure_of(rows, level))
            entry[level] = marked(gap)
        table.append(entry)
    return table


def budget_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Coarse accuracy within each budget."""
    coarse = measure_of(rows, level_names(rows)[0])
    return [
        {"codec": name}
        | {f"{bpp} bpp": percent(at_budget(rows, name, coarse, bpp)) for bpp in BUDGETS_BPP}
        for name in names
    ]


def reach_table(rows: Sequence[Row], summary: Sequence[Row], names: Sequence[str]) -> Table:
    """Bytes at which the coarse level is right often enough, by one setting and by one budget."""
    coarse = measure_of(rows, level_names(rows)[0])
    pixels = _pixels(rows)
    table = []
    for name in names:
        setting = bytes_to_reach(summary, name, coarse, _WANTED)
        budget = budget_for(rows, name, coarse, _WANTED)
        text = "never"
        if budget is not None:
            text = " ".join(f"{v * pixels / 8:.0f}" for v in (budget.mean,))
            text += f" ({budget.low * pixels / 8:.0f} to {budget.high * pixels / 8:.0f})"
        one = "never" if setting is None else f"{setting:.0f}"
        table.append({"codec": name, "one setting for all": one, "one budget for all": text})
    return table


def full_rate_table(rows: Sequence[Row], names: Sequence[str], reference: str) -> Table:
    """Each codec's largest files: bytes, quality, accuracy, and the finest level's pairs."""
    levels = level_names(rows)
    finest = measure_of(rows, levels[-1])
    own = {row["image"]: row[finest] for row in _whole_files(rows, reference)}
    table = []
    for name in names:
        whole = _whole_files(rows, name)
        entry = {"codec": name, "bytes": f"{np.mean([r['bytes'] for r in whole]):.0f}"}
        entry["PSNR dB"] = _number(whole, "psnr_db", 2)
        entry["MS-SSIM"] = _number(whole, "ms_ssim", 4)
        for level in levels:
            measure = measure_of(rows, level)
            values = [r[measure] for r in whole if r[measure] not in ("", None)]
            entry[level] = percent(bootstrap_mean(values))
        pairs = [(own.get(row["image"], ""), row[finest]) for row in whole]
        pairs = [(a, b) for a, b in pairs if a not in ("", None) and b not in ("", None)]
        gap = marked(paired_difference(*zip(*pairs, strict=True))) if pairs else "-"
        entry[f"{levels[-1]}: {reference} less it"] = "" if name == reference else gap
        table.append(entry)
    return table


def bd_table(
    summary: Sequence[Row], names: Sequence[str], reference: str, levels: dict[str, str]
) -> Table:
    """BD-rate, BD-PSNR and BD-accuracy of every codec against the reference."""
    table = []
    for name in names:
        if name in (reference, _NO_PICTURE) or reference not in names:
            continue
        entry = {"codec": name}
        pair = [mean_curve(summary, who, "psnr_db") for who in (name, reference)]
        entry["BD-rate %"] = _delta(bd_rate_percent(*pair), 1)
        entry["BD-PSNR dB"] = _delta(bd_quality(*pair), 2)
        for level, measure in levels.items():
            pair = [mean_curve(summary, who, measure) for who in (name, reference)]
            entry[f"BD-accuracy {level}"] = _delta(bd_quality(*pair), 1, factor=100)
        table.append(entry)
    return table


def adaptive_table(rows: Sequence[Row], reference: str) -> Table:
    """Mean bytes and accuracy of a calibrated threshold, beside fixed budgets of that accuracy."""
    level = level_names(rows)[0]
    try:
        points = adaptive_points(rows, reference, level)
    except ConfigError:
        return []
    return [
        {
            "threshold": f"{point.threshold:.2f}",
            "temperature": f"{point.temperature:.2f}",
            "mean bytes": f"{point.bytes_mean:.0f}",
            "accuracy %": f"{100 * point.accuracy:.1f}",
            "fixed budget": "never" if point.fixed_bytes is None else f"{point.fixed_bytes:.0f}",
        }
        for point in points
    ]


def cost_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Median seconds and container bytes; times are of whatever else the machine did."""
    table = []
    for name in names:
        whole = _whole_files(rows, name)
        entry = {"codec": name}
        for column, title in (("encode_s", "encode s"), ("decode_s", "decode s")):
            entry[title] = f"{np.median([row[column] for row in whole]):.3f}"
        entry["container bytes"] = f"{np.mean([row['container_bytes'] for row in whole]):.0f}"
        table.append(entry)
    return table


def as_markdown(table: Table) -> str:
    """A table for a page."""
    if not table:
        return ""
    head = list(table[0])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row[column] for column in head) + " |" for row in table]
    return "\n".join(lines) + "\n"


def _whole_files(rows: Sequence[Row], name: str) -> list[Row]:
    best: dict[str, Row] = {}
    for row in rows:
        if row["subject"] == name:
            known = best.get(row["image"])
            if known is None or row["bytes"] > known["bytes"]:
                best[row["image"]] = row
    return list(best.values())


def _pixels(rows: Sequence[Row]) -> float:
    """Mean pixels of a photograph."""
    sizes = {row["image"]: 8 * row["bytes"] / row["rate_bpp"] for row in rows if row["rate_bpp"]}
    return float(np.mean(list(sizes.values())))


def percent(interval: Interval, *, signed: bool = False) -> str:
    """Mean and interval in percent."""
    sign = "+" if signed else ""
    low, high = 100 * interval.low, 100 * interval.high
    return f"{100 * interval.mean:{sign}.1f} ({low:{sign}.1f} to {high:{sign}.1f})"


def marked(gap: Interval) -> str:
    """A difference in points; a star where its interval excludes zero."""
    return percent(gap, signed=True) + (" *" if gap.low > 0 or gap.high < 0 else "")


def _number(rows: Sequence[Row], measure: str, digits: int) -> str:
    values = [float(row[measure]) for row in rows if row[measure] not in ("", None)]
    finite = [value for value in values if np.isfinite(value)]
    return f"{np.mean(finite):.{digits}f}" if finite else "-"


def _delta(delta: Delta, digits: int, *, factor: float = 1) -> str:
    return delta.note if delta.value is None else f"{factor * delta.value:+.{digits}f}"
