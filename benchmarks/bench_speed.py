"""Time and memory of every codec: encode, decode to each stage, parameters, peak memory.

    python benchmarks/bench_speed.py --data DIR --codecs coarse2fine,avif [--limit 5] [--threads 2]
    python benchmarks/bench_speed.py … --cpu       # processor time, where the machine is busy

A process of its own for each codec, one after the other, so that peaks are its own. Medians over
the photographs, coding included, files not read or written by us; `import` is the resident memory
before the codec is made.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = {1: "first stage", 2: "second", 3: "whole"}


def processor_time() -> float:
    """Seconds that this process and its finished children have computed."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def milliseconds(task: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Shorter of two runs."""
    found = []
    for _ in range(2):
        began = clock()
        task()
        found.append(clock() - began)
    return 1000 * min(found)


def peak_mb() -> float:
    """Largest resident memory of this process and its children so far."""
    return sum(
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def measure(
    text: str, files: list[Path], threads: int, clock: Callable[[], float]
) -> dict[str, Any]:
    """Figures of one codec, in this process."""
    import torch

    from codec_plugin.data.picture import read_picture
    from codec_plugin.errors import CodecError
    from codec_plugin.evaluation.codecs.own_codec import OwnCodec
    from codec_plugin.evaluation.codecs.registry import make_codec

    torch.set_num_threads(threads)
    before = peak_mb()
    name, codec = make_codec(text)
    parameters = 0
    if isinstance(codec, OwnCodec):
        parameters = sum(p.numel() for p in codec.codec.checkpoint.model.parameters())
    encodes: list[float] = []
    decodes: dict[str, list[float]] = {}
    setting = codec.settings[len(codec.settings) // 2]
    for file in files:
        pixels = read_picture(file).bytes_rgb
        data = codec.encode(pixels, setting)
        encodes.append(milliseconds(lambda p=pixels: codec.encode(p, setting), clock))  # type: ignore[misc]
        ends = codec.stage_ends(data)
        chosen = {"whole": len(data)}
        if codec.progressive and len(ends) > 1:
            chosen = {"first stage": ends[0], "second": ends[1], "whole": len(data)}
        for part, end in chosen.items():
            try:
                spent = milliseconds(lambda d=data[:end]: codec.decode(d), clock)  # type: ignore[misc]
            except CodecError:
                continue
            decodes.setdefault(part, []).append(spent)
    return {
        "codec": name,
        "encode ms": statistics.median(encodes),
        **{
            f"decode ms, {p}": statistics.median(decodes[p]) for p in PARTS.values() if p in decodes
        },
        "parameters": parameters,
        "import MB": before,
        "peak MB": peak_mb(),
    }


def main() -> None:
    """Measure each codec in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--codecs", default="coarse2fine,@conventional")
    parser.add_argument("--limit", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu", action="store_true", help="processor time, not the clock's")
    parser.add_argument("--one", default="", help="measure this codec here and print JSON")
    options = parser.parse_args()
    names = sorted(f for f in options.data.iterdir() if f.suffix in {".webp", ".png", ".jpg"})
    files = [names[k * len(names) // options.limit] for k in range(options.limit)]
    if options.one:
        clock = processor_time if options.cpu else time.perf_counter
        print(json.dumps(measure(options.one, files, options.threads, clock)))
        return
    from codec_plugin.evaluation.codecs.groups import expanded

    head = ["codec", "encode ms", *(f"decode ms, {p}" for p in PARTS.values())]
    head += ["parameters", "import MB", "peak MB"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for text in filter(lambda t: t != "label", expanded(options.codecs)):
        own = [__file__, "--data", options.data, "--limit", options.limit]
        command = [sys.executable, *map(str, own), "--threads", str(options.threads), "--one", text]
        command += ["--cpu"] if options.cpu else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            print(f"{text}: skipped: {reason[0]}", file=sys.stderr, flush=True)
            continue
        row = json.loads(done.stdout)
        cells = [row["codec"]]
        cells += [f"{row[key]:.0f}" if key in row else "" for key in head[1:]]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
