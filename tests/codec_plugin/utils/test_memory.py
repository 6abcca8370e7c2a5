"""What large tensors gave back serves the next ones."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource
import torch
from codec_plugin.utils.memory import keep_pages
{}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(12):  # the heap grows to what they need
    torch.ones(16 << 20)
before = faults()
for _ in range(4):
    torch.ones(16 << 20)
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_large_tensors_are_served_from_memory_that_is_kept(repository: Path) -> None:
    faults = []
    for line in ("", "keep_pages()"):
        program = [sys.executable, "-c", PROGRAM.format(line)]
        done = subprocess.run(program, cwd=repository, capture_output=True, check=True)
        faults.append(int(done.stdout))
    assert faults[1] < faults[0] / 4
