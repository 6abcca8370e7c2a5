"""Chosen codecs and cuts as lines: bytes, PSNR, and the accuracy by each of several judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codec_plugin.evaluation.results_table import CLEAN
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean
from codec_plugin.evaluation.statistics.summary import level_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codec_plugin.evaluation.reports.cells import Table
    from codec_plugin.evaluation.results_table import Row

__all__ = ["points_table"]


def points_table(
    judged: Mapping[str, Sequence[Row]], points: Sequence[tuple[str, str]], common: Sequence[str]
) -> Table:
    """Means over the photographs; accuracy in percent, at the first level with its interval.

    Args:
        judged: rows by judge, of the same pictures; bytes and PSNR are the first one's.
        points: codec and cut of each line; `clean` and `clean` for the originals.
        common: measures before the judges: `bytes`, `psnr_db`.
    """
    titles = {"bytes": ("bytes", "{:,.0f}"), "psnr_db": ("PSNR dB", "{:.2f}")}
    first = next(iter(judged.values()))
    table = []
    for subject, cut in points:
        line = {"": f"{subject}, {cut}"}
        own = [row for row in first if (row.subject, row.cut) == (subject, cut)]
        for measure in common:
            title, form = titles[measure]
            known = [v for row in own if (v := row.value(measure)) is not None]
            shown = known and subject != CLEAN
            line[title] = form.format(sum(known) / len(known)) if shown else ""
        for judge, rows in judged.items():
            seen = [row for row in rows if (row.subject, row.cut) == (subject, cut)]
            line[judge] = "/".join(
                _share(seen, level, interval=not n) for n, level in enumerate(level_names(rows))
            )
        table.append(line)
    return table


def _share(rows: Sequence[Row], level: str, *, interval: bool) -> str:
    # In order of name, so that the interval is the same whatever order the rows came in.
    ordered = sorted(rows, key=lambda row: row.image)
    values = [value for row in ordered if (value := row.value(f"correct_{level}")) is not None]
    if not values:
        return "-"
    share = bootstrap_mean(values)
    text = f"{100 * share.mean:.0f}"
    return f"{text} ({100 * share.low:.0f}–{100 * share.high:.0f})" if interval else text
