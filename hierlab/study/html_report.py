"""The report as one self-contained HTML page: no script, no file beside it, no outer address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from hierlab.measures.bootstrap import Interval
from hierlab.study.results import StudyReport
from hierlab.study.svg_charts import bars, heatmap
from hierlab.study.vector_sources import CONTROLS

__all__ = ["render"]


def render(report: StudyReport) -> str:
    """The whole page, the answer first; equal reports give equal bytes."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    source = Path(__file__).with_name("_report.html").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        report=report,
        people_charts=_people_charts(report),
        agreement_charts=_agreement_charts(report),
        choices=_choices(report),
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
    for pairs in report.heatmaps:
        title = f"ARI between encoders: {pairs.method}, K = {pairs.k}"
        yield heatmap(pairs.names, pairs.ari, title)


def _bar(name: str, ari: Interval) -> tuple[str, float, float, float]:
    return name, ari.value, ari.low, ari.high


def _choices(report: StudyReport) -> dict[str, str | int]:
    """What was crossed with what."""
    grid = report.grid
    draws = f"{grid.draws} of {100 * (grid.share or 0):g} % of the classes"
    controls = "; ".join(f"{name}: {CONTROLS[name]}" for name in grid.controls)
    return {
        "encoders": ", ".join(grid.encoders),
        "prompt sets": ", ".join(grid.prompts) or "as the encoder has them",
        "methods": ", ".join(grid.methods),
        "preprocessing": ", ".join(grid.preprocessing),
        "K": ", ".join(map(str, grid.k)),
        "seeds": ", ".join(map(str, grid.seeds)),
        "draws": "none" if grid.share is None else draws,
        "controls": controls or "none",
        "classes": grid.classes,
        "finished cells": report.cells,
    }
