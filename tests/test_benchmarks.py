"""Scripts of benchmarks/: each says what it does, and finds what it imports."""

import ast
import dataclasses
import math
import os
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from codec_plugin.evaluation.results_table import Row

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))


def imports(path: Path) -> set[str]:
    """Top packages that a script imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_what_a_script_imports_is_there(script: Path) -> None:
    """Loaded as a module: its names are looked up in ours, and nothing is measured."""
    missing = [
        name for name in imports(script)
        if find_spec(name) is None and not (script.parent / f"{name}.py").exists()
    ]  # fmt: skip
    if missing:
        pytest.skip(f"{script.name} needs {', '.join(sorted(missing))}")
    code = "import sys, runpy; sys.path.insert(0, 'benchmarks'); runpy.run_path(sys.argv[1])"
    done = run("-c", code, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if "argparse" in imports(path)], ids=lambda path: path.stem
)
def test_help_says_what_a_script_does(script: Path) -> None:
    done = run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
    assert len(done.stdout.split("\n\n")[1].strip()) > 20  # a sentence of what it is for


def test_a_checkpoint_differs_from_itself_by_nothing(tmp_path: Path) -> None:
    photos = ROOT / "codec_plugin" / "photos"
    lines = ["file,wnid"]
    for name, wnid in (("chelsea", "n02123045"), ("coffee", "n07920052")):
        (tmp_path / f"{name}.png").write_bytes((photos / f"{name}.png").read_bytes())
        lines.append(f"{name}.png,{wnid}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    done = run(
        ROOT / "benchmarks" / "compare_checkpoints.py", "compact", "compact", "--data", tmp_path,
        "--judge", "efficientnet-lite0", "--stages", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 photographs; judges: efficientnet-lite0" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("| 1 | +0.0 % | +0.00 | +0 (+0 to +0)")


def test_cuts_on_a_files_own_line_lie_on_it_whatever_the_rates_of_others() -> None:
    """Files with log-linear curves and stages that end elsewhere: every cut is on its line."""
    script = runpy.run_path(str(ROOT / "benchmarks" / "bench_kodak.py"))
    rows = [
        Row("coarse2fine", image, cut, 0, rate, {"psnr_db": base + slope * math.log(rate)})
        for image, base, slope, ends in (("a", 30, 5, (0.1, 1.0)), ("b", 40, 3, (0.2, 2.0)))
        for cut, rate in (("stage-1", ends[0]), ("bpp-0.5", 0.5), ("stage-2", ends[1]))
    ]
    assert script["mean_distances"](rows) == {"bpp-0.5": pytest.approx(0.0, abs=1e-9)}
    low = dataclasses.replace(rows[1], measures={"psnr_db": 30 + 5 * math.log(0.5) - 0.4})
    found = script["mean_distances"]([rows[0], low, *rows[2:]])
    assert found == {"bpp-0.5": pytest.approx(0.2)}
