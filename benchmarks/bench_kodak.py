"""Rate and distortion on the Kodak photographs: ours at every cut, others run here, and published.

    python benchmarks/bench_kodak.py --data KODAK [-o out/kodak] [--codecs coarse2fine,avif=…]
    python benchmarks/bench_kodak.py --rows codec_plugin/results/kodak.csv.gz --figure FILE.svg

With --data it runs `c2f bench` (real files, the same rates for all photographs, mean bits a pixel
and mean PSNR over RGB), and goes on where it stopped; with --rows it tells what was measured
before. For each cut between two stages' ends the first table tells how far it lies below the
straight line between them over the logarithm of the rate, photograph by photograph, in the mean.
Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import matplotlib
from matplotlib import pyplot

from codec_plugin.evaluation.benchmark import read_bench
from codec_plugin.evaluation.reports.cells import as_markdown
from codec_plugin.evaluation.reports.published import (
    measured_curves,
    published_curves,
    rates_table,
)
from codec_plugin.evaluation.results_table import CLEAN, read_rows
from codec_plugin.evaluation.statistics.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codec_plugin.evaluation.reports.cells import Table
    from codec_plugin.evaluation.results_table import Row

OURS = "coarse2fine"
CUTS = 16
RATES_BPP = (0.1, 0.2, 0.4, 0.8)
CONVENTIONAL = (
    "jpeg=5/10/20/35/55/75/88",
    "webp=0/5/15/30/50/70/85",
    "avif=0/10/20/30/40/50/60/70",
    "jxl=13/9/6/4/3/2/1.3",
    "vvc=43/37/31/25",
)
"""What is measured beside ours; programs that are not here are skipped by name."""
Point = tuple[float, float]


def below_the_line(point: Point, ends: Sequence[Point]) -> float | None:
    """Decibels that a cut (bpp, dB) of one file lies below the line between the stages' ends around
    it, over the logarithm of the rate; none where it lies outside.
    """
    rate, quality = point
    around = [(a, b) for a, b in pairwise(sorted(ends)) if a[0] <= rate <= b[0]]
    if not around:
        return None
    (low, from_db), (high, to_db) = around[0]
    place = math.log(rate / low) / math.log(high / low)
    return from_db + place * (to_db - from_db) - quality


def mean_distances(rows: Sequence[Row]) -> dict[str, float]:
    """Mean distance of each cut over the photographs, each to its own line.

    The mean of cuts at equal rates is no point of the line through mean ends of stages, whose rates
    differ from photograph to photograph.
    """
    places: dict[str, dict[str, Point]] = defaultdict(dict)
    for row in rows:
        if row.subject == OURS:
            places[row.image][row.cut] = row.rate_bpp, row.value("psnr_db") or math.nan
    found: dict[str, list[float]] = defaultdict(list)
    for cuts in places.values():
        ends = [point for cut, point in cuts.items() if cut.startswith("stage-")]
        for cut, point in cuts.items():
            if not cut.startswith("stage-") and (gap := below_the_line(point, ends)) is not None:
                found[cut].append(gap)
    return {cut: fmean(gaps) for cut, gaps in found.items() if len(gaps) == len(places)}


def cuts_table(rows: Sequence[Row]) -> Table:
    """Every codec and cut in order of rate; ours with the mean distance to the line."""
    below = mean_distances(rows)
    return [
        {
            "codec": entry.subject,
            "cut": entry.cut,
            "bpp": f"{entry.mean('rate_bpp'):.3f}",
            "PSNR dB": f"{entry.mean('psnr_db'):.2f}",
            "dB below the line": f"{below[entry.cut]:.2f}"
            if entry.subject == OURS and entry.cut in below
            else "",
        }
        for entry in summarise(rows)
        if entry.subject != CLEAN
    ]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Ours at every cut, codecs that ran here, and published curves (dashed)."""
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "kodak"  # the same picture, the same file
    figure, axes = pyplot.subplots(figsize=(8, 5.2), layout="constrained")
    axes.set_prop_cycle(
        color=pyplot.get_cmap("tab20").colors[::2] + pyplot.get_cmap("tab20b").colors
    )
    # Cuts at equal rates and ends of stages are means of two kinds: one curve does not join them.
    drawn = [row for row in rows if not row.cut.startswith("stage-")]
    for name, curve in measured_curves(drawn).items():
        own = name == OURS
        shape = {"marker": "o" if own else ".", "markersize": 4, "zorder": 3 if own else 2}
        width = 2.2 if own else 1.2
        axes.plot(curve.rates_bpp, curve.values, lw=width, label=f"{name}, here", **shape)
    for known in published_curves():
        axes.plot(known.bpp, known.psnr_db, "--", lw=0.9, label=known.name)
    axes.set(xlabel="bits per pixel", ylabel="PSNR (RGB) dB", xlim=(0.04, 1.6), ylim=(21, 39))
    axes.set_title("Kodak, mean of 24 photographs (dashed: published)")
    axes.set_xscale("log")
    ticks = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def main() -> None:
    """Measure or read, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--data", type=Path, help="made by c2f data kodak")
    parser.add_argument("--rows", type=Path, help="instead: rows that were measured before")
    parser.add_argument("-o", "--output", type=Path, default=Path("out/kodak"))
    parser.add_argument("--codecs", default=",".join((OURS, *CONVENTIONAL)))
    parser.add_argument("--figure", type=Path, help="draw the curves there, SVG or PNG")
    arguments = parser.parse_args()
    if (arguments.data is None) == (arguments.rows is None):
        parser.error("name --data or --rows; docs/regenerate.md says how KODAK is made")
    if arguments.rows is not None:
        rows = read_rows(arguments.rows)
    else:
        command = [sys.executable, "-m", "codec_plugin", "bench", "--data", str(arguments.data)]
        command += ["--codecs", arguments.codecs, "--cuts", str(CUTS), "-o", str(arguments.output)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = read_bench(arguments.output)
    sys.stdout.write(as_markdown(cuts_table(rows)) + "\n")
    sys.stdout.write(as_markdown(rates_table(measured_curves(rows), published_curves(), RATES_BPP)))
    if arguments.figure is not None:
        draw(rows, arguments.figure)


if __name__ == "__main__":
    main()
