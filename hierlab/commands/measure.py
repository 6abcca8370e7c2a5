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

if TYPE_CHECKING:
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
    from hierlab.utils.terminal import emit_json
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
    from hierlab.utils.terminal import emit_table, say

    nested = "nested" if report.shape.nested else "not nested"
    say(f"{report.map}: {report.classes} classes, {nested}, id {report.id[:16]}")
    _say_people(report)
    for found in report.consistency:
        say()
        emit_table(
            ("level", "K", "by class", "95 % interval", "by pair", "between", "random", "lift"),
            [
                (
                    level.level,
                    level.k,
                    level.by_class,
                    _interval(level.by_class_low, level.by_class_high),
                    level.within,
                    level.between,
                    level.random_mean,
                    level.lift,
                )
                for level in found.levels
            ],
            title=f"Wu-Palmer, policy {found.policy!r}, over {found.classes} classes",
        )
        say(
            "correlation with shared levels: "
            f"Pearson {_number(found.cophenetic_pearson)}, "
            f"Spearman {_number(found.cophenetic_spearman)}"
        )
    say()
    emit_table(
        ("level", "K", "min", "median", "max", "effective", "largest", "singletons", "silhouette"),
        [
            (
                level.level,
                level.k,
                level.size_min,
                level.size_median,
                level.size_max,
                level.size_effective,
                f"{100 * level.largest_share:.1f} %",
                level.singletons,
                level.silhouette,
            )
            for level in report.shape.levels
        ],
        title="Sizes",
    )
    for nesting in report.shape.nesting:
        if nesting.strays:
            say(
                f"{nesting.strays} classes ({100 * nesting.stray_share:.1f} %) lie outside their "
                f"{nesting.fine} cluster's majority {nesting.coarse} cluster; "
                f"{nesting.straddling} {nesting.fine} clusters straddle several"
            )
    _say_discords(report)
    for sentence in report.left_out:
        say(f"left out: {sentence}")


def _say_people(report: MeasureReport) -> None:
    from hierlab.utils.terminal import emit_table, say

    if report.people:
        say()
        levels = {found.level: found.k for found in report.people}
        table: dict[tuple[str, int, int], list[str]] = {}
        for found in report.people:
            row = table.setdefault((found.grouping, found.groups, found.classes), [])
            row.append(f"{found.ari:.2f} ({_interval(found.low, found.high, 2)})")
        emit_table(
            ("grouping", "groups", "classes", *(f"{name}, K {k}" for name, k in levels.items())),
            [(*which, *cells) for which, cells in table.items()],
            title="Agreement with groups that people made (adjusted Rand index, 95 % interval)",
        )


def _say_discords(report: MeasureReport) -> None:
    from hierlab.utils.terminal import emit_table, say

    rows = [
        (level.level, discord.name, discord.size, discord.within, discord.odd_class)
        for found in report.consistency[:1]
        for level in found.levels
        for discord in level.discords[:3]
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
