"""Put a benchmark's rows into the package, as one small table.

    python benchmarks/pack_results.py BENCH NAME [--codecs A,B] [--cuts stage-,quality-]

BENCH is a folder of `c2f bench`; codec_plugin/results/NAME.csv.gz holds the first judge's rows, and
what is right to each further judge (see `codec_plugin.evaluation.judged_rows`). Left out is what
no table looks up: times, sizes of containers, agreement where labels are there, and digits beyond
those that tables show. The full-size files of `avif-shrunk` are those of `avif` and a byte, so rows
of `avif` are added where it was not measured itself; likewise `webp` and the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from codec_plugin.evaluation.benchmark import other_benches, read_bench, read_protocol
from codec_plugin.evaluation.judged_rows import write_judged
from codec_plugin.evaluation.reports.transfer import short_name
from codec_plugin.evaluation.results_table import CLEAN, Row
from codec_plugin.evaluation.statistics.budget import scale_of
from codec_plugin.evaluation.statistics.summary import level_names, measure_of

SHIPPED = Path(__file__).resolve().parent.parent / "codec_plugin" / "results"
DIGITS = {"psnr_db": 2, "ms_ssim": 4, "confidence_": 2}
SHRUNK = "-shrunk"


def unshrunk(rows: Sequence[Row]) -> list[Row]:
    """Rows of codecs that may shrink as those of codecs that may not, where these are missing."""
    known = {row.subject for row in rows}
    made = []
    for row in rows:
        name = row.subject.removesuffix(SHRUNK)
        if name == row.subject or name in known or scale_of(row.cut) != "full":
            continue
        rate = round(row.rate_bpp * (row.bytes - 1) / row.bytes, 6)
        identity = row.identity
        if identity is not None:
            settings = [cut for cut in identity.cuts.split() if scale_of(cut) == "full"]
            model = identity.model.partition(", also halved")[0]
            identity = identity._replace(model=model, cuts=" ".join(settings))
        made.append(
            replace(row, subject=name, bytes=row.bytes - 1, rate_bpp=rate, identity=identity)
        )
    return made


def slim(row: Row, *, labelled: bool) -> Row:
    """A row with the columns and digits that tables need.

    Args:
        labelled: whether any photograph of the table has a label; agreement is left out then.
    """
    names = list(row.measures)
    first = next(name for name in names if name.startswith("confidence_"))
    kept: dict[str, float | None] = {}
    for name in names:
        needed = name in ("psnr_db", "ms_ssim", first) or name.startswith(
            ("correct_",) if labelled else ("correct_", "agree_")
        )
        if not needed:
            continue
        value = row.measures[name]
        digits = next((n for part, n in DIGITS.items() if name.startswith(part)), None)
        known = value is not None and np.isfinite(value)
        kept[name] = (round(value, digits) if digits else value) if known else None  # type: ignore[arg-type]
    identity = None if row.identity is None else row.identity._replace(photograph="")
    return replace(row, measures=kept, answer="", identity=identity)


def packed(rows: Sequence[Row], codecs: Sequence[str], cuts: Sequence[str]) -> list[Row]:
    """Rows of some codecs and cuts, those of the originals always, in an order that gzip likes."""
    chosen = [
        row
        for row in [*rows, *unshrunk(rows)]
        if row.subject == CLEAN
        or ((not codecs or row.subject in codecs) and row.cut.startswith(tuple(cuts)))
    ]
    return sorted(chosen, key=lambda row: (row.subject, row.cut, row.image))


def main() -> None:
    """Write the table and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("name")
    parser.add_argument("--codecs", default="", help="with commas; default: all")
    parser.add_argument("--cuts", default="", help="beginnings of their names; default: all")
    arguments = parser.parse_args()
    codecs, cuts = (text.split(",") if text else [] for text in (arguments.codecs, arguments.cuts))
    judged = {read_protocol(arguments.bench).classifier: read_bench(arguments.bench)}
    judged |= other_benches(arguments.bench)
    first, *others = (packed(rows, codecs, cuts or [""]) for rows in judged.values())
    names = map(short_name, judged)
    labelled = measure_of(first, level_names(first)[0]).startswith("correct_")
    path = SHIPPED / f"{arguments.name}.csv.gz"
    write_judged(
        path,
        dict(zip(names, [[slim(row, labelled=labelled) for row in first], *others], strict=True)),
    )
    size = path.stat().st_size / 1000
    sys.stdout.write(f"{path.name}: {len(first)} rows of {len(judged)} judges, {size:.0f} kB\n")


if __name__ == "__main__":
    main()
