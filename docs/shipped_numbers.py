"""Write the marked tables and numbers of the pages anew, from the rows that the package ships.

    python docs/shipped_numbers.py

A table is marked by a comment on the line above it: the file of rows, what is told, the range of
budgets in bits per pixel or -, and the codec that others are compared with or -. Its codecs are
those that stand in it. A number is marked by a comment behind it: file, codec, cut and column (as
they stand in the rows), and how many digits follow the point; its mean over the photographs stands
there, shares in percent.

    <!-- table: peers-lite0 pairs 0.2,0.8 coarse2fine-search-all -->
    747<!-- mean: compact-lite0 coarse2fine-search stage-1 bytes 0 --> bytes

A table of chosen codecs and cuts names them in order, and has a column a judge, whose rows are in
the file called so (compact-100-lite0.csv.gz); its first column is anybody's to word.

    <!-- points: compact-100 clean/clean coarse2fine/stage-1 -->
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean

from codec_plugin.evaluation.reports import tables
from codec_plugin.evaluation.reports.cells import Table, as_markdown
from codec_plugin.evaluation.reports.points import points_table
from codec_plugin.evaluation.reports.transfer import transfer_table
from codec_plugin.evaluation.results_table import Row, read_rows
from codec_plugin.evaluation.statistics.budget import COMMON_RANGE_BPP
from codec_plugin.evaluation.statistics.summary import level_names, measure_of

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
TABLE = re.compile(
    r"<!-- table: (?P<file>\S+) (?P<kind>\S+) (?P<span>\S+) (?P<reference>\S+) -->\n+"
    r"(?P<lines>(?:\|.*\n)+)"
)
POINTS = re.compile(
    r"<!-- points: (?P<file>\S+)(?P<points>(?: \S+/\S+)+) -->\n+(?P<lines>(?:\|.*\n)+)"
)
NUMBER = re.compile(
    r"(?P<number>[-−+]?[\d,]*\.?\d+)(?P<mark><!-- mean: "
    r"(?P<file>\S+) (?P<codec>\S+) (?P<cut>\S+) (?P<column>\S+) (?P<digits>\d) -->)"
)
Rows = list[Row]


@cache
def _shipped(file: str) -> Rows:
    return read_rows(ROOT / "codec_plugin" / "results" / f"{file}.csv.gz")


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
    "bd": _bd,
    "judge": _judge,
    "reach": tables.reach_table,
    "whole": _whole,
    "budgets": lambda rows, names, _: tables.budget_table(rows, names),
}


def _table(found: re.Match[str]) -> str:
    rows, kind, reference = _shipped(found["file"]), found["kind"], found["reference"]
    lines = found["lines"].splitlines()
    names = [line.split("|")[1].strip() for line in lines[2:]]
    if kind in PLAIN:
        made = PLAIN[kind](rows, names, reference)
    else:
        low, high = (float(rate) for rate in found["span"].split(","))
        if kind == "area":
            made = tables.area_table(rows, names, (low, high))
        else:
            made = tables.pair_table(rows, names, reference, (low, high))
    mark = found[0].partition("-->")[0] + "-->"
    return f"{mark}\n\n{as_markdown(made)}"


def _points(found: re.Match[str]) -> str:
    head, rule, *lines = found["lines"].splitlines()
    judges = [cell.strip() for cell in head.split("|")[4:-1]]
    judged = {judge: _shipped(f"{found['file']}-{judge.lower()}") for judge in judges}
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
    return f"{scale * fmean(values):,.{found['digits']}f}{found['mark']}"


def rendered(text: str) -> str:
    """The page with its marked tables and numbers as the shipped rows have them."""
    return NUMBER.sub(_number, POINTS.sub(_points, TABLE.sub(_table, text)))


def main() -> None:
    """Rewrite the pages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (made := rendered(text)) != text:
            page.write_text(made, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
