"""Write the marked tables and numbers of the pages anew, from the rows that the package ships.

    python docs/shipped_numbers.py

A table is marked by a comment on the line above it: the file of rows, and behind a colon a judge if
it is not the first, what is told, the range of
budgets in bits per pixel or -, the codec that others are compared with or -, and its codecs where
they are not all; those without rows are left out. A number is marked by a comment behind it: file,
codec, cut and column (as they stand in the rows), and how many digits follow the point; its mean
over the photographs stands there, shares in percent, with its interval where the page has one.

    <!-- table: learned pairs 0.2,0.8 coarse2fine -->
    747<!-- mean: photographs coarse2fine stage-1 bytes 0 --> bytes
    in 75 (71 to 79)<!-- mean: photographs coarse2fine stage-2 correct_coarse 0 --> % of the cases

A difference of areas of two codecs, in points, has its interval or not and a sign or not, as the
page has it; several names joined by + are seeds of one codec, averaged photograph by photograph:

    +4.0 points (2.3 to 5.7)<!-- less: learned pairs/coarse 0.05,0.8 coarse2fine plain -->

A table over all judges has a column each; it tells areas, pairs (`between`: read between points)
or bytes to reach at a level.

    <!-- judged: photographs areas/coarse 0.2,0.8 - of:coarse2fine,avif,webp -->

A table of the judges, a table of Kodak at some rates, a table of chosen codecs and cuts, which it
names in order; its first column is anybody's to word:

    <!-- judges: photographs -->
    <!-- kodak: kodak 0.1,0.2,0.4,0.8 -->
    <!-- points: photographs clean/clean coarse2fine/stage-1 -->
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean

from codec_plugin.evaluation.judged_rows import read_judged
from codec_plugin.evaluation.reports import tables
from codec_plugin.evaluation.reports.cells import (
    Table,
    as_markdown,
    marked,
    percent,
    ratio_text,
    size_text,
)
from codec_plugin.evaluation.reports.points import points_table
from codec_plugin.evaluation.reports.published import (
    measured_curves,
    published_curves,
    rates_table,
)
from codec_plugin.evaluation.reports.transfer import (
    WANTED_SHARE,
    judges_table,
    relation,
    transfer_table,
)
from codec_plugin.evaluation.results_table import Row, subjects_of
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean, paired_difference
from codec_plugin.evaluation.statistics.budget import (
    COMMON_RANGE_BPP,
    Span,
    area,
    areas,
    difference,
)
from codec_plugin.evaluation.statistics.bytes_to_reach import reach_bytes, reach_ratio
from codec_plugin.evaluation.statistics.summary import level_names, measure_of

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
TABLE = re.compile(
    r"<!-- table: (?P<file>\S+) (?P<kind>\S+) (?P<span>\S+) (?P<reference>\S+)"
    r"(?: of:(?P<names>\S+))? -->\n+"
    r"(?P<lines>(?:\|.*\n)+)"
)
JUDGED = re.compile(
    r"<!-- judged: (?P<file>\S+) (?P<kind>\S+)/(?P<level>\S+) (?P<span>\S+) "
    r"(?P<reference>\S+)(?: of:(?P<names>\S+))? -->\n+"
    r"(?P<lines>(?:\|.*\n)+)"
)
PLAIN_TABLE = re.compile(
    r"<!-- (?P<kind>judges|kodak): (?P<file>\S+)(?P<rates> \S+)? -->\n+(?P<lines>(?:\|.*\n)+)"
)
POINTS = re.compile(
    r"<!-- points: (?P<file>\S+)(?P<points>(?: \S+/\S+)+) -->\n+(?P<lines>(?:\|.*\n)+)"
)
_VALUE = r"[-−+]?[\d,]*\.?\d+"
_INTERVAL = rf"(?P<interval> \({_VALUE} to {_VALUE}\))?"
NUMBER = re.compile(
    rf"(?P<number>{_VALUE}){_INTERVAL}(?P<mark><!-- mean: "
    r"(?P<file>\S+) (?P<codec>\S+) (?P<cut>\S+) (?P<column>\S+) (?P<digits>\d) -->)"
)
LESS = re.compile(
    rf"(?P<number>{_VALUE})(?P<unit> points)?{_INTERVAL}(?P<mark><!-- less: (?P<file>\S+) "
    r"(?P<kind>pairs|between)/(?P<level>\S+) (?P<span>\S+) (?P<first>\S+) (?P<second>\S+) -->)"
)
JUDGES = {
    "lite0": "efficientnet-lite0",
    "lite2": "efficientnet-lite2",
    "mobilenetv1": "mobilenet_v1",
    "mobilenetv2": "mobilenet_v2",
}
"""What files call the classifiers."""
ASKED = ("efficientnet-lite0", "squeezenet", "darknet")
"""Classifiers that taught, and that a search serves."""
Rows = list[Row]


@cache
def _by_judge(file: str) -> dict[str, Rows]:
    return read_judged(ROOT / "codec_plugin" / "results" / f"{file}.csv.gz")


def _shipped(file: str) -> Rows:
    """Rows of `FILE`, or of `FILE:JUDGE`."""
    name, _, judge = file.partition(":")
    judged = _by_judge(name)
    return judged[judge or next(iter(judged))]


def _whole(rows: Rows, names: Sequence[str], reference: str) -> Table:
    return tables.full_rate_table(rows, names, reference)


def _judge(rows: Rows, names: Sequence[str], reference: str) -> Table:
    """Areas by another classifier, and the finest level of whole files."""
    finest = level_names(rows)[-1]
    own = [row for row in rows if row.subject in (*names, reference, "clean")]
    seen = {row["codec"]: row for row in transfer_table({"": own}, reference, COMMON_RANGE_BPP)}
    table = []
    for row in _whole(rows, names, reference):
        kept = {k: v for k, v in row.items() if k.startswith(finest)}
        entry = seen[row["codec"]] | {f"whole files, {k}": v for k, v in kept.items()}
        del entry["classifier"], entry["on originals %"]
        table.append(entry)
    return table


def _bd(rows: Rows, names: Sequence[str], reference: str) -> Table:
    measures = {level: measure_of(rows, level) for level in level_names(rows)}
    return tables.bd_table(rows, names, reference, measures)


PLAIN: dict[str, Callable[[Rows, Sequence[str], str], Table]] = {
    "adaptive": lambda rows, _, reference: tables.adaptive_table(rows, reference),
    "bd": _bd,
    "judge": _judge,
    "reach": tables.reach_table,
    "whole": _whole,
    "budgets": lambda rows, names, _: tables.budget_table(rows, names),
}


def _names(found: re.Match[str], rows: Rows) -> list[str]:
    """Codecs of a table: those that its mark names and that have rows, or all."""
    known = subjects_of(rows)
    asked = found["names"].split(",") if found["names"] else known
    return [name for name in asked if name in known]


def _marked(found: re.Match[str], made: Table) -> str:
    mark = found[0].partition("-->")[0] + "-->"
    return f"{mark}\n\n{as_markdown(made)}"


def _judged(found: re.Match[str]) -> str:
    """A line a codec, a column a judge."""
    judged, reference = _by_judge(found["file"]), found["reference"]
    names = _names(found, next(iter(judged.values())))
    if found["kind"] in ("pairs", "between"):
        names = [name for name in names if name != reference]
    table = []
    for name in names:
        entry = {"codec": name}
        for judge, rows in judged.items():
            title = f"{judge}, {relation(JUDGES[judge], ASKED)}"
            entry[title] = _cell(found, rows, name, measure_of(rows, found["level"]))
        table.append(entry)
    return _marked(found, table)


def _cell(found: re.Match[str], rows: Rows, name: str, measure: str) -> str:
    reference = found["reference"]
    if found["kind"] == "reach":
        reach = reach_bytes(rows, name, measure, WANTED_SHARE)
        if reach is None or name == reference:
            return size_text(reach)
        ratio = reach_ratio(rows, reference, name, measure, WANTED_SHARE)
        return f"{size_text(reach)}; {ratio_text(ratio)}"
    if found["kind"] == "areas":
        return percent(area(rows, name, measure, _span(found["span"])))
    between = found["kind"] == "between"
    return marked(difference(rows, reference, name, measure, _span(found["span"]), between=between))


def _plain(found: re.Match[str]) -> str:
    """The judges, or Kodak at some rates."""
    if found["kind"] == "judges":
        judged = {JUDGES[judge]: rows for judge, rows in _by_judge(found["file"]).items()}
        return _marked(found, judges_table(judged, ASKED))
    rates = [float(rate) for rate in found["rates"].split(",")]
    curves = measured_curves(_shipped(found["file"]))
    return _marked(found, rates_table(curves, published_curves(), rates))


def _table(found: re.Match[str]) -> str:
    rows, kind, reference = _shipped(found["file"]), found["kind"], found["reference"]
    names = _names(found, rows)
    if kind in PLAIN:
        made = PLAIN[kind](rows, names, reference)
    else:
        span = _span(found["span"])
        if kind == "area":
            made = tables.area_table(rows, names, span)
        else:
            made = tables.pair_table(rows, names, reference, span)
    return _marked(found, made)


def _points(found: re.Match[str]) -> str:
    head, rule, *lines = found["lines"].splitlines()
    judges = [cell.strip().partition(",")[0] for cell in head.split("|")[4:-1]]
    judged = {judge: _shipped(f"{found['file']}:{judge.lower()}") for judge in judges}
    points = [tuple(point.split("/")) for point in found["points"].split()]
    made = points_table(judged, points, ("bytes", "psnr_db"))  # type: ignore[arg-type]
    told = [
        "| " + " | ".join([line.split("|")[1].strip(), *list(cells.values())[1:]]) + " |"
        for line, cells in zip(lines, made, strict=True)
    ]
    told = [re.sub(" +", " ", line) for line in told]
    return "\n".join([found[0].partition("-->")[0] + "-->", "", head, rule, *told, ""])


def _number(found: re.Match[str]) -> str:
    column = found["column"]
    values = [
        value
        for row in _shipped(found["file"])
        if (row.subject, row.cut) == (found["codec"], found["cut"])
        and (value := row.value(column)) is not None
    ]
    scale = 100 if column.startswith(("correct_", "agree_")) else 1
    told = bootstrap_mean(values)
    mean, low, high = (
        f"{scale * value:,.{found['digits']}f}" for value in (told.mean, told.low, told.high)
    )
    return f"{mean}{f' ({low} to {high})' if found['interval'] else ''}{found['mark']}"


def _span(text: str) -> Span:
    low, high = map(float, text.split(","))
    return low, high


def _areas_over_seeds(found: re.Match[str], names: str) -> dict[str, float]:
    """Area of each photograph that all seeds have, its mean over them."""
    rows, between = _shipped(found["file"]), found["kind"] == "between"
    seeds = [
        areas(rows, name, measure_of(rows, found["level"]), _span(found["span"]), between=between)
        for name in names.split("+")
    ]
    shared = set.intersection(*map(set, seeds))
    return {image: fmean(seed[image] for seed in seeds) for image in shared}


def _less(found: re.Match[str]) -> str:
    first, second = (_areas_over_seeds(found, found[place]) for place in ("first", "second"))
    images = sorted(first.keys() & second.keys())
    gap = paired_difference([first[i] for i in images], [second[i] for i in images])
    signed = found["number"][0] in "+-−"
    mean, low, high = (
        (f"{100 * value:+.1f}" if place == 0 and signed else f"{100 * value:.1f}").replace("-", "−")
        for place, value in enumerate((gap.mean, gap.low, gap.high))
    )
    interval = f" ({low} to {high})" if found["interval"] else ""
    return f"{mean}{found['unit'] or ''}{interval}{found['mark']}"


WRITTEN = (
    (TABLE, _table),
    (JUDGED, _judged),
    (PLAIN_TABLE, _plain),
    (POINTS, _points),
    (NUMBER, _number),
    (LESS, _less),
)


def rendered(text: str) -> str:
    """The page with its marked tables and numbers as the shipped rows have them."""
    for pattern, written in WRITTEN:
        text = pattern.sub(written, text)
    return text


def main() -> None:
    """Rewrite the pages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (made := rendered(text)) != text:
            page.write_text(made, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
