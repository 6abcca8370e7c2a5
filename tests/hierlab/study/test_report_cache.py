"""Reports of studies that are kept: the same as computed, and never those of other cells."""

import json
import shutil

import numpy as np
import pytest

from hierlab.study.grid import StudyGrid
from hierlab.study.report_cache import kept_report, write_report
from hierlab.study.run import run_study


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A study of two encoders; and the same with a third."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "classes.txt").write_text("\n".join(f"class {at}" for at in range(20)))
    for number in range(3):
        noise = np.random.default_rng(number).standard_normal((20, 5))
        vectors = np.eye(5)[np.repeat(np.arange(4), 5)] + 0.2 * noise
        np.savez(folder / f"e{number}.npz", vectors=vectors)
    for count in (2, 3):
        grid = StudyGrid(
            encoders=tuple(str(folder / f"e{number}.npz") for number in range(count)),
            methods=("ward",),
            k=(4,),
            classes=str(folder / "classes.txt"),
        )
        run_study(grid, folder / f"of{count}")
    return folder


@pytest.fixture
def study(grown, tmp_path, monkeypatch):
    """A copy of the smaller study, and an empty cache."""
    monkeypatch.setenv("HIERLAB_CACHE", str(tmp_path / "cache"))
    return shutil.copytree(grown / "of2", tmp_path / "study")


def mark(path):
    """Change the first sentence of a report on disk, so that reading it shows."""
    content = json.loads(path.read_text())
    content["report"]["answer"][0] = "Read from here."
    path.write_text(json.dumps(content))


def test_a_report_is_computed_once_and_read_back_the_same(study, tmp_path):
    first = kept_report(study)
    (cached,) = (tmp_path / "cache").glob("study-*.json")
    mark(cached)
    again = kept_report(study)
    assert again.answer == ("Read from here.", *first.answer[1:])
    assert again.agreements == first.agreements
    assert again.grid == first.grid
    assert np.allclose(again.heatmaps[0].ari, first.heatmaps[0].ari, atol=1e-6)


def test_a_report_beside_its_cells_is_read(study):
    mark(write_report(study, kept_report(study)))
    assert kept_report(study).answer[0] == "Read from here."


def test_a_report_of_other_cells_is_not_taken(study, grown):
    write_report(study, kept_report(study))
    shutil.copy(grown / "of3" / "cells.sqlite", study / "cells.sqlite")
    shutil.copy(grown / "of3" / "study.json", study / "study.json")
    assert kept_report(study).cells == 3


@pytest.mark.parametrize("damage", [b"", b"{", b'{"cells": 3}', b"[" * 10_000])
def test_a_damaged_report_is_made_anew(study, damage):
    (study / "report.json").write_bytes(damage)
    assert kept_report(study).cells == 2


def test_a_cache_that_cannot_be_written_does_no_harm(study, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HIERLAB_CACHE", str(tmp_path / "file" / "cache"))
    assert kept_report(study).cells == 2


def test_shipped_reports_are_of_the_shipped_cells(repository, tmp_path, monkeypatch):
    """Make one anew with: hierlab report studies/NAME --keep -o out/report.html"""
    monkeypatch.setenv("HIERLAB_CACHE", str(tmp_path))
    paths = list((repository / "studies").glob("*/report.json"))
    assert paths
    for path in paths:
        assert kept_report(path.parent).answer
    assert not list(tmp_path.glob("study-*.json"))  # nothing had to be computed
