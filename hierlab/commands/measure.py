"""hierlab measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hierlab.commands._options import (
    Against,
    Clip,
    Json,
    MapFile,
    Prototypes,
    WordNet,
    parse_against,
)
from hierlab.utils.terminal import emit_json, emit_table, say

if TYPE_CHECKING:
    from hierlab.measures.consistency import ConsistencyReport
    from hierlab.measures.report import MeasureReport


def measure(
    label_map: MapFile,
    clip: Clip = None,
    prototypes: Prototypes = None,
    against: Against = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap over classes.")] = 0,
    wordnet: WordNet = None,
    as_json: Json = False,
) -> None:
    """Measure a hierarchy: agreement with people, Wu-Palmer consistency, sizes, silhouette."""
    from hierlab.embeddings.resolve import prototypes_behind, resolve
    from hierlab.labelmap import load_label_map
    from hierlab.measures.report import measure as measure_map
    from hierlab.wordnet.taxonomy import taxonomy_for

    loaded = load_label_map(label_map)
    wanted = prototypes or clip
    behind = resolve(wanted, loaded.classes) if wanted else prototypes_behind(loaded)
    report = measure_map(
        loaded,
        taxonomy=taxonomy_for(loaded.classes, wordnet=wordnet),
        vectors=None if behind is None else behind.vectors,
        groupings=parse_against(against),
        seed=seed,
    )
    if as_json:
        emit_json(report)
    else:
        _say(report)


def _say(report: MeasureReport) -> None:
    nested = "nested" if report.shape.nested else "not nested"
    say(f"{report.map}: {report.classes} classes, {nested}, id {report.id[:16]}")
    _say_people(report)
    for consistency in report.consistency:
        say()
        _say_consistency(consistency)
    say()
    header = ("level", "K", "min", "median", "max", "effective", "largest")
    rows = []
    for level in report.shape.levels:
        sizes = (level.size_min, level.size_median, level.size_max, level.size_effective)
        share = f"{100 * level.largest_share:.1f} %"
        rows.append((level.level, level.k, *sizes, share, level.singletons, level.silhouette))
    emit_table((*header, "singletons", "silhouette"), rows, title="Sizes")
    for nesting in report.shape.nesting:
        if nesting.strays:
            say(
                f"{nesting.strays} classes ({100 * nesting.stray_share:.1f} %) lie outside their "
                f"{nesting.fine} cluster's majority {nesting.coarse} cluster; "
                f"{nesting.straddling} {nesting.fine} clusters straddle several"
            )
    _say_incoherent(report)
    for sentence in report.left_out:
        say(f"left out: {sentence}")


def _say_consistency(consistency: ConsistencyReport) -> None:
    rows = []
    for level in consistency.levels:
        interval = _interval(level.by_class_low, level.by_class_high)
        pairs = (level.within, level.between, level.random_mean, level.lift)
        rows.append((level.level, level.k, level.by_class, interval, *pairs))
    emit_table(
        ("level", "K", "by class", "95 % interval", "by pair", "between", "random", "lift"),
        rows,
        title=f"Wu-Palmer, policy {consistency.policy!r}, over {consistency.classes} classes",
    )
    say(
        "correlation with shared levels: "
        f"Pearson {_number(consistency.cophenetic_pearson)}, "
        f"Spearman {_number(consistency.cophenetic_spearman)}"
    )


def _say_people(report: MeasureReport) -> None:
    if report.people:
        say()
        levels = {row.level: row.k for row in report.people}
        table: dict[tuple[str, int, int], list[str]] = {}
        for row in report.people:
            cells = table.setdefault((row.grouping, row.groups, row.classes), [])
            cells.append(f"{row.ari:.2f} ({_interval(row.low, row.high, 2)})")
        emit_table(
            ("grouping", "groups", "classes", *(f"{name}, K {k}" for name, k in levels.items())),
            [(*which, *cells) for which, cells in table.items()],
            title="Agreement with groups that people made (adjusted Rand index, 95 % interval)",
        )


def _say_incoherent(report: MeasureReport) -> None:
    rows = [
        (level.level, cluster.name, cluster.size, cluster.within, cluster.odd_class)
        for consistency in report.consistency[:1]
        for level in consistency.levels
        for cluster in level.discords[:3]
    ]
    if rows:
        say()
        emit_table(
            ("level", "cluster", "classes", "within", "fits least"),
            rows,
            title="Clusters that disagree most with WordNet",
        )


def _interval(low: float | None, high: float | None, digits: int = 3) -> str:
    return "-" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
