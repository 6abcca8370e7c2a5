"""Two processes under torchrun: one training, one table."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.evaluation.results_table import read_rows
from tests.codec_plugin.semantic import write_photographs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def torchrun(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    return subprocess.run(
        [*command, "2", "-m", "codec_plugin", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=500,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def test_a_training_and_an_evaluation_in_two_processes(tmp_path: Path) -> None:
    photographs = write_photographs(tmp_path / "photographs", count=8)
    trained = torchrun("train", "--preset", "tiny", "--data", photographs, "-o", tmp_path / "run",
                       "--accelerator", "cpu", "--devices", "2")  # fmt: skip
    assert trained.returncode == 0, trained.stderr[-2000:]
    checkpoint = tmp_path / "run" / "last.safetensors"
    assert load_checkpoint(checkpoint).config.n_blocks == 3
    figures = (tmp_path / "run" / "figures.csv").read_text().splitlines()
    assert figures[0].startswith("step,")
    assert len(figures) == len(set(figures)) == 1 + 2 * 3  # two reports of three stages, once each

    table = tmp_path / "rows.csv"
    asked = ("eval", checkpoint, "--data", photographs, "-o", table, "--cuts", "2")
    measured = torchrun(*asked)
    assert measured.returncode == 0, measured.stderr[-2000:]
    rows = read_rows(table)
    images = [row.image for row in rows if row.cut == "stage-1"]
    assert sorted(images) == sorted(f"{n}.png" for n in range(8))  # each once
    assert measured.stdout.count("8 photographs") == 1
