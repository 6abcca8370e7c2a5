"""The table of docs/training.md from rows of `c2f eval`: accuracy, bytes, PSNR gains, pairs.

    python benchmarks/results_table.py [RESULTS.csv …]

Without arguments, the rows that the package ships, a file a classifier.
"""

from __future__ import annotations

import sys
from pathlib import Path

from codec_plugin.evaluate.protocol import read_rows
from codec_plugin.evaluate.summary import (
    bd_psnr_db,
    bytes_to_reach,
    compare_cuts,
    level_names,
    summarise,
)

SHIPPED = Path(__file__).resolve().parent.parent / "codec_plugin" / "results"
SEARCHED, PLAIN = ("compact-effort-20", "stage-1"), ("compact", "stage-1")


def table(path: Path) -> list[str]:
    """Lines about one file of rows."""
    rows = read_rows(path)
    summary, levels = summarise(rows), level_names(rows)
    subjects = list(dict.fromkeys(entry["subject"] for entry in summary))
    lines = [f"{path.name}: {max(entry['images'] for entry in summary)} photographs"]
    for entry in summary:
        if entry["psnr_db"]["mean"] is None:
            continue
        accuracy = []
        for level in levels:
            share = entry[f"correct_{level}"]
            mean, low, high = (100 * share[part] for part in ("mean", "low", "high"))
            accuracy.append(f"{level} {mean:.0f} ({low:.0f}-{high:.0f})")
        lines.append(
            f"{entry['subject']}, {entry['cut']}: {entry['bytes']['mean']:.0f} bytes, "
            f"{entry['psnr_db']['mean']:.1f} dB, {', '.join(accuracy)} %"
        )
    for subject in subjects:
        size = bytes_to_reach(summary, subject, "correct_coarse", 0.8)
        if subject != "clean" and size is not None:
            lines.append(f"{subject}: {size:.0f} bytes for 80 % coarse")
    for anchor in ("webp", "avif", "jpeg", "jpeg2000"):
        lines.append(f"compact against {anchor}: {bd_psnr_db(summary, 'compact', anchor):+.1f} dB")
    for level in levels:
        gain = compare_cuts(rows, SEARCHED, PLAIN, f"correct_{level}")
        low, high = 100 * gain.low, 100 * gain.high
        lines.append(f"search, {level}: {100 * gain.mean:+.0f} points ({low:.0f} to {high:.0f})")
    return lines


def main() -> None:
    """Print a table for each file."""
    paths = [Path(word) for word in sys.argv[1:]] or sorted(SHIPPED.glob("*.csv"))
    print("\n\n".join("\n".join(table(path)) for path in paths))


if __name__ == "__main__":
    main()
