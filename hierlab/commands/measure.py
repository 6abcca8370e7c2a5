"""hierlab measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hierlab.commands._options import Clip, Json, MapFile, Prototypes, WordNet

if TYPE_CHECKING:
    from hierlab.measures.report import MeasureReport


def measure(
    label_map: MapFile,
    clip: Clip = None,
    prototypes: Prototypes = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap over classes.")] = 0,
    wordnet: WordNet = None,
    as_json: Json = False,
) -> None:
    """Measure a hierarchy: Wu-Palmer consistency, sizes, nesting, silhouette."""
    from hierlab._terminal import emit_json
    from hierlab.labelmap import load_label_map
    from hierlab.measures.report import measure as measure_map
    from hierlab.prototypes import prototypes_behind, resolve
    from hierlab.taxonomy import taxonomy_for

    loaded = load_label_map(label_map)
    wanted = prototypes or clip
    behind = resolve(wanted, loaded.classes) if wanted else prototypes_behind(loaded)
    vectors = None if behind is None else behind.vectors
    taxonomy = taxonomy_for(loaded.classes, wordnet=wordnet)
    report = measure_map(loaded, taxonomy=taxonomy, vectors=vectors, seed=seed)
    if as_json:
        emit_json(report)
    else:
        _say(report)


def _say(report: MeasureReport) -> None:
    from hierlab._terminal import emit_table, say

    nested = "nested" if report.shape.nested else "not nested"
    say(f"{report.map}: {report.classes} classes, {nested}, id {report.id[:16]}")
    for found in report.consistency:
        say()
        emit_table(
            ("level", "K", "within", "95 % interval", "between", "random", "lift", "z"),
            [
                (
                    level.level,
                    level.k,
                    level.within,
                    _interval(level.within_low, level.within_high),
                    level.between,
                    level.random_mean,
                    level.lift,
                    level.z,
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


def _say_discords(report: MeasureReport) -> None:
    from hierlab._terminal import emit_table, say

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


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
