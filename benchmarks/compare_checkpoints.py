"""Checkpoints of one network compared by judges on labelled photographs, without making files.

    python benchmarks/compare_checkpoints.py compact runs/a/last.safetensors --data DIR \\
        --judge tflite:mobilenet_v1.tflite [--stages 1,2,3,5,7] [--limit 300] [-o rows.npz]

At the end of each stage: estimated bits a pixel, PSNR, and for each judge and level the share of
right answers and the cross-entropy against its own answer to the original, in nats; then the
differences to the first checkpoint, paired by photograph, with 95 % bootstrap intervals.
Cross-entropies show in a hundred photographs what accuracies show in a thousand: for choosing
settings. What is published is measured on real files (`c2f bench`). Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.classifiers import load_classifier
from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean
from codec_plugin.train.validate import pad_to_stride

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from codec_plugin.models.progressive import ProgressiveModel

    Floats = NDArray[np.float64]


class Figures(NamedTuple):
    """Of one checkpoint: photographs P, stages S, judges J, levels L.

    Attributes:
        rate_bpp, psnr_db: (P, S).
        right, cross_entropy: (P, S, J, L).
    """

    rate_bpp: Floats
    psnr_db: Floats
    right: Floats
    cross_entropy: Floats


def judged(
    model: ProgressiveModel,
    images: Sequence[tuple[Tensor, int]],
    stages: Sequence[int],
    judges: Sequence[Semantics],
) -> Figures:
    """Figures of photographs (3, H, W) in 0..1 with their class numbers."""
    rows = [_one(model, image[None], label, stages, judges) for image, label in images]
    return Figures(*(np.array(column) for column in zip(*rows, strict=True)))


@torch.no_grad()
def _one(
    model: ProgressiveModel,
    image: Tensor,
    label: int,
    stages: Sequence[int],
    judges: Sequence[Semantics],
) -> tuple[list[float], list[float], list[object], list[object]]:
    height, width = image.shape[-2:]
    padded = pad_to_stride(image)
    targets = [judge.prepared_target(image) for judge in judges]
    rates: list[float] = []
    psnr: list[float] = []
    right: list[object] = []
    entropy: list[object] = []
    for stage in stages:
        output = model(padded, stage - 1)
        decoded = output.x_hat[..., :height, :width].clamp(0, 1)
        rates.append(float(output.kept_bits) / (height * width))
        psnr.append(float(-10 * (decoded - image).square().mean().clamp_min(1e-10).log10()))
        answers = [judge.posterior(judge.classifier(decoded)) for judge in judges]
        right.append(
            [
                [
                    float(judge.hierarchy.sum_posteriors(answer, n).argmax() == labels[label])
                    for n, labels in enumerate(judge.hierarchy.labels)
                ]
                for judge, answer in zip(judges, answers, strict=True)
            ]
        )
        entropy.append(
            [
                [
                    float(judge.cross_entropy(answer, target, n))
                    for n in range(judge.hierarchy.n_levels)
                ]
                for judge, answer, target in zip(judges, answers, targets, strict=True)
            ]
        )
    return rates, psnr, right, entropy


def table(names: Sequence[str], found: Sequence[Figures], stages: Sequence[int]) -> list[str]:
    """Means of each checkpoint, then differences to the first, as lines of Markdown."""
    judges = found[0].right.shape[2]
    heads = [f"{what} {j + 1}" for j in range(judges) for what in ("right, judge", "nats, judge")]
    lines = [
        f"| checkpoint | stage | bpp | PSNR dB | {' | '.join(heads)} |",
        "|---" * (4 + 2 * judges) + "|",
    ]
    for name, figures in zip(names, found, strict=True):
        for s, stage in enumerate(stages):
            cells = [f"{figures.rate_bpp[:, s].mean():.4f}", f"{figures.psnr_db[:, s].mean():.2f}"]
            for j in range(judges):
                cells.append("/".join(f"{100 * v:.1f}" for v in figures.right[:, s, j].mean(0)))
                nats = figures.cross_entropy[:, s, j].mean(0)
                cells.append("/".join(f"{v:.2f}" for v in nats))
            lines.append(f"| {name} | {stage} | {' | '.join(cells)} |")
    for name, figures in zip(names[1:], found[1:], strict=True):
        lines += ["", f"{name} less {names[0]}, points and nats by level:", ""]
        lines += [lines[0].replace("checkpoint | ", "", 1), "|---" * (3 + 2 * judges) + "|"]
        for s, stage in enumerate(stages):
            more = figures.rate_bpp[:, s].mean() / found[0].rate_bpp[:, s].mean() - 1
            gain = (figures.psnr_db[:, s] - found[0].psnr_db[:, s]).mean()
            cells = [f"{100 * more:+.1f} %", f"{gain:+.2f}"]
            for j in range(judges):
                right = figures.right[:, s, j] - found[0].right[:, s, j]
                nats = figures.cross_entropy[:, s, j] - found[0].cross_entropy[:, s, j]
                cells.append(" / ".join(_interval(100 * column, 0) for column in right.T))
                cells.append(" / ".join(_interval(column, 2) for column in nats.T))
            lines.append(f"| {stage} | {' | '.join(cells)} |")
    return lines


def _interval(values: Floats, digits: int) -> str:
    mean = bootstrap_mean(values)
    return f"{mean.mean:+.{digits}f} ({mean.low:+.{digits}f} to {mean.high:+.{digits}f})"


def main() -> None:
    """Compare what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--data", required=True, help="folder of photographs with a labels.csv")
    parser.add_argument("--judge", action="append", required=True)
    parser.add_argument("--hierarchy", default="clip-seven-10-100-1000")
    parser.add_argument("--stages", default="1,2,3,5,7")
    parser.add_argument("--limit", type=int, default=0, help="so many, drawn at random")
    parser.add_argument("-o", "--output", type=Path, default=None, help="figures as .npz")
    options = parser.parse_args()
    torch.set_num_threads(1)
    hierarchy = load_hierarchy(options.hierarchy)
    judges = [Semantics(load_classifier(name), hierarchy) for name in options.judge]
    folder = ImageFolder(options.data, hierarchy.lookup, cache=False)
    labelled = [n for n, label in enumerate(folder.labels) if label >= 0]
    chosen = random.Random(0).sample(labelled, min(len(labelled), options.limit or len(labelled)))
    images = [(folder.tensor(n), folder.labels[n]) for n in chosen]
    stages = [int(text) for text in options.stages.split(",")]
    found = [
        judged(load_checkpoint(name).model, images, stages, judges) for name in options.checkpoints
    ]
    print(f"{len(images)} photographs; judges: {', '.join(options.judge)}\n")
    print("\n".join(table(options.checkpoints, found, stages)))
    if options.output:
        arrays = {
            f"{n}_{name}": values
            for n, figures in enumerate(found)
            for name, values in figures._asdict().items()
        }
        np.savez_compressed(options.output, **arrays)


if __name__ == "__main__":
    main()
