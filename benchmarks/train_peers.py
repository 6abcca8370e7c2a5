"""Train every learned peer, ablation and label map alike: one start, one number of crops.

    python benchmarks/train_peers.py --data DIR [--start FILE] [--what peers,maps]
    python benchmarks/train_peers.py --data DIR --only plain,coarse2fine --steps 300

By the preset `peers`: from the shipped weights, 20,000 crops each, cut anew for each method.

One after the other, in runs/peer-NAME and runs/map-NAME, where `c2f bench` looks for them. Started
again, it goes on where it stopped; finished runs are skipped. `--list` shows what would be done.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from shuffled_labels import shuffled

MAPS = {
    "consensus": "consensus-seven-10-100-1000",
    "flat-kmeans": "vit-b-32-kmeans-10-100-1000",
    "wordnet": "wordnet-k-10-100-1000",
    "random": "",  # the default one's sizes, dealt out anew
}
FIRST = (
    "plain", "coarse2fine", "double-tail-drop", "variance-mask", "single-rate",
    "nested-quantization", "task-trit-plane", "saliency", "paper-recipe",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One training.

    Args:
        name: folder below the runs'.
        method: of `c2f train --method`.
        hierarchy: label map; empty: the preset's.
    """

    name: str
    method: str
    hierarchy: str = ""


def jobs(what: set[str], only: set[str], runs: Path) -> list[Job]:
    """Trainings asked for, the most telling first."""
    from codec_plugin.baselines.ablations import ABLATIONS
    from codec_plugin.baselines.registry import find_method, method_names

    own = [n for n in method_names() if n not in ABLATIONS and not find_method(n).trained_as]
    peers = [*FIRST, *(name for name in own if name not in FIRST)]
    found = [Job(f"peer-{name}", name) for name in peers if "peers" in what]
    if "maps" in what:
        found += [
            Job(f"map-{name}", "coarse2fine", hierarchy or str(random_map(runs)))
            for name, hierarchy in MAPS.items()
        ]
    found += [Job(f"peer-{name}", name) for name in ABLATIONS if "ablations" in what]
    return [job for job in found if not only or job.name.partition("-")[2] in only]


def random_map(runs: Path) -> Path:
    """File of the random groups; made if it is not there."""
    from codec_plugin.train.settings import load_settings
    from hierlab.labelmap import load_label_map

    path = runs / "random-groups.json"
    if not path.exists():
        runs.mkdir(parents=True, exist_ok=True)
        shuffled(load_label_map(load_settings("compact").hierarchy)).save(path)
    return path


def steps_of(run: Path, options: argparse.Namespace) -> tuple[int, int]:
    """Optimiser steps of a run so far and in all; -1 so far where it is finished."""
    from codec_plugin.train.run_folder import stored_tree
    from codec_plugin.train.run_state import STATE_FILE, read_state
    from codec_plugin.train.settings import load_settings

    if not (run / STATE_FILE).exists():
        return 0, options.steps or load_settings(options.preset).total_steps
    done = read_state(run / STATE_FILE).state.step
    total = sum(phase["steps"] for phase in stored_tree(run)["phases"])
    finished = done >= total and (run / "last.safetensors").exists()
    return (-1 if finished else done), total


def begin(job: Job, run: Path, options: argparse.Namespace) -> Any:
    """A trainer for a job, new or going on."""
    from codec_plugin.baselines.registry import find_method
    from codec_plugin.baselines.training import MethodTrainer, start_method
    from codec_plugin.train.run_setup import start_run
    from codec_plugin.train.run_state import STATE_FILE
    from codec_plugin.train.settings import load_settings

    if (run / STATE_FILE).exists():
        return start_run("", resume=run, make=partial(MethodTrainer, find_method(job.method)))
    overrides = [f"start={options.start}"] if options.start else []
    if options.steps:  # the preset's shape of the learning rate, over so many steps
        phase = load_settings(options.preset).phases[0]
        overrides += [
            f"phases.0.{name}={max(1, getattr(phase, name) * options.steps // phase.steps)}"
            for name in ("steps", "warmup", "cooldown")
        ]
        overrides.append(f"report_steps={options.steps}")
    overrides += options.set
    return start_method(
        job.method, options.preset, overrides, data=options.data, hierarchy=job.hierarchy,
        output=run,
    )  # fmt: skip


def told(name: str, left: int) -> Callable[[Any], None]:
    """A progress line with the time until everything is done; silent when not a terminal."""
    began, first = time.monotonic(), -1

    def show(now: Any) -> None:
        nonlocal first
        first = now.step - 1 if first < 0 else first
        if sys.stderr.isatty():
            pace = (time.monotonic() - began) / max(1, now.step - first)
            minutes = pace * (left - (now.step - first)) / 60
            sys.stderr.write(
                f"\r{name:28s} {now.step}/{now.total_steps}  {now.rate_bpp:.3f} bpp  "
                f"{now.psnr_db:.1f} dB  {minutes:.0f} min left in all "
            )

    return show


def main() -> None:
    """Train what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--preset", default="peers")
    parser.add_argument("--start", default="", help="shared warm start; default: the preset's")
    parser.add_argument("--steps", type=int, default=None, help="default: the preset's")
    parser.add_argument("--what", default="peers,maps,ablations")
    parser.add_argument("--only", default="", help="names, with commas between")
    parser.add_argument("--minutes", type=float, default=None, help="stop after so many")
    parser.add_argument("--set", action="append", default=[], help="as of c2f train")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    wanted = jobs(set(options.what.split(",")), only, options.runs)
    seen = [(job, *steps_of(options.runs / job.name, options)) for job in wanted]
    for job, done, total in seen:
        print(f"{job.name:28s} {'finished' if done < 0 else f'{done}/{total}'}", flush=True)
    pending = [(job, total - done) for job, done, total in seen if done >= 0]
    if options.list:
        return
    began = time.monotonic()
    for place, (job, _) in enumerate(pending):
        spent = (time.monotonic() - began) / 60
        if options.minutes is not None and spent >= options.minutes:
            break
        left = sum(steps for _, steps in pending[place:])
        trainer = begin(job, options.runs / job.name, options)
        minutes = None if options.minutes is None else options.minutes - spent
        result = trainer.train(minutes=minutes, progress=told(job.name, left))
        spent = (time.monotonic() - began) / 60
        print(f"{job.name}: {result.reason} at step {result.step}, {spent:.1f} min", flush=True)
        if result.reason != "finished":
            break


if __name__ == "__main__":
    main()
