"""`hierlab demo`: three hierarchies, measured, compared and drawn, from shipped tables alone."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from hierlab.demo import FILES, METHODS
from hierlab.labelmap import load_label_map


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    command = "from hierlab.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "demo", "-o", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_writes_maps_and_pictures(folder: Path, shown: str) -> None:
    assert {path.name for path in folder.iterdir()} == set(FILES)
    for name in FILES:
        assert str(folder / name) in shown.replace("\n", "")
    maps = {method: load_label_map(folder / f"{method}.json") for method in METHODS}
    assert all(tuple(level.k for level in one) == (10, 100, 1000) for one in maps.values())
    assert [maps[method].nested for method in METHODS] == [True, False, True]
    with (folder / "tree.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.reader(stream))) > 100
    assert (folder / "tree.png").read_bytes()[:4] == b"\x89PNG"


def test_its_figures_are_those_of_the_maps(folder: Path, shown: str) -> None:
    rows = [line.split() for line in shown.splitlines()]
    told = {(r[0], r[1]): r[2:] for r in rows if len(r) == 8 and r[0] in METHODS}
    assert len(told) == 2 * len(METHODS)  # the finest level has nothing to tell
    for method in METHODS:
        label_map = load_label_map(folder / f"{method}.json")
        for level in label_map.levels[:2]:
            k, nested, largest, within, between, at_random = told[method, level.name]
            assert (int(k), int(largest)) == (level.k, max(level.sizes))
            assert nested == ("yes" if label_map.nested else "no")
            assert float(within) > float(at_random) > float(between)
