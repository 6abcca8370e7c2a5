"""Studies: the grid, the store, running, resuming, losing a worker."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.errors import StudyError
from hierlab.measures.bootstrap import class_weights
from hierlab.study.grid import WHOLE, StudyGrid, draw_positions, halves_of
from hierlab.study.results import REST
from hierlab.study.run import resume_study, run_study
from hierlab.study.stability import axis_agreement, disjoint, variance
from hierlab.study.store import StudyStore
from hierlab.study.tasks import preprocess
from hierlab.study.vector_sources import control_vectors, find_sources

COUNT = 60


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    """Four npz files: the same six groups under different noise."""
    folder = tmp_path_factory.mktemp("encoders")
    (folder / "classes.txt").write_text("\n".join(f"class {at}" for at in range(COUNT)))
    for number in range(4):
        rng = np.random.default_rng(number)
        rows = np.eye(8)[np.repeat(np.arange(6), 10)] + 0.25 * rng.standard_normal((COUNT, 8))
        np.savez(folder / f"e{number}.npz", vectors=rows)
    return folder


def _grid(folder, count=2, **changes):
    usual = {
        "encoders": tuple(str(folder / f"e{number}.npz") for number in range(count)),
        "methods": ("consensus", "kmeans"),
        "k": (3, 6),
        "seeds": (0, 1),
        "share": 0.8,
        "draws": 2,
        "controls": ("spelling", "noise"),
        "classes": str(folder / "classes.txt"),
    }
    return StudyGrid(**(usual | changes))


def _content(folder):
    with StudyStore(folder) as store:
        return {cell.key: store.labels(cell).tobytes() for cell in store.cells()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoders": ()}, "at least one of encoders"),
        ({"methods": ("ward", "ward")}, "methods holds a value twice"),
        ({"preprocessing": ("whitened",)}, "no preprocessing 'whitened'"),
        ({"share": 1.0}, "between 0 and 1"),
        ({"k": (10, 10)}, "k holds a value twice"),
        ({"k": (10, 5)}, "k must rise"),
        ({"seeds": (-1,)}, "must not be negative"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(change, message):
    with pytest.raises(StudyError, match=message):
        StudyGrid(**({"encoders": ("RN50",)} | change))


def test_draws_are_sorted_distinct_and_the_same_every_time():
    first = draw_positions(100, 0.8, 3)
    assert len(set(first.tolist())) == 80
    assert (np.diff(first) > 0).all()
    assert (first == draw_positions(100, 0.8, 3)).all()
    assert (first != draw_positions(100, 0.8, 4)).any()
    assert len(draw_positions(100, 0.8, WHOLE)) == 100


def test_six_encoders_have_ten_splits():
    subsets = halves_of(tuple("abcdef"))
    pairs = [(a, b) for a, b in itertools.combinations(subsets, 2) if not set(a) & set(b)]
    assert len(subsets) == 20
    assert len(pairs) == 10


def test_many_encoders_are_halved_a_bounded_number_of_times():
    subsets = halves_of(tuple(f"e{number:02}" for number in range(12)))
    assert len(subsets) <= 40
    for subset in subsets:
        assert any(not set(subset) & set(other) for other in subsets)
    assert halves_of(("a", "b", "c")) == ()


def test_every_cell_of_the_grid_is_made_once(encoders, tmp_path):
    told = []
    result = run_study(_grid(encoders), tmp_path / "s", progress=lambda *step: told.append(step))
    # two K; two encoders: consensus whole and 2 draws, k-means 2 seeds and 2 draws; two controls,
    # whole: consensus and k-means of 2 seeds; the consensus of both encoders whole and 2 draws
    assert result.cells == 2 * 2 * (3 + 4) + 2 * 2 * (1 + 2) + 2 * 3
    assert (result.made, result.found, result.left_out) == (result.cells, 0, ())
    assert told[-1] == (result.cells, result.cells)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    again = run_study(_grid(encoders), tmp_path / "s")
    assert (again.made, again.found) == (0, result.cells)


def test_labels_say_which_classes_were_drawn(encoders, tmp_path):
    run_study(_grid(encoders), tmp_path / "s")
    with StudyStore(tmp_path / "s") as store:
        for cell in store.cells():
            labels = store.labels(cell)
            rows = draw_positions(COUNT, 0.8, cell.draw)
            assert np.array_equal(np.flatnonzero(labels >= 0), rows)
            assert len(np.unique(labels[rows])) == cell.k


def test_processes_give_the_same_bytes_as_one(encoders, tmp_path):
    run_study(_grid(encoders), tmp_path / "one")
    run_study(_grid(encoders), tmp_path / "two", jobs=2)
    assert _content(tmp_path / "one") == _content(tmp_path / "two")


def test_an_interrupt_keeps_what_is_done_and_resuming_makes_the_rest(encoders, tmp_path):
    def stop(done, total):
        if done > total // 3:
            raise KeyboardInterrupt

    folder = tmp_path / "s"
    with pytest.raises(KeyboardInterrupt):
        run_study(_grid(encoders), folder, progress=stop)
    kept = len(_content(folder))
    result = resume_study(folder)
    assert 0 < kept < result.cells
    assert (result.found, result.made) == (kept, result.cells - kept)
    run_study(_grid(encoders), tmp_path / "whole")
    assert _content(folder) == _content(tmp_path / "whole")


def test_the_key_follows_the_vectors(encoders, tmp_path):
    grid = _grid(encoders, 1, controls=(), methods=("consensus",), share=None)
    run_study(grid, tmp_path / "s")
    before = set(_content(tmp_path / "s"))
    path = encoders / "e0.npz"
    old = path.read_bytes()
    try:
        np.savez(path, vectors=np.load(encoders / "e3.npz")["vectors"])
        result = resume_study(tmp_path / "s")
    finally:
        path.write_bytes(old)
    assert result.made == 2
    assert before < set(_content(tmp_path / "s"))


def test_the_key_is_the_same_where_a_table_is_read_with_other_last_bits(monkeypatch):
    from hierlab.datasets.class_lists import load_classes
    from hierlab.embeddings.similarity_table import SimilarityTable

    grid = StudyGrid(encoders=("RN50",), controls=("spelling",))
    classes = load_classes("imagenet-1k")
    here = [source.digest for source in find_sources(grid, classes)[0]]
    vectors = SimilarityTable.vectors.func
    monkeypatch.setattr(SimilarityTable, "vectors", property(lambda table: vectors(table) + 1e-7))
    assert [source.digest for source in find_sources(grid, classes)[0]] == here


def test_another_grid_in_the_same_folder_is_refused(encoders, tmp_path):
    run_study(_grid(encoders, 1, controls=()), tmp_path / "s")
    with pytest.raises(StudyError, match="another grid"):
        run_study(_grid(encoders, 2, controls=()), tmp_path / "s")
    with pytest.raises(StudyError, match="no study"):
        resume_study(tmp_path / "nothing")


def test_damage_is_told(encoders, tmp_path):
    folder = tmp_path / "s"
    run_study(_grid(encoders, 1, controls=(), methods=("consensus",), share=None), folder)
    with sqlite3.connect(folder / "cells.sqlite") as database:
        database.execute("UPDATE cells SET labels = x'00'")
    database.close()
    with StudyStore(folder) as store, pytest.raises(StudyError, match="damaged"):
        store.labels(store.cells()[0])
    (folder / "study.json").write_text("{}")
    with pytest.raises(StudyError, match="not the grid"):
        StudyStore(folder)
    (folder / "study.json").write_bytes(_grid(encoders, 1).encode())
    (folder / "cells.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StudyError, match="not a store"):
        StudyStore(folder)


def test_what_cannot_be_had_is_left_out_and_said(encoders, tmp_path):
    grid = _grid(encoders, 2, encoders=(str(encoders / "e0.npz"), str(encoders / "none.npz")))
    result = run_study(grid, tmp_path / "s")
    assert result.made == result.cells
    assert any("none.npz" in sentence for sentence in result.left_out)
    with pytest.raises(StudyError, match="no encoder can be had"):
        run_study(_grid(encoders, encoders=(str(encoders / "none.npz"),)), tmp_path / "t")


def test_a_method_that_fails_on_one_input_does_not_stop_the_study(encoders, tmp_path):
    np.savez(encoders / "flat.npz", vectors=np.tile([1.0, 0], (COUNT, 1)))
    grid = _grid(
        encoders, encoders=(str(encoders / "e0.npz"), str(encoders / "flat.npz")), share=None
    )
    result = run_study(grid, tmp_path / "s")
    assert any("kmeans on" in sentence for sentence in result.left_out)
    assert 0 < result.made < result.cells


def test_unknown_parts_are_refused(encoders, tmp_path):
    with pytest.raises(StudyError, match="no control 'chance'"):
        run_study(_grid(encoders, controls=("chance",)), tmp_path / "a")
    with pytest.raises(StudyError, match="control 'wordnet'"):
        run_study(_grid(encoders, methods=("wordnet-k",)), tmp_path / "b")
    with pytest.raises(StudyError, match="at least one process"):
        run_study(_grid(encoders), tmp_path / "c", jobs=0)
    with pytest.raises(StudyError, match="no Dask scheduler answers"):
        run_study(_grid(encoders), tmp_path / "d", scheduler="nonsense://")


def test_controls_know_what_they_should():
    classes = ClassList("custom", ("a", "b", "c"), ("grey wolf", "red wolf", "aubergine"))
    rows = control_vectors("spelling", classes)
    likeness = rows @ rows.T
    assert likeness[0, 1] > 0.4 > likeness[0, 2]
    noise = control_vectors("noise", classes)
    assert np.array_equal(noise, control_vectors("noise", classes))
    assert np.linalg.norm(noise, axis=1) == pytest.approx(np.ones(3))


@pytest.mark.parametrize("steps", ["raw", "centred", "pca", "smoothed"])
def test_preprocessing_gives_unit_rows(steps):
    rows = np.random.default_rng(0).standard_normal((80, 70)) + 1
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = preprocess(rows, steps)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(80))
    assert found.shape == ((80, 64) if steps == "pca" else (80, 70))


def test_agreement_holds_the_other_axes_fixed(encoders, tmp_path):
    run_study(_grid(encoders, 4, preprocessing=("raw", "centred")), tmp_path / "s")
    with StudyStore(tmp_path / "s") as store:
        cells = store.cells()
        rows = axis_agreement(cells, store.labels, class_weights(COUNT, 20, 0))
        shares = variance(cells, store.labels, class_weights(COUNT, 20, 0))
    pairs = {(row.axis, row.method, row.preprocessing, row.k): row.pairs for row in rows}
    assert pairs["encoder", "consensus", "raw", 6] == 6
    assert pairs["encoder", "kmeans", "raw", 6] == 6 * 2
    assert pairs["seed", "kmeans", "centred", 3] == 4
    assert pairs["draw", "consensus", "raw", 6] == 4 * 2
    assert pairs["draw", "consensus of several", "raw", 6] == 2
    assert pairs["halves", "consensus of several", "raw", 6] == 3
    assert pairs["preprocessing", "kmeans", "any", 6] == 4 * 2
    assert ("seed", "consensus", "raw", 6) not in pairs
    assert all(-1 <= row.ari_min <= row.ari.value <= 1 for row in rows)
    axes = {(row.method, row.axis) for row in shares}
    assert {("kmeans", "encoder"), ("kmeans", REST), ("all", "method")} <= axes
    for method, k in {(row.method, row.k) for row in shares}:
        total = sum(r.share.value for r in shares if (r.method, r.k) == (method, k))
        assert total == pytest.approx(1, abs=0.05)


def test_consensus_of_halves_agrees_more_than_single_encoders(encoders, tmp_path):
    # Six groups are there; fewer would have to be chosen among equals.
    run_study(_grid(encoders, 4, share=None, controls=(), k=(6, 12)), tmp_path / "s")
    with StudyStore(tmp_path / "s") as store:
        rows = axis_agreement(store.cells(), store.labels, class_weights(COUNT, 10, 0))
        whole = [cell for cell in store.cells() if " + " in cell.encoder]
    mean = {(row.axis, row.method, row.k): row.ari.value for row in rows}
    assert mean["halves", "consensus of several", 6] >= mean["encoder", "consensus", 6]
    assert sum(disjoint(a, b) for a, b in itertools.combinations(whole, 2) if a.k == b.k == 6) == 3


def test_sources_name_the_halves(encoders):
    grid = _grid(encoders, 4)
    classes = ClassList("custom", *(tuple(f"class {at}" for at in range(COUNT)),) * 2)
    sources, left_out = find_sources(grid, classes)
    assert not left_out
    assert sum(len(source.vectors) == 2 for source in sources) == 6
    assert sum(len(source.vectors) == 4 for source in sources) == 1
    assert sum(source.control for source in sources) == 2


def _kept(folder):
    if not (folder / "cells.sqlite").exists():
        return 0
    with StudyStore(folder) as store:
        return len(store.keys())


@pytest.mark.slow
def test_interrupting_the_command_keeps_what_is_done(encoders, tmp_path):
    folder = tmp_path / "s"
    names = ",".join(str(encoders / f"e{number}.npz") for number in range(4))
    command = [
        *(sys.executable, "-m", "hierlab", "study", "--clip", names, "-o", str(folder)),
        *("--classes", str(encoders / "classes.txt"), "--k", "3,6", "--jobs", "1"),
        *("--methods", "kmeans", "--seeds", "0-2000", "--controls", ""),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    # A shell's background jobs ignore the interrupt, and their children inherit that.
    process = subprocess.Popen(
        command,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    deadline = time.monotonic() + 120
    while not _kept(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    with StudyStore(folder) as store:
        assert store.grid.seeds[-1] == 2000
        assert 0 < len(store.keys()) < 2001 * 2 * 4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_study_outlives_a_killed_worker(encoders, tmp_path, monkeypatch):
    from distributed import LocalCluster

    grid = _grid(encoders, 4, seeds=tuple(range(12)), draws=6)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, nanny=True
    ) as cluster:
        victims = [worker.process.pid for worker in cluster.workers.values()]
        killed = []

        def kill(done, total):
            if not killed and done > total // 5:
                os.kill(victims[0], signal.SIGKILL)
                killed.append(done)

        result = run_study(
            grid, tmp_path / "dask", scheduler=cluster.scheduler_address, progress=kill
        )
    assert killed
    assert result.made == result.cells
    assert killed[0] < result.cells
    run_study(grid, tmp_path / "here")
    assert _content(tmp_path / "dask") == _content(tmp_path / "here")


def test_a_missing_package_is_named(encoders, tmp_path, monkeypatch):
    from hierlab.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hierlab\[study\]'"):
        run_study(_grid(encoders), tmp_path / "s", scheduler="tcp://127.0.0.1:1")


def test_the_command_tells_what_was_made(encoders, tmp_path):
    from typer.testing import CliRunner

    from hierlab.cli import app

    names = ",".join(str(encoders / f"e{number}.npz") for number in range(2))
    words = [
        *("study", "--clip", names, "--classes", str(encoders / "classes.txt"), "--k", "3,6"),
        *(
            "--methods",
            "consensus",
            "--controls",
            "",
            "-j",
            "1",
            "-o",
            str(tmp_path / "s"),
            "--json",
        ),
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["made"] == 6
    again = CliRunner().invoke(app, ["study", "--resume", str(tmp_path / "s"), "-j", "1"])
    assert "6 cells, 0 made now, 6 found" in again.stdout
