"""File sizes beside what the checkpoint's tables ask for, and quality beside bytes, over a folder.

    python benchmarks/bench_bytes.py --data DIR [--checkpoint NAME] [--limit 100] [--cuts 24]

Prints what the files cost above −log2 of the probability of their symbols under the tables, what
the float model's likelihood of rounded symbols would be, and the mean PSNR over the pictures at
rising shares of the file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from codec_plugin.bitstream.container import read_header
from codec_plugin.codec import Codec
from codec_plugin.data.picture import read_picture
from codec_plugin.entropy.cdf_tables import PRECISION_BITS, TableRow
from codec_plugin.models.tiled import analyse


def likelihood_bytes(codec: Codec, pixels: np.ndarray) -> float:
    """−log2 likelihood of all stages by the float model, in bytes."""
    x = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        return float(codec.checkpoint.model(x).stage_bits.sum()) / 8


def symbol_bytes(codec: Codec, pixels: np.ndarray) -> float:
    """−log2 of the probability of a file's symbols under the checkpoint's tables, in bytes."""
    model, tables = codec.checkpoint.model, codec.checkpoint.tables
    y, z = analyse(model, torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])
    bits = sum(
        table_bits(tables.hyper(channel), symbols.reshape(-1))
        for channel, symbols in enumerate(torch.round(z)[0].int().numpy())
    )
    for _, passes in codec.latents.coded(y, z):
        for symbols, index in passes:
            for rung in np.unique(index.numpy()):
                bits += table_bits(tables.scale(int(rung)), symbols[index == int(rung)].numpy())
    return bits / 8


def table_bits(row: TableRow, symbols: np.ndarray) -> float:
    """Code length of symbols under one table; digits behind an escape by their number."""
    place = symbols.astype(np.int64) - row.low
    n = len(row.frequencies) - 1
    held = (place >= 0) & (place < n)
    u = np.where(place >= n, 2 * (place - n), -2 * place - 1)[~held]
    entries = row.frequencies[np.where(held, place, n)]
    return float(
        (PRECISION_BITS - np.log2(entries)).sum() + (2 * np.floor(np.log2(u + 1)) + 1).sum()
    )


def psnr_db(codec: Codec, blob: bytes, pixels: np.ndarray, cuts: int) -> list[float]:
    """Quality at `cuts` shares of the file, header alone first."""
    ends = np.linspace(read_header(blob).size_bytes, len(blob), cuts).astype(int)
    found = []
    for end in ends:
        error = codec.decode(blob[:end]).pixels.astype(float) - pixels
        found.append(float(10 * np.log10(255**2 / np.square(error).mean())))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", default="compact")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=24)
    options = parser.parse_args()
    codec = Codec.load(options.checkpoint)
    files = [f for f in sorted(options.data.iterdir()) if f.suffix in {".webp", ".png", ".jpg"}]
    sizes, model, asked, excess, qualities = [], [], [], [], []
    for number, file in enumerate(files[: options.limit]):
        pixels = read_picture(file).pixels
        pixels = np.ascontiguousarray(
            pixels[: pixels.shape[0] // 64 * 64, : pixels.shape[1] // 64 * 64]
        )
        blob = codec.encode(pixels)
        sizes.append(len(blob))
        model.append(likelihood_bytes(codec, pixels))
        asked.append(symbol_bytes(codec, pixels))
        excess.append(sizes[-1] - 1.01 * asked[-1])
        if number % 4 == 0:
            qualities.append(psnr_db(codec, blob, pixels, options.cuts))
    print(f"{len(sizes)} pictures, {np.mean(sizes):.1f} bytes a file")
    print(f"-log2 probability of their symbols (tables): {np.mean(asked):.1f} bytes a picture")
    print(f"float model's likelihood of rounded symbols: {np.mean(model):.1f} bytes a picture")
    print(f"above 101 % of it: {np.mean(excess):.1f} bytes in the mean, {max(excess):.1f} at most")
    means = np.mean(qualities, axis=0)
    print(f"mean PSNR of {len(qualities)} pictures at {options.cuts} equal shares of the file, dB:")
    print(" ".join(f"{value:.2f}" for value in means))
    print(f"largest fall from one share to the next: {max(0.0, -np.diff(means).min()):.3f} dB")


if __name__ == "__main__":
    main()
