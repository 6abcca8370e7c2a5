"""Rate and distortion of real files on a folder of photographs, whole and cut, beside others.

    python benchmarks/bench_kodak.py --data KODAK [--checkpoint compact] [--cuts 12] [--limit 24]

Every file is cut at the same shares of its own length, so that a row is one rate; mean bits per
pixel and mean PSNR over the photographs (RGB, as CompressAI's published curves are made). For each
cut between two stages' ends it tells how far the cut lies below the straight line between them in
PSNR over the logarithm of the rate. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codec_plugin import Codec, read_header
from codec_plugin.data.picture import read_picture
from codec_plugin.evaluation.codecs.conventional import decode_conventional, encode_conventional

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".png", ".webp", ".jpg")
Points = dict[str, list[tuple[float, float]]]


def psnr_db(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Over all pixels and colours."""
    error = np.square(one.astype(np.float64) - other).mean()
    return float(10 * math.log10(255**2 / max(error, 1e-9)))


def measured(codec: Codec, pixels: NDArray[np.uint8], cuts: int) -> Points:
    """(bits per pixel, dB) of one photograph at stage ends and at log-spaced shares of its file."""
    blob = codec.encode(pixels)
    ends = read_header(blob).ends
    area = pixels.shape[0] * pixels.shape[1]
    shares = np.geomspace(ends[0] / ends[-1], 1.0, cuts)
    places = {f"stage {k + 1}": end for k, end in enumerate(ends)}
    places |= {f"share {n + 1}": round(share * ends[-1]) for n, share in enumerate(shares)}
    return {
        name: [(8 * size / area, psnr_db(codec.decode(blob[:size]).pixels, pixels))]
        for name, size in places.items()
    }


def conventional(pixels: NDArray[np.uint8]) -> Points:
    """The same of WebP and AVIF at some qualities."""
    area = pixels.shape[0] * pixels.shape[1]
    found: Points = {}
    for kind, qualities in (("WEBP", (0, 10, 30, 60, 80)), ("AVIF", (10, 25, 40, 55, 70))):
        for quality in qualities:
            data = encode_conventional(kind.lower(), pixels, quality)
            point = 8 * len(data) / area, psnr_db(decode_conventional(data), pixels)
            found[f"{kind} {quality}"] = [point]
    return found


def below_the_line(points: list[tuple[float, float]], ends: list[tuple[float, float]]) -> list[str]:
    """For each point: decibels below the line between the stages' ends around it."""
    told = []
    for rate, quality in points:
        around = [(a, b) for a, b in pairwise(ends) if a[0] <= rate <= b[0]]
        if not around:
            told.append("")
            continue
        (low, from_db), (high, to_db) = around[0]
        place = math.log(rate / low) / math.log(high / low)
        told.append(f"{from_db + place * (to_db - from_db) - quality:.2f}")
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--checkpoint", default="compact")
    parser.add_argument("--cuts", type=int, default=12)
    parser.add_argument("--limit", type=int, default=24)
    arguments = parser.parse_args()
    codec = Codec.load(arguments.checkpoint)
    files = sorted(f for f in arguments.data.iterdir() if f.suffix.lower() in SUFFIXES)
    gathered: Points = {}
    for file in files[: arguments.limit]:
        pixels = read_picture(file).bytes_rgb
        for part in (measured(codec, pixels, arguments.cuts), conventional(pixels)):
            for name, values in part.items():
                gathered.setdefault(name, []).extend(values)
    means = {name: tuple(np.mean(values, 0).tolist()) for name, values in gathered.items()}
    ends = [point for name, point in means.items() if name.startswith("stage")]
    shares = {name: point for name, point in means.items() if name.startswith("share")}
    below = dict(zip(shares, below_the_line(list(shares.values()), ends), strict=True))
    print("| | bpp | PSNR dB | dB below the line |\n|---|---|---|---|")
    for name, (rate, quality) in means.items():
        print(f"| {name} | {rate:.3f} | {quality:.2f} | {below.get(name, '')} |")


if __name__ == "__main__":
    main()
