"""Draw the pictures of docs/study.md from the shipped study.

python benchmarks/study_pictures.py            # writes docs/images/study-*.svg
"""

from __future__ import annotations

from pathlib import Path

from hierlab.study.report_cache import kept_report
from hierlab.study.results import StudyReport
from hierlab.study.svg_charts import bars, heatmap
from hierlab.utils.files import write_atomic

ROOT = Path(__file__).resolve().parents[1]
AXES = {
    "seed": "two seeds",
    "encoder": "two variants",
    "draw": "all classes, 80 % of them",
    "halves": "two halves of the variants",
}


PEOPLE = {
    10: ("geirhos16", "entity13"),
    100: ("geirhos16", "entity30", "living17", "nonliving26"),
}
METHODS = {
    ("kmeans (raw)", "single"): "paper's k-means",
    ("topdown (raw)", "single"): "former default",
    ("consensus (raw)", "single"): "default, one variant",
    ("consensus (raw)", "consensus of 7"): "default, seven",
    ("consensus (raw)", "control:minilm"): "default, MiniLM",
}


def people(report: StudyReport, k: int) -> str:
    """Agreement with what people made, by grouping and method."""
    rows = [
        (f"{grouping}: {told}", row.ari.value, row.ari.low, row.ari.high)
        for grouping in PEOPLE[k]
        for (method, who), told in METHODS.items()
        for row in report.people
        if (row.grouping, row.method, row.k) == (grouping, method, k) and row.encoders.endswith(who)
    ]
    return bars(rows, f"Agreement with groups that people made (ARI), K = {k}")


def main() -> None:
    """Agreement with people and along the axes for each K, one heatmap for each method at 100."""
    report = kept_report(ROOT / "studies" / "clip")
    target = ROOT / "docs" / "images"
    for k in PEOPLE:
        write_atomic(target / f"study-people-{k}.svg", people(report, k))
    for k in report.grid.k:
        rows = [
            (f"{words}: {row.method}", row.ari.value, row.ari.low, row.ari.high)
            for axis, words in AXES.items()
            for row in report.agreements
            if row.axis == axis and row.k == k
        ]
        write_atomic(target / f"study-agreement-{k}.svg", bars(rows, f"Agreement (ARI) at K = {k}"))
    for found in report.heatmaps:
        if found.k == 100 and found.method in ("kmeans", "consensus"):
            title = f"ARI between variants: {found.method}, K = 100"
            write_atomic(
                target / f"study-{found.method}.svg", heatmap(found.names, found.ari, title)
            )


if __name__ == "__main__":
    main()
