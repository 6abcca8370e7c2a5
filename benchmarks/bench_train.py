"""Training steps in float32 and in bfloat16 in one run, and how long a step waits for data.

    python benchmarks/bench_train.py --data FOLDER [--preset compact-rd] [--rounds 6] [--threads 1]

The same network, crops and stages in turns, round after round, so that a busy machine hits both
alike; medians. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from codec_plugin.train.run_setup import start_run


def trainer(arguments: argparse.Namespace, precision: str, folder: Path) -> Any:
    """A run whose steps are timed; it leaves nothing behind."""
    return start_run(
        arguments.preset,
        [
            f"precision='{precision}'",
            f"threads={arguments.threads}",
            *(f"phases.0.{field}" for field in arguments.phase),
        ],
        data=arguments.data,
        output=folder / precision,
    )


def main() -> None:
    """Time the steps and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--preset", default="compact-rd")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--phase", action="append", default=[], help="such as batch_size=16")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = {p: trainer(arguments, p, Path(folder)) for p in ("32-true", "bf16-mixed")}
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        waits: dict[str, list[float]] = {name: [] for name in runs}
        for round_number in range(arguments.rounds + 1):
            for name, run in runs.items():
                waited = clocked(run.source)
                begun = time.perf_counter()
                run.step()
                if run.fabric.device.type == "cuda":
                    torch.cuda.synchronize()
                taken = time.perf_counter() - begun
                if round_number:  # the first step allocates
                    seconds[name].append(taken)
                    waits[name].append(sum(waited) / taken)
                run._count(taken)
        phase, _ = runs["32-true"].settings.phase_at(0)
    print("| precision | step s | crops/s | waiting for data |\n|---|---|---|---|")
    for name, values in seconds.items():
        step = statistics.median(values)
        wait = statistics.median(waits[name])
        print(f"| {name} | {step:.3f} | {phase.batch_size / step:.1f} | {100 * wait:.1f} % |")
    ratios = [a / b for a, b in zip(seconds["32-true"], seconds["bf16-mixed"], strict=True)]
    print(
        f"\n{phase.batch_size} crops of {phase.crop} × {phase.crop}, {arguments.threads} threads; "
        f"float32 takes {statistics.median(ratios):.2f} times as long "
        f"({min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} pairs of steps)."
    )


def clocked(source: Any) -> list[float]:
    """Seconds that the next batches take, filled as they are made."""
    taken: list[float] = []
    original = type(source).batch

    def batch(*given: Any) -> Any:
        begun = time.perf_counter()
        result = original(source, *given)
        taken.append(time.perf_counter() - begun)
        return result

    source.batch = batch
    return taken


if __name__ == "__main__":
    main()
