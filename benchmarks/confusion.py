"""Which classes does an image classifier take for each other? Writes a likeness from photographs.

    python benchmarks/confusion.py FOLDER… -o confusion.npz [--most 1500]
    hierlab report studies/clip --similarity confusion.npz -o report.html
    hierlab build --similarity confusion.npz --k 10,100,1000 -o looks.json

For each photograph the classifier's posterior p is a vector over the classes; the outer products
p pᵀ are summed and scaled to ones on the diagonal. Labels are not needed, and no text takes part.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hierlab.utils.files import write_atomic

SUFFIXES = {".webp", ".png", ".jpg", ".jpeg"}
BATCH = 16
TEMPERATURE = 2.0  # softens posteriors, which are near one for easy photographs


def photographs(folders: Sequence[Path], most: int) -> list[Path]:
    """At most `most` image files, folder by folder, by name."""
    found = (
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    )
    return list(islice(found, most))


def posteriors(files: Sequence[Path], classifier: str) -> Iterator[NDArray[np.float64]]:
    """(C,) softened posterior of each file."""
    import torch

    from codec_plugin.classifiers import load_classifier
    from codec_plugin.data.picture import read_picture

    network = load_classifier(classifier)
    with torch.inference_mode():
        for path in files:
            pixels = read_picture(path).bytes_rgb.astype(np.float32) / 255
            logits = network(torch.from_numpy(pixels).permute(2, 0, 1)[None])
            yield torch.softmax(logits[0].double() / TEMPERATURE, 0).numpy()


def confusion(rows: Iterator[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(C, C) symmetric likeness, ones on the diagonal, from (C,) posteriors."""
    total: NDArray[np.float64] | None = None
    while batch := list(islice(rows, BATCH)):
        block = np.stack(batch)
        total = block.T @ block if total is None else total + block.T @ block
    if total is None:
        raise SystemExit("expected photographs in the folders, found none")
    lengths = np.sqrt(np.diagonal(total))
    likeness: NDArray[np.float64] = total / lengths[:, None] / lengths[None, :]
    return likeness


def main() -> None:
    """Read the command line, write the file and tell what went in."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("confusion.npz"))
    parser.add_argument("--most", type=int, default=100_000, help="photographs at most")
    parser.add_argument("--classifier", default="efficientnet-lite0")
    given = parser.parse_args()
    files = photographs(given.folders, given.most)
    likeness = confusion(posteriors(files, given.classifier))
    content = io.BytesIO()
    np.savez_compressed(content, similarity=likeness.astype(np.float32))
    write_atomic(given.output, content.getvalue())
    print(f"{given.output}: likeness of {len(likeness)} classes from {len(files)} photographs")


if __name__ == "__main__":
    main()
