"""The benchmark's tables: what a stranger looks up, as lists of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.reports.cells import (
    Table,
    delta_text,
    marked,
    percent,
    ratio_text,
    signed,
    size_text,
)
from codec_plugin.evaluation.reports.transfer import (
    NO_PICTURE,
    WANTED_SHARE,
    bare_table,
    judges_table,
    transfer_table,
)
from codec_plugin.evaluation.results_table import CLEAN, COSTS, subjects_of
from codec_plugin.evaluation.statistics.adaptive_decoding import adaptive_points
from codec_plugin.evaluation.statistics.bd_rate import bd_quality, bd_rate_percent, bootstrapped
from codec_plugin.evaluation.statistics.bootstrap import Interval, bootstrap_mean, paired_difference
from codec_plugin.evaluation.statistics.budget import (
    AREA_RANGE_BPP,
    BUDGETS_BPP,
    COMMON_RANGE_BPP,
    Span,
    area,
    at_budget,
    budget_for,
    difference,
    presence,
    scale_of,
    steps,
)
from codec_plugin.evaluation.statistics.bytes_to_reach import reach_bytes, reach_ratio
from codec_plugin.evaluation.statistics.summary import level_names, measure_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from codec_plugin.evaluation.results_table import Row

__all__ = ["all_tables"]


def all_tables(
    rows: Sequence[Row],
    reference: str,
    others: Mapping[str, Sequence[Row]] | None = None,
    common_bpp: Span = COMMON_RANGE_BPP,
    *,
    judge: str = "",
    asked: Sequence[str] = (),
) -> dict[str, Table]:
    """Every table by its title.

    Args:
        rows: of a benchmark.
        reference: the codec that the paired tables compare the others with.
        others: rows of further classifiers, by their names.
        common_bpp: budgets at which all codecs have files; areas are told over them and over all.
        judge: name of the classifier of `rows`.
        asked: names of those that taught or that a search served; without, families are not told.
    """
    names = subjects_of(rows)
    timed = bool(rows) and set(COSTS) <= set(rows[0].measures)
    tables: dict[str, Table] = {}
    if judge and asked:
        tables["Judges"] = judges_table({judge: rows} | dict(others or {}), asked)
    for span, word in ((common_bpp, "where codecs have files"), (AREA_RANGE_BPP, "all budgets")):
        title = f"Area under the accuracy curve, {span[0]:g} to {span[1]:g} bpp (log), {word}"
        tables[f"{title}, %"] = area_table(rows, names, span)
        tables[f"{title}: {reference} less the others, points"] = pair_table(
            rows, names, reference, span
        )
    return tables | {
        "Accuracy within a budget, coarse, %": budget_table(rows, names),
        "Scale of the coded picture that is best within a budget": scale_table(rows, names),
        f"Bytes for {WANTED_SHARE:.0%} of the accuracy on originals, coarse": reach_table(
            rows, names, reference
        ),
        "Whole files": full_rate_table(rows, names, reference),
        f"Bjøntegaard deltas of the others against {reference}": bd_table(
            rows, names, reference, {lv: measure_of(rows, lv) for lv in level_names(rows)}
        ),
        f"{reference}: reading until sure of the coarse level": adaptive_table(rows, reference),
        "Container": bare_table(rows, names) if timed else [],
        "Other classifiers": transfer_table(others or {}, reference, common_bpp, asked),
        "Seconds": cost_table(rows, names) if timed else [],
        "Encoders": encoder_table(rows, names),
    }


def area_table(rows: Sequence[Row], names: Sequence[str], span_bpp: Span = AREA_RANGE_BPP) -> Table:
    """Area with its interval, a column a level; a run that goes on has fewer photographs.

    "with a file" is the share of photographs and budgets at which there is one; without, an
    answer is wrong.
    """
    measures = {level: measure_of(rows, level) for level in level_names(rows)}
    first = next(iter(measures.values()))
    images = {name: {row.image for row in rows if row.subject == name} for name in names}
    return [
        {"codec": name, "photographs": str(len(images[name]))}
        | {"with a file %": f"{100 * presence(rows, name, first, span_bpp):.0f}"}
        | {level: percent(area(rows, name, column, span_bpp)) for level, column in measures.items()}
        for name in names
    ]


def pair_table(
    rows: Sequence[Row], names: Sequence[str], reference: str, span_bpp: Span = AREA_RANGE_BPP
) -> Table:
    """Paired differences of areas; intervals that exclude zero are marked."""
    measures = {level: measure_of(rows, level) for level in level_names(rows)}
    return [
        {"codec": name}
        | {
            level: marked(difference(rows, reference, name, measure, span_bpp))
            for level, measure in measures.items()
        }
        for name in names
        if name != reference and reference in subjects_of(rows)
    ]


def budget_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Coarse accuracy within each budget."""
    coarse = measure_of(rows, level_names(rows)[0])
    return [
        {"codec": name}
        | {f"{bpp} bpp": percent(at_budget(rows, name, coarse, bpp)) for bpp in BUDGETS_BPP}
        for name in names
    ]


def scale_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """Which scale counts within each budget, of codecs that may code smaller pictures."""
    coarse = measure_of(rows, level_names(rows)[0])
    table = []
    for name in names:
        curve = steps(rows, name, coarse, BUDGETS_BPP)
        if set(curve.scales) != {"full"}:
            have = curve.present.sum(0)
            scales = [s if n else "no file" for s, n in zip(curve.scales, have, strict=True)]
            entry = {f"{bpp} bpp": s for bpp, s in zip(BUDGETS_BPP, scales, strict=True)}
            table.append({"codec": name} | entry)
    return table


def reach_table(rows: Sequence[Row], names: Sequence[str], reference: str) -> Table:
    """Bytes at which the coarse level is right nearly as often as on the originals."""
    coarse = measure_of(rows, level_names(rows)[0])
    pixels = _pixels(rows)
    clean = _values((row for row in rows if row.subject == CLEAN), coarse)
    table = []
    for name in names:
        setting = reach_bytes(rows, name, coarse, WANTED_SHARE)
        entry = {"codec": name, "one setting for all": size_text(setting)}
        ratio = None
        if setting is not None and name != reference and reference in subjects_of(rows):
            ratio = reach_ratio(rows, reference, name, coarse, WANTED_SHARE)
        entry[f"{reference} over it"] = "" if name == reference else ratio_text(ratio)
        wanted = WANTED_SHARE * float(np.mean(clean)) if clean else np.inf
        budget = budget_for(rows, name, coarse, wanted)
        if budget is not None:
            budget = Interval(*(pixels / 8 * v for v in (budget.mean, budget.low, budget.high)))
        entry["one budget for all"] = size_text(budget)
        table.append(entry)
    return table


def full_rate_table(rows: Sequence[Row], names: Sequence[str], reference: str) -> Table:
    """Each codec's largest files: bytes, quality, accuracy, and pairs with the reference's.

    Pairs are of the finest level in points, and of PSNR in decibels. Without PSNR in the rows, as
    with those of a further judge, its columns are left out.
    """
    pixels = bool(np.isfinite(_values(rows, "psnr_db")).any())
    levels = level_names(rows)
    finest = measure_of(rows, levels[-1])
    own = {row.image: row for row in _whole_files(rows, reference)}
    table = []
    for name in names:
        whole = _whole_files(rows, name)
        entry = {"codec": name, "bytes": f"{np.mean([row.bytes for row in whole]):.0f}"}
        if pixels:
            entry["PSNR dB"] = _number(whole, "psnr_db", 2)
            entry["MS-SSIM"] = _number(whole, "ms_ssim", 4)
        for level in levels:
            entry[level] = percent(bootstrap_mean(_values(whole, measure_of(rows, level))))
        gap = _paired(own, whole, finest)
        told = marked(gap) if gap else "-"
        entry[f"{levels[-1]}: {reference} less it"] = "" if name == reference else told
        if pixels:
            gap = _paired(own, whole, "psnr_db")
            told = signed(gap, 2) if gap else "-"
            entry[f"dB: {reference} less it"] = "" if name == reference else told
        table.append(entry)
    return table


def _paired(own: Mapping[str, Row], others: Sequence[Row], measure: str) -> Interval | None:
    """Own less the others' values by photograph; none where they share none."""
    both = [
        (own[row.image].value(measure), row.value(measure)) for row in others if row.image in own
    ]
    pairs = [(a, b) for a, b in both if a is not None and b is not None]
    pairs = [(a, b) for a, b in pairs if np.isfinite(a) and np.isfinite(b)]
    return paired_difference(*zip(*pairs, strict=True)) if pairs else None


def bd_table(
    rows: Sequence[Row], names: Sequence[str], reference: str, levels: dict[str, str]
) -> Table:
    """BD-rate, BD-PSNR and BD-accuracy of every codec against the reference, with intervals.

    Without PSNR in the rows, as with those of a further judge, only accuracies.
    """
    pixels = bool(np.isfinite(_values(rows, "psnr_db")).any())
    table = []
    for name in names:
        shrunk = any(scale_of(row.cut) != "full" for row in rows if row.subject == name)
        if name in (reference, NO_PICTURE) or reference not in subjects_of(rows) or shrunk:
            continue  # points of several scales are no curve
        entry = {"codec": name}
        if pixels:
            rate = bootstrapped(rows, name, reference, "psnr_db", bd_rate_percent)
            entry["BD-rate %"] = delta_text(rate, 1)
            gain = bootstrapped(rows, name, reference, "psnr_db", bd_quality)
            entry["BD-PSNR dB"] = delta_text(gain, 2)
        for level, measure in levels.items():
            gain = bootstrapped(rows, name, reference, measure, bd_quality)
            entry[f"BD-accuracy {level}"] = delta_text(gain, 1, factor=100)
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
    files = {name: _whole_files(rows, name) for name in names}
    return [
        {
            "codec": name,
            "encode s": f"{np.median(_values(whole, 'encode_s')):.3f}",
            "decode s": f"{np.median(_values(whole, 'decode_s')):.3f}",
            "container bytes": f"{np.mean(_values(whole, 'container_bytes')):.0f}",
        }
        for name, whole in files.items()
    ]


def encoder_table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """What made each codec's files, as its rows say; empty for rows of former versions."""
    table = []
    for name in names:
        identities = [row.identity for row in rows if row.subject == name and row.identity]
        models = dict.fromkeys(identity.model for identity in identities)
        if any(models):
            points = dict.fromkeys(identity.cuts for identity in identities)
            table.append({"codec": name, "model": ", ".join(models), "points": ", ".join(points)})
    return table


def _whole_files(rows: Sequence[Row], name: str) -> list[Row]:
    best: dict[str, Row] = {}
    for row in rows:
        if row.subject == name and (row.image not in best or row.bytes > best[row.image].bytes):
            best[row.image] = row
    return list(best.values())


def _values(rows: Iterable[Row], measure: str) -> list[float]:
    """A measure where it is known."""
    return [value for row in rows if (value := row.value(measure)) is not None]


def _pixels(rows: Sequence[Row]) -> float:
    """Mean pixels of a photograph."""
    sizes = {row.image: 8 * row.bytes / row.rate_bpp for row in rows if row.rate_bpp}
    return float(np.mean(list(sizes.values())))


def _number(rows: Sequence[Row], measure: str, digits: int) -> str:
    finite = [value for value in _values(rows, measure) if np.isfinite(value)]
    return f"{np.mean(finite):.{digits}f}" if finite else "-"
