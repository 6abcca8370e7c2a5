"""Several processes train one network and stop at the same step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codec_plugin.train.run_state import STATE_FILE, read_state
from tests.codec_plugin.semantic import write_photographs


@pytest.mark.slow
def test_two_processes_stop_together_when_time_is_up(tmp_path: Path, repository: Path) -> None:
    data, run = write_photographs(tmp_path / "photographs", 8), tmp_path / "run"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "codec_plugin", "train", "--preset", "tiny", "--data", str(data)]
    command += ["-o", str(run), "--minutes", "0.02", "--set", "classifier=none"]
    command += ["--set", "phases.warm.steps=100000"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    step = read_state(run / STATE_FILE).state.step
    assert 0 < step < 100000
    assert done.stdout.count(f"time at step {step}, ") == 1
