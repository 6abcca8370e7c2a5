"""The report as one self-contained HTML page: no script, no file beside it, no outer address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined

from hierlab.measures.bootstrap import Interval
from hierlab.study.results import StudyReport
from hierlab.study.svg_charts import bars, heatmap
from hierlab.study.vector_sources import CONTROLS

__all__ = ["render"]


class _Section(NamedTuple):
    """A title with charts (SVG) and perhaps a table below; a cell may be an `Interval`."""

    title: str
    charts: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()


def render(report: StudyReport) -> str:
    """The whole page, the answer first; equal reports give equal bytes."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    source = Path(__file__).with_name("_report.html").read_text(encoding="utf-8")
    sections = [section for section in _sections(report) if section.charts or section.rows]
    return environment.from_string(source).render(
        report=report, sections=sections, choices=_choices(report)
    )


def _sections(report: StudyReport) -> Iterator[_Section]:
    yield _Section("Agreement with groups that people made", list(_people_charts(report)))
    yield _Section(
        "Agreement along each axis, the others held fixed",
        list(_agreement_charts(report)),
        ("axis", "method", "preprocessing", "K", "ARI", "worst pair", "pairs"),
        [
            (row.axis, row.method, row.preprocessing, row.k, row.ari, row.ari_min, row.pairs)
            for row in report.agreements
        ],
    )
    yield _Section(
        "Which choice moves the result most",
        header=("method", "K", "axis", "values", "share of the spread", "partitions"),
        rows=[
            (row.method, row.k, row.axis, row.levels, row.share, row.cells) for row in report.shares
        ],
    )
    yield _Section(
        "Wu-Palmer inside clusters (nltk policy), with the controls",
        header=(
            *("method", "K", "encoders", "by class", "by pair", "random, equal sizes", "lift"),
            *("largest cluster", "effective number"),
        ),
        rows=[
            (
                *(row.method, row.k, row.encoders, row.by_class, row.within, row.random, row.lift),
                *(round(row.largest), round(row.effective, 1)),
            )
            for row in report.consistency
        ],
    )
    yield _Section(
        "Semantics or looks: correlations over pairs of classes",
        header=("encoder", "follows", "held fixed", "Spearman", "partial", "p (Holm)"),
        rows=[
            (row.encoder, row.target, ", ".join(row.controls), row.raw, row.partial, row.p)
            for row in report.likeness
        ],
    )
    yield _Section(
        "Clusters that disagree most with WordNet",
        header=("K", "classes", "Wu-Palmer within", "such as"),
        rows=[(row.k, row.size, row.within, ", ".join(row.members)) for row in report.discords],
    )
    yield _Section(
        "Against a given hierarchy",
        header=("hierarchy", "method", "K", "ARI"),
        rows=[(row.reference, row.method, row.k, row.ari) for row in report.references],
    )


def _people_charts(report: StudyReport) -> Iterator[str]:
    for k in report.grid.k:
        for grouping in dict.fromkeys(row.grouping for row in report.people if row.k == k):
            rows = [
                _bar(f"{row.method}, {row.encoders}", row.ari)
                for row in report.people
                if (row.k, row.grouping) == (k, grouping)
            ]
            yield bars(rows, f"{grouping}, K = {k}")


def _agreement_charts(report: StudyReport) -> Iterator[str]:
    for k in sorted({row.k for row in report.agreements}):
        rows = [
            _bar(f"{row.axis}: {row.method}, {row.preprocessing}", row.ari)
            for row in report.agreements
            if row.k == k
        ]
        yield bars(rows, f"ARI at K = {k}")
    if report.agreements:
        for pairs in report.heatmaps:
            title = f"ARI between encoders: {pairs.method}, K = {pairs.k}"
            yield heatmap(pairs.names, pairs.ari, title)


def _bar(name: str, ari: Interval) -> tuple[str, float, float, float]:
    return name, ari.value, ari.low, ari.high


def _choices(report: StudyReport) -> list[tuple[str, str | int]]:
    """What was crossed with what."""
    grid = report.grid
    draws = f"{grid.draws} of {100 * (grid.share or 0):g} % of the classes"
    controls = "; ".join(f"{name}: {CONTROLS[name]}" for name in grid.controls)
    return [
        ("encoders", ", ".join(grid.encoders)),
        ("prompt sets", ", ".join(grid.prompts) or "as the encoder has them"),
        ("methods", ", ".join(grid.methods)),
        ("preprocessing", ", ".join(grid.preprocessing)),
        ("K", ", ".join(map(str, grid.k))),
        ("seeds", ", ".join(map(str, grid.seeds))),
        ("draws", "none" if grid.share is None else draws),
        ("controls", controls or "none"),
        ("classes", grid.classes),
        ("finished cells", report.cells),
    ]
