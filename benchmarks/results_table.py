"""The table of docs/training.md from rows of `c2f bench`: accuracy, bytes, PSNR gains, pairs.

    python benchmarks/results_table.py [RESULTS.csv.gz …]

Without arguments, the rows that the package ships, a file a classifier. Where two codecs are set
against each other, only photographs that both have coded count.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from codec_plugin.evaluation.results_table import CLEAN, Row, read_rows
from codec_plugin.evaluation.statistics.bd_rate import bd_quality, bootstrapped
from codec_plugin.evaluation.statistics.bootstrap import Interval, paired_difference
from codec_plugin.evaluation.statistics.bytes_to_reach import reach_bytes, reach_ratio
from codec_plugin.evaluation.statistics.summary import level_names, summarise

SHIPPED = Path(__file__).resolve().parent.parent / "codec_plugin" / "results"
PLAIN = "coarse2fine"
SEARCHED = ("coarse2fine-search", "coarse2fine-search-all")
ANCHORS = ("avif", "webp", "jpeg", "jpeg2000")
WANTED = 0.9  # of the accuracy on the originals

Rows = list[Row]


def shared(rows: Rows, subjects: Sequence[str]) -> Rows:
    """Rows of some codecs for the photographs that all of them have coded."""
    images = [{row.image for row in rows if row.subject == name} for name in subjects]
    common = set.intersection(*images)
    return [row for row in rows if row.subject in subjects and row.image in common]


def points(rows: Rows) -> Iterator[str]:
    """Every codec at every cut."""
    for entry in summarise(rows):
        accuracy = []
        for level in level_names(rows):
            mean, low, high = (100 * (v or 0.0) for v in entry.means[f"correct_{level}"])
            accuracy.append(f"{level} {mean:.0f} ({low:.0f}-{high:.0f})")
        psnr = entry.mean("psnr_db")
        quality = "" if psnr is None else f"{psnr:.2f} dB, "
        yield (
            f"{entry.subject}, {entry.cut}: {entry.mean('bytes'):.0f} bytes, {quality}"
            f"{', '.join(accuracy)} %, {entry.images} photographs"
        )


def against(rows: Rows, own: str) -> Iterator[str]:
    """Bytes for the coarse class and PSNR of ours beside each conventional codec."""
    for anchor in ANCHORS:
        both = shared(rows, [own, anchor])
        originals = {row.image for row in both}
        both += [row for row in rows if row.subject == CLEAN and row.image in originals]
        sizes = [reach_bytes(both, name, "correct_coarse", WANTED) for name in (own, anchor)]
        words = ["never" if size is None else f"{size.mean:.0f}" for size in sizes]
        ratio = reach_ratio(both, own, anchor, "correct_coarse", WANTED)
        share = "" if ratio is None else f", ratio {interval(ratio, 2)}"
        gain = bootstrapped(both, own, anchor, "psnr_db", bd_quality)
        quality = "" if gain.value is None else f"; PSNR {gain.value:+.2f} dB"
        if gain.low is not None and gain.high is not None:
            quality += f" ({gain.low:+.2f} to {gain.high:+.2f})"
        yield (
            f"{own} and {anchor}: {words[0]} and {words[1]} bytes for {WANTED:.0%} of the coarse "
            f"accuracy on originals{share}{quality}"
        )


def interval(gap: Interval, digits: int) -> str:
    """Mean and bounds."""
    return f"{gap.mean:.{digits}f} ({gap.low:.{digits}f} to {gap.high:.{digits}f})"


def pairs(rows: Rows, searched: str) -> Iterator[str]:
    """A search less none at the ends of the stages, photograph by photograph."""
    for stage in sorted({row.cut for row in rows if row.cut.startswith("stage-")}):
        for measure in (*(f"correct_{level}" for level in level_names(rows)), "bytes"):
            values = [
                {r.image: r.value(measure) for r in rows if (r.subject, r.cut) == (name, stage)}
                for name in (searched, PLAIN)
            ]
            both = sorted(set(values[0]) & set(values[1]))
            gain = paired_difference(*([own[image] for image in both] for own in values))
            unit = 1 if measure == "bytes" else 100
            mean, low, high = (unit * value for value in (gain.mean, gain.low, gain.high))
            name = measure.removeprefix("correct_")
            yield f"{searched} less none, {stage}, {name}: {mean:+.1f} ({low:+.1f} to {high:+.1f})"


def surest(rows: Rows, own: str) -> Iterator[str]:
    """Coarse accuracy if, as bytes arrive, the answer that was surest so far is kept."""
    cuts: dict[str, Rows] = {}
    for row in rows:
        if row.subject == own:
            cuts.setdefault(row.cut, []).append(row)
    best: dict[str, Row] = {}
    for cut, at_cut in sorted(cuts.items(), key=lambda item: fmean(r.bytes for r in item[1])):
        for row in at_cut:
            known = best.get(row.image, row)
            if row.measures["confidence_coarse"] >= known.measures["confidence_coarse"]:
                best[row.image] = row
        shares = [
            100 * fmean(row.measures["correct_coarse"] for row in some)
            for some in (at_cut, best.values())
        ]
        yield f"{own}, {cut}: coarse {shares[0]:.1f} %, surest answer so far {shares[1]:.1f} %"


def table(path: Path) -> list[str]:
    """Lines about one file of rows."""
    rows = read_rows(path)
    subjects = {row.subject for row in rows}
    lines = [f"{path.name}: {len({row.image for row in rows})} photographs", *points(rows)]
    for own in (PLAIN, *SEARCHED):
        if {own, *ANCHORS} <= subjects:
            lines += against(rows, own)
    for own in SEARCHED:
        if {PLAIN, own} <= subjects:
            lines += pairs(shared(rows, [PLAIN, own]), own)
    for own in sorted({PLAIN, *SEARCHED} & subjects):
        lines += surest(rows, own)
    return lines


def main() -> None:
    """Print a table for each file."""
    paths = [Path(word) for word in sys.argv[1:]] or sorted(SHIPPED.glob("*.csv.gz"))
    print("\n\n".join("\n".join(table(path)) for path in paths))


if __name__ == "__main__":
    main()
