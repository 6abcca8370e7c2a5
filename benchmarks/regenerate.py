"""Measure the compact tables of docs/training.md again, and compare them with what is shipped.

    python benchmarks/regenerate.py --test TEST --kodak KODAK [--also tflite:FILE …] [-o FOLDER]

TEST and KODAK are what `c2f data nips17` and `c2f data kodak` made. Three tables, each with the
time that it took: a random hundred of the test photographs without search; the same with stage 1
searched, where the weights of SqueezeNet and Darknet lie in the folder that C2F_CLASSIFIERS names;
Kodak. Started again, the first two go on where they stopped. Ends with 1 where something differs by
more than the shipped intervals.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from codec_plugin.evaluation.benchmark import other_benches, read_bench
from codec_plugin.evaluation.reports.cells import as_markdown
from codec_plugin.evaluation.reports.points import points_table
from codec_plugin.evaluation.results_table import CLEAN, Row, read_rows
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "codec_plugin" / "results"
SEARCHED = "coarse2fine-search:coarse2fine-search=20x1@compact"
JUDGES = {
    "efficientnet-lite2": "lite2",
    "mobilenet_v1": "mobilenetv1",
    "mobilenet_v2": "mobilenetv2",
}
KODAK = re.compile(r"^\| (?P<name>[\w ]+?) \| (?P<bpp>[\d.]+) \| (?P<db>[\d.]+) \|", re.MULTILINE)
Rows = Sequence[Row]


def judge_of(name: str) -> str:
    """Name in the shipped tables of a judge whose benchmark is called so; empty for another."""
    return next((short for part, short in JUDGES.items() if part in name), "")


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
        outside = beyond(pairs) if other else []
        if other:
            line += "; outside the shipped intervals: " + (", ".join(outside) or "nothing")
        lines.append(line)
        sound = sound and not outside
    return lines, sound


def facts(row: Row) -> tuple[float | None, ...]:
    """What a row tells of a file: bytes, and at each level whether the answer is right."""
    right = [v for name, v in sorted(row.measures.items()) if name.startswith("correct_")]
    return (row.bytes, *right)


def beyond(pairs: Sequence[tuple[Row, Row]]) -> list[str]:
    """Cuts and measures whose new mean lies outside the shipped rows' 95 % interval."""
    found = []
    for cut in dict.fromkeys(old.cut for old, _ in pairs):
        own = [(old, new) for old, new in pairs if old.cut == cut]
        names = ["bytes", *(m for m in own[0][0].measures if m.startswith("correct_"))]
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


def kodak_points(text: str) -> dict[str, tuple[str, str]]:
    """Rate and PSNR by name, as they stand in the table that is headed so."""
    table = text.partition("| | bpp | PSNR dB |")[2].partition("\n\n")[0]
    return {found["name"]: (found["bpp"], found["db"]) for found in KODAK.finditer(table)}


def compared_kodak(page: str, made: str) -> tuple[list[str], bool]:
    """The points of a page that were made again: how many are equal, and those that are not."""
    known, now = kodak_points(page), kodak_points(made)
    both = [name for name in now if name in known]
    other = [
        f"{name}: {' '.join(now[name])}, the page has {' '.join(known[name])}"
        for name in both
        if now[name] != known[name]
    ]
    return [f"{len(both) - len(other)} of {len(both)} points equal to the digit", *other], not other


def bench(arguments: argparse.Namespace, codecs: str, folder: Path) -> bool:
    """One benchmark and its comparison."""
    command = [sys.executable, "-m", "codec_plugin", "bench", "--data", str(arguments.test)]
    command += ["--first", str(arguments.first), "--cuts", "0", "--codecs", codecs]
    for name in ("efficientnet-lite2", *arguments.also):
        command += ["--also", name]
    begun = time.monotonic()
    subprocess.run([*command, "-o", str(folder)], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    judged = {"lite0": read_bench(folder)}
    for name, rows in other_benches(folder).items():
        judged[judge_of(name) or name] = rows
    table(judged)
    sys.stdout.write(f"\nWall time: {seconds / 60:.1f} minutes.\n\n")
    sound = True
    for judge, rows in judged.items():
        path = SHIPPED / f"compact-100-{judge}.csv.gz"
        if path.is_file():
            lines, fits = compared(read_rows(path), rows)
            sound = sound and fits
            sys.stdout.write("".join(f"- {judge}: {line}\n" for line in lines))
    return sound


def table(judged: Mapping[str, Rows]) -> None:
    """Every codec and cut."""
    first = next(iter(judged.values()))
    points = list(dict.fromkeys((row.subject, row.cut) for row in first))
    sys.stdout.write(as_markdown(points_table(judged, points, ("bytes", "psnr_db"))))


def kodak(folder: Path) -> bool:
    """Kodak and its comparison."""
    command = [sys.executable, str(ROOT / "benchmarks" / "bench_kodak.py"), "--data", str(folder)]
    begun = time.monotonic()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - begun
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    lines, sound = compared_kodak(page, done.stdout)
    sys.stdout.write(f"{done.stdout}\nWall time: {seconds / 60:.1f} minutes.\n\n")
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
        sound.append(bench(arguments, codecs, arguments.output / "plain"))
        if "C2F_CLASSIFIERS" in os.environ:
            sys.stdout.write("\n## The same, searched\n\n")
            sound.append(bench(arguments, SEARCHED, arguments.output / "searched"))
        else:
            sys.stdout.write(
                "\nNot searched: C2F_CLASSIFIERS names no folder with the weights of SqueezeNet "
                "and Darknet, which the search asks.\n"
            )
    if arguments.kodak is not None:
        sys.stdout.write("\n## Kodak\n\n")
        sys.stdout.flush()
        sound.append(kodak(arguments.kodak))
    raise SystemExit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
