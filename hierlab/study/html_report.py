"""The report as one self-contained HTML page: no script, no file beside it, no address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from hierlab.study.svg_charts import bars, heatmap
from hierlab.study.vector_sources import CONTROLS

if TYPE_CHECKING:
    from hierlab.measures.bootstrap import Interval
    from hierlab.study.report import StudyReport

__all__ = ["render"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-size:14px}
th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.answer{background:#eef5fa;padding:.5rem 1.5rem;border-left:4px solid #1b6ca8}
figure{margin:1rem 0;overflow-x:auto}
"""

_METHOD = """
Each cell of the study is one partition of the classes. Agreement is the adjusted Rand index (ARI):
1 for equal partitions, 0 for what chance gives. Along an axis, partitions are compared that differ
on that axis only. Intervals are
95 % percentiles over bootstrap draws of the classes (100; 400 for correlations), in which
only pairs of distinct classes count; they say how far the figure depends on these classes, not how
it would be on other encoders. Variance shares are omega squared of a distance-based analysis of
variance on 1 − ARI. Draws are compared with the whole list over the classes they share. Partial
correlations are Spearman's over pairs of classes; their p-values are corrected by Holm's method
for the number of encoders. NMI is not reported: it is near 1 for any two fine partitions.
"""

_UNKNOWN = """
Encoders named here differ in prompts as well as in weights wherever their vectors came from
different sources, so what an encoder changes and what its prompts change cannot be told apart
without encoders that were given the same prompts. Wu-Palmer similarity is one reading of meaning:
it knows nothing of use, place or looks. Text vectors say nothing about how images of the classes
would group.
"""


def render(report: StudyReport) -> str:
    """The whole page, the answer first; equal reports give equal bytes."""
    parts = [
        "<h1>Are these hierarchies stable, and do they follow meaning?</h1>",
        '<section class="answer"><h2>Answer</h2><ul>',
        *(f"<li>{escape(sentence)}</li>" for sentence in report.answer),
        "</ul></section>",
        *_people(report),
        *_stability(report),
        *_variance(report),
        *_consistency(report),
        *_likeness(report),
        *_discords(report),
        *_references(report),
        f"<h2>How it was done</h2><p>{escape(_METHOD.strip())}</p>",
        *_grid(report),
        f"<h2>What is not known</h2><p>{escape(_UNKNOWN.strip())}</p>",
        *_left_out(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="generator" content="hierlab">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Robustness of class hierarchies</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td class="n">{value:.3f}</td>'
    if isinstance(value, int):
        return f'<td class="n">{value}</td>'
    return f"<td>{escape(str(value))}</td>"


def _told(value: Interval) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _people(report: StudyReport) -> Iterator[str]:
    if not report.people:
        return
    yield "<h2>Agreement with groups that people made</h2>"
    for k in report.grid.k:
        rows = [row for row in report.people if row.k == k]
        for grouping in dict.fromkeys(row.grouping for row in rows):
            told = [
                (f"{row.method}, {row.encoders}", row.ari.value, row.ari.low, row.ari.high)
                for row in rows
                if row.grouping == grouping
            ]
            yield f"<figure>{bars(told, f'{grouping}, K = {k}')}</figure>"


def _stability(report: StudyReport) -> Iterator[str]:
    if not report.agreements:
        return
    yield "<h2>Agreement along each axis, the others held fixed</h2>"
    for k in sorted({row.k for row in report.agreements}):
        rows = [
            (
                f"{row.axis}: {row.method}, {row.preprocessing}",
                row.ari.value,
                row.ari.low,
                row.ari.high,
            )
            for row in report.agreements
            if row.k == k
        ]
        yield f"<figure>{bars(rows, f'ARI at K = {k}')}</figure>"
    yield _table(
        ("axis", "method", "preprocessing", "K", "ARI", "worst pair", "pairs"),
        [
            (row.axis, row.method, row.preprocessing, row.k, _told(row.ari), row.ari_min, row.pairs)
            for row in report.agreements
        ],
    )
    for found in report.heatmaps:
        picture = heatmap(
            found.names, found.ari, f"ARI between encoders: {found.method}, K = {found.k}"
        )
        yield f"<figure>{picture}</figure>"


def _variance(report: StudyReport) -> Iterator[str]:
    if report.shares:
        yield "<h2>Which choice moves the result most</h2>"
        yield _table(
            ("method", "K", "axis", "values", "share of the spread", "partitions"),
            [
                (row.method, row.k, row.axis, row.levels, _told(row.share), row.cells)
                for row in report.shares
            ],
        )


def _consistency(report: StudyReport) -> Iterator[str]:
    if report.consistency:
        yield "<h2>Wu-Palmer inside clusters (nltk policy), with the controls</h2>"
        yield _table(
            (
                "method",
                "K",
                "encoders",
                "by class",
                "by pair",
                "random, equal sizes",
                "lift",
                "largest cluster",
                "effective number",
            ),
            [
                (
                    row.method,
                    row.k,
                    row.encoders,
                    row.by_class,
                    row.within,
                    row.random,
                    row.lift,
                    round(row.largest),
                    round(row.effective, 1),
                )
                for row in report.consistency
            ],
        )


def _likeness(report: StudyReport) -> Iterator[str]:
    if report.likeness:
        yield "<h2>Semantics or looks: correlations over pairs of classes</h2>"
        yield _table(
            ("encoder", "follows", "held fixed", "Spearman", "partial", "p (Holm)"),
            [
                (
                    row.encoder,
                    row.target,
                    ", ".join(row.controls),
                    _told(row.raw),
                    _told(row.partial),
                    row.p,
                )
                for row in report.likeness
            ],
        )


def _discords(report: StudyReport) -> Iterator[str]:
    if report.discords:
        yield "<h2>Clusters that disagree most with WordNet</h2>"
        yield _table(
            ("K", "classes", "Wu-Palmer within", "such as"),
            [(row.k, row.size, row.within, ", ".join(row.members)) for row in report.discords],
        )


def _references(report: StudyReport) -> Iterator[str]:
    if report.references:
        yield "<h2>Against a given hierarchy</h2>"
        yield _table(
            ("hierarchy", "method", "K", "ARI"),
            [(row.reference, row.method, row.k, _told(row.ari)) for row in report.references],
        )


def _grid(report: StudyReport) -> Iterator[str]:
    grid = report.grid
    draws = (
        "none" if grid.share is None else f"{grid.draws} of {100 * grid.share:g} % of the classes"
    )
    yield _table(
        ("choice", "values"),
        [
            ("encoders", ", ".join(grid.encoders)),
            ("prompt sets", ", ".join(grid.prompts) or "as the encoder has them"),
            ("methods", ", ".join(grid.methods)),
            ("preprocessing", ", ".join(grid.preprocessing)),
            ("K", ", ".join(map(str, grid.k))),
            ("seeds", ", ".join(map(str, grid.seeds))),
            ("draws", draws),
            (
                "controls",
                "; ".join(f"{name}: {CONTROLS[name]}" for name in grid.controls) or "none",
            ),
            ("classes", grid.classes),
            ("finished cells", report.cells),
        ],
    )


def _left_out(report: StudyReport) -> Iterator[str]:
    if report.left_out:
        yield "<h2>Left out</h2><ul>"
        yield from (f"<li>{escape(sentence)}</li>" for sentence in report.left_out)
        yield "</ul>"
