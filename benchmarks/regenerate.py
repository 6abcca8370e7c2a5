"""Measure the compact tables again, and compare them with what is shipped.

    python benchmarks/regenerate.py --test TEST --kodak KODAK [--also tflite:FILE …] [-o FOLDER]

TEST and KODAK are what `c2f data nips17` and `c2f data kodak` made. Three tables, each with the
time that it took: a random hundred of the test photographs without search; the same with stage 1
searched, where the weights of SqueezeNet and Darknet lie in the folder that C2F_CLASSIFIERS names;
Kodak, ours beside codecs of Pillow. Started again, it goes on where it stopped. Ends with 1 where
something differs by more than the shipped intervals.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from codec_plugin.evaluation.benchmark import other_benches, read_bench
from codec_plugin.evaluation.judged_rows import read_judged
from codec_plugin.evaluation.reports.cells import as_markdown
from codec_plugin.evaluation.reports.points import points_table
from codec_plugin.evaluation.reports.transfer import short_name
from codec_plugin.evaluation.results_table import CLEAN, Row, read_rows
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "codec_plugin" / "results"
SEARCHED = "coarse2fine-search:coarse2fine-search=8x1@compact"
KODAK = "coarse2fine,avif=0/10/20/30/40/50/60/70,webp=0/5/15/30/50/70/85"
Rows = Sequence[Row]


def compared(shipped: Rows, made: Rows) -> tuple[list[str], bool]:
    """Row by row, a sentence a codec; and whether all means lie in the shipped intervals."""
    known = {(row.subject, row.image, row.cut): row for row in shipped}
    lines, sound = [], True
    for subject in dict.fromkeys(row.subject for row in made if row.subject != CLEAN):
        pairs = [
            (known[key], row)
            for row in made
            if row.subject == subject and (key := (row.subject, row.image, row.cut)) in known
        ]
        if not pairs:
            lines.append(f"{subject}: no shipped rows")
            continue
        other = [(old, new) for old, new in pairs if facts(old) != facts(new)]
        line = f"{subject}: {len(pairs) - len(other)} of {len(pairs)} rows equal to the digit"
        models = {row.identity.model for pair in pairs for row in pair if row.identity}
        if other and len(models) > 1:
            line += f"; encoders {', '.join(sorted(models))}"
        apart = max((abs(a - b) for a, b in qualities(pairs)), default=0.0)
        if apart > 0.006:
            line += f"; PSNR differs by up to {apart:.2f} dB"
        outside = beyond(pairs) if other or apart > 0.006 else []
        if other or apart > 0.006:
            line += "; outside the shipped intervals: " + (", ".join(outside) or "nothing")
        lines.append(line)
        sound = sound and not outside
    return lines, sound


def qualities(pairs: Sequence[tuple[Row, Row]]) -> list[tuple[float, float]]:
    """PSNR of both, where both know it."""
    both = [(old.value("psnr_db"), new.value("psnr_db")) for old, new in pairs]
    return [(a, b) for a, b in both if a is not None and b is not None]


def facts(row: Row) -> tuple[float | None, ...]:
    """What a row tells of a file: bytes, and at each level whether the answer is right."""
    right = [v for name, v in sorted(row.measures.items()) if name.startswith("correct_")]
    return (row.bytes, *right)


def beyond(pairs: Sequence[tuple[Row, Row]]) -> list[str]:
    """Cuts and measures whose new mean lies outside the shipped rows' 95 % interval."""
    found = []
    for cut in dict.fromkeys(old.cut for old, _ in pairs):
        own = [(old, new) for old, new in pairs if old.cut == cut]
        right = [m for m in own[0][0].measures if m.startswith("correct_")]
        names = ["bytes", "psnr_db", *right]
        for name in names:
            both = [(old.value(name), new.value(name)) for old, new in own]
            values = [(a, b) for a, b in both if a is not None and b is not None]
            if not values:
                continue
            old = bootstrap_mean([a for a, _ in values])
            new = sum(b for _, b in values) / len(values)
            if not old.low - 1e-9 <= new <= old.high + 1e-9:
                found.append(f"{cut} {name} {new:.3g} ({old.low:.3g} to {old.high:.3g})")
    return found


def bench(arguments: argparse.Namespace, codecs: str, folder: Path, name: str) -> bool:
    """One benchmark and its comparison.

    Args:
        name: of the shipped table that has rows of these codecs.
    """
    command = [sys.executable, "-m", "codec_plugin", "bench", "--data", str(arguments.test)]
    command += ["--first", str(arguments.first), "--cuts", "0", "--codecs", codecs]
    for judge in ("efficientnet-lite2", *arguments.also):
        command += ["--also", judge]
    begun = time.monotonic()
    subprocess.run([*command, "-o", str(folder)], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    judged = {"lite0": read_bench(folder)}
    for judge, rows in other_benches(folder).items():
        judged[short_name(judge)] = rows
    table(judged)
    sys.stdout.write(f"\nWall time: {seconds / 60:.1f} minutes.\n\n")
    sound, shipped = True, read_judged(SHIPPED / f"{name}.csv.gz")
    for judge, rows in judged.items():
        if judge in shipped:
            lines, fits = compared(shipped[judge], rows)
            sound = sound and fits
            sys.stdout.write("".join(f"- {judge}: {line}\n" for line in lines))
    return sound


def table(judged: Mapping[str, Rows]) -> None:
    """Every codec and cut."""
    first = next(iter(judged.values()))
    points = list(dict.fromkeys((row.subject, row.cut) for row in first))
    sys.stdout.write(as_markdown(points_table(judged, points, ("bytes", "psnr_db"))))


def kodak(folder: Path, output: Path) -> bool:
    """Kodak and its comparison."""
    command = [sys.executable, str(ROOT / "benchmarks" / "bench_kodak.py"), "--data", str(folder)]
    begun = time.monotonic()
    subprocess.run([*command, "--codecs", KODAK, "-o", str(output)], check=True)
    seconds = time.monotonic() - begun
    lines, sound = compared(read_rows(SHIPPED / "kodak.csv.gz"), read_bench(output))
    sys.stdout.write(f"\nWall time: {seconds / 60:.1f} minutes.\n\n")
    sys.stdout.write("".join(f"- {line}\n" for line in lines))
    return sound


def main() -> None:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--test", type=Path, help="made by c2f data nips17")
    parser.add_argument("--kodak", type=Path, help="made by c2f data kodak")
    parser.add_argument("--also", action="append", default=[], help="judge, as of c2f bench")
    parser.add_argument("--first", type=int, default=100, help="of the test photographs, at random")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "out" / "results")
    arguments = parser.parse_args()
    if arguments.test is None and arguments.kodak is None:
        parser.error("name --test, --kodak or both; docs/regenerate.md says how they are made")
    sound = []
    if arguments.test is not None:
        sys.stdout.write("## A random hundred\n\n")
        codecs = "coarse2fine,avif=0/12/26/40"
        folder = arguments.output / "plain"
        sound.append(bench(arguments, codecs, folder, "photographs"))
        if "C2F_CLASSIFIERS" in os.environ:
            sys.stdout.write("\n## The same, searched\n\n")
            folder = arguments.output / "searched"
            sound.append(bench(arguments, SEARCHED, folder, "learned"))
        else:
            sys.stdout.write(
                "\nNot searched: C2F_CLASSIFIERS names no folder with the weights of SqueezeNet "
                "and Darknet, which the search asks.\n"
            )
    if arguments.kodak is not None:
        sys.stdout.write("\n## Kodak\n\n")
        sys.stdout.flush()
        sound.append(kodak(arguments.kodak, arguments.output / "kodak"))
    raise SystemExit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
