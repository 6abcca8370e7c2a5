"""Ours less its twin over both seeds of the trainings, at equal bytes, from the shipped rows.

    python benchmarks/over_seeds.py [--span 0.05,0.8]

Of each photograph the area of accuracy over the logarithm of the budget is averaged over a codec's
seeds, then paired; intervals hold 95 % of the bootstrap over photographs, not over seeds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import fmean

from codec_plugin.evaluation.judged_rows import read_judged
from codec_plugin.evaluation.statistics.bootstrap import paired_difference
from codec_plugin.evaluation.statistics.budget import areas

SHIPPED = Path(__file__).resolve().parent.parent / "codec_plugin" / "results" / "learned.csv.gz"
OURS = ("coarse2fine", "coarse2fine-seed1")
TWIN = ("plain", "plain-seed1")


def main() -> None:
    """Print a table of levels and judges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--span", default="0.05,0.8", help="Bits a pixel, from and to.")
    low, high = map(float, parser.parse_args().span.split(","))
    for judge, rows in read_judged(SHIPPED, "mobilenetv1").items():
        for level in ("coarse", "mid", "fine"):
            found = {
                name: areas(rows, name, f"correct_{level}", (low, high)) for name in OURS + TWIN
            }
            images = sorted(set.intersection(*map(set, found.values())))
            ours, twin = (
                [fmean(found[name][image] for name in names) for image in images]
                for names in (OURS, TWIN)
            )
            gain = paired_difference(ours, twin)
            sys.stdout.write(
                f"{judge} {level}: {100 * gain.mean:+.1f} ({100 * gain.low:+.1f} to "
                f"{100 * gain.high:+.1f}) points, {len(images)} photographs\n"
            )


if __name__ == "__main__":
    main()
