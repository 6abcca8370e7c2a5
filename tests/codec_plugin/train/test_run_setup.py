"""Runs begin whole or not at all, and go on as what they are."""

import json
import os
import resource
import signal
from pathlib import Path

import msgspec
import pytest
import torch

from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.data.crops import Batch
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.errors import CodecError, ConfigError, TrainingError
from codec_plugin.train.export import export_run
from codec_plugin.train.run_folder import HIERARCHY_FILE, SETTINGS_FILE
from codec_plugin.train.run_overview import overview
from codec_plugin.train.run_setup import start_run
from codec_plugin.train.run_state import STATE_FILE, read_state
from codec_plugin.train.trainer import Trainer
from hierlab.classes import ClassList
from hierlab.labelmap import Cluster, LabelMap, Level, canonical_labels, load_label_map
from tests.codec_plugin.semantic import write_photographs

PLAIN = ["classifier=none", "phases.warm.steps=3"]


def write_map(path: Path, names: tuple[str, ...], groups: tuple[int, ...]) -> Path:
    """Two levels over classes that go by their names."""
    coarse = canonical_labels(groups)
    levels = []
    for name, labels in (("coarse", coarse), ("fine", canonical_labels(range(len(names))))):
        clusters = tuple(
            Cluster(f"{name} {k}", int((labels == k).sum()), names[int((labels == k).argmax())])
            for k in range(int(labels.max()) + 1)
        )
        levels.append(Level(name, labels, clusters))
    return LabelMap(path.stem, ClassList("custom", names, names), tuple(levels)).save(path)


@pytest.fixture
def two_levels(tmp_path: Path) -> Path:
    return write_map(tmp_path / "two.json", ("tench", "goldfish", "cat", "dog"), (0, 0, 1, 1))


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    return write_photographs(tmp_path / "photographs", 8)


def settings_of(run: Path) -> dict[str, object]:
    return dict(json.loads((run / SETTINGS_FILE).read_text()))


def test_a_failed_start_leaves_nothing(photographs: Path, tmp_path: Path, two_levels: Path) -> None:
    wrong = write_map(tmp_path / "wrong.json", ("felix", "rex", "cat"), (0, 1, 1))
    run = tmp_path / "run"
    with pytest.raises(CodecError, match="felix"):
        start_run(
            "tiny",
            ["classifier=efficientnet-lite0"],
            data=str(photographs),
            hierarchy=str(wrong),
            output=run,
        )
    with pytest.raises(CodecError, match="nowhere"):
        start_run("tiny", PLAIN, data="nowhere", hierarchy=str(wrong), output=run)
    assert not run.exists()
    start_run("tiny", PLAIN, data=str(photographs), hierarchy=str(two_levels), output=run).train()
    assert load_hierarchy(run / HIERARCHY_FILE).id == load_hierarchy(two_levels).id
    resumed = start_run("", ["phases.warm.steps=4"], resume=run)
    assert resumed.train().step == 4


def test_what_a_former_failure_left_is_replaced(
    photographs: Path, tmp_path: Path, two_levels: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_map(run / HIERARCHY_FILE, ("felix", "rex", "cat"), (0, 1, 1))
    (run / "figures.csv").write_text("step\n99\n")
    start_run("tiny", PLAIN, data=str(photographs), hierarchy=str(two_levels), output=run).train()
    assert load_hierarchy(run / HIERARCHY_FILE).id == load_hierarchy(two_levels).id
    steps = [line.split(",")[0] for line in (run / "figures.csv").read_text().splitlines()]
    assert steps == ["step", "0", "0", "0", "3", "3", "3"]


def test_a_resume_works_from_any_folder_and_keeps_its_held_out_names(
    tmp_path: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photographs.parent)
    first = start_run("tiny", PLAIN, data="photographs", output=Path("run"))
    held = set(first.held.names)
    first.train(stop_at=1)
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    write_photographs(photographs / "more", 30)
    resumed = start_run("", resume=tmp_path / "run")
    now = set(resumed.held.names)
    assert resumed.held.folder is not None
    assert len(resumed.held.folder) == 38
    assert held <= now
    assert {name for name in now if "/" not in name} == held


def test_photographs_may_move_between_sittings(tmp_path: Path, photographs: Path) -> None:
    run = tmp_path / "run"
    start_run("tiny", PLAIN, data=str(photographs), output=run).train(stop_at=1)
    moved = photographs.rename(tmp_path / "moved")
    with pytest.raises(CodecError, match=r"photographs' does not exist; name it with --data"):
        start_run("", resume=run)
    assert start_run("", resume=run, data=str(moved)).train().step == 3
    assert msgspec.json.decode((run / SETTINGS_FILE).read_bytes())["data"]["path"] == str(moved)


def test_a_resume_refuses_to_become_another_run(
    tmp_path: Path, photographs: Path, two_levels: Path
) -> None:
    run = tmp_path / "run"
    start_run("tiny", PLAIN, data=str(photographs), hierarchy=str(two_levels), output=run).train(
        stop_at=1
    )
    before = (run / SETTINGS_FILE).read_bytes()
    other = write_map(tmp_path / "other.json", ("felix", "rex", "cat"), (0, 1, 1))
    for wanted, said in [
        ({"preset": "paper"}, "leave --preset out"),
        ({"hierarchy": str(other)}, "for label map two .*not other"),
        ({"output": tmp_path / "other"}, "leave -o out"),
        ({"overrides": ["model.hyper_channels=4"]}, "another architecture .*hyper"),
    ]:
        with pytest.raises(CodecError, match=said):
            start_run(**{"preset": "", "resume": run, **wanted})  # type: ignore[arg-type]
    assert (run / SETTINGS_FILE).read_bytes() == before
    again = start_run("", resume=run, hierarchy=str(two_levels), output=run)
    assert again.state.step == 1


def test_a_file_is_no_folder_for_a_run(tmp_path: Path, photographs: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="is a file; -o names the folder"):
        start_run("tiny", PLAIN, data=str(photographs), output=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_keeps_the_last_state(tmp_path: Path, photographs: Path) -> None:
    run = tmp_path / "run"
    trainer = start_run("tiny", PLAIN, data=str(photographs), output=run)
    trainer.train(stop_at=1)
    before = (run / STATE_FILE).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # as a disk without room
    try:
        with pytest.raises(
            TrainingError, match=r"cannot write .*make room, then c2f train --resume"
        ):
            trainer.train(stop_at=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (run / STATE_FILE).read_bytes() == before
    assert not list(run.glob(".*"))
    assert start_run("", resume=run).train().step == 3


def test_a_preset_without_its_classifier_still_trains(photographs: Path, tmp_path: Path) -> None:
    semantic = ["phases.warm.steps=2", "phases.warm.gammas=[0.3, 0.2, 0.1]"]
    run = tmp_path / "run"
    start_run("tiny", [*semantic, "classifier=none"], data=str(photographs), output=run).train()
    assert settings_of(run)["classifier"] == "none"
    from codec_plugin.checkpointing.checkpoint import load_checkpoint

    assert load_checkpoint(run / "last.safetensors").meta.classifier == ""
    assert start_run("", ["phases.warm.steps=3"], resume=run).train().step == 3
    with pytest.raises(ConfigError, match="classifier=none to train without"):
        start_run(
            "tiny",
            [*semantic, 'classifier=""'],
            data=str(photographs),
            output=tmp_path / "other",
        )


def test_class_names_and_two_levels_are_enough(
    photographs: Path, tmp_path: Path, two_levels: Path
) -> None:
    (photographs / "labels.csv").write_text("file;class\n0.png;Cat\n1.png;goldfish\n2.png;lynx\n")
    trainer = start_run(
        "tiny",
        ["phases.warm.gammas=[0.3, 0.2, 0.1]", "phases.warm.steps=2"],
        data=str(photographs),
        hierarchy=str(two_levels),
        output=tmp_path / "run",
    )
    assert trainer.semantics is not None
    told = "\n".join(overview(trainer))
    assert "4 of 4 classes are looked for in efficientnet-lite0 by name" in told
    assert "goldfish (1), cat (" in told
    held = len(trainer.held.names)
    assert f"8 photographs, {held} of them held out by name; 2 labelled with a class of" in told
    assert "no class of the map, by key or name: 'lynx'" in told
    assert "coarse (2) by the end of stage 1, fine (4) by the end of stage 3" in told
    result = trainer.train()
    assert result.comparison is not None
    assert len(result.comparison.now[0].agreement) == 2


def test_classes_that_no_classifier_knows_train_without_one(
    photographs: Path, tmp_path: Path
) -> None:
    own = write_map(tmp_path / "own.json", ("felix", "rex", "cat"), (0, 1, 0))
    run = tmp_path / "run"
    semantic = ["phases.warm.gammas=[0.3, 0.2, 0.1]", "phases.warm.steps=1"]
    trainer = start_run("tiny", semantic, data=str(photographs), hierarchy=str(own), output=run)
    assert trainer.semantics is None
    assert "without a classifier" in trainer.notes[0]
    assert "not felix, rex" in trainer.notes[0]
    assert trainer.train().reason == "finished"


def test_a_classifier_that_knows_no_class_teaches_by_features(
    photographs: Path, tmp_path: Path
) -> None:
    own = write_map(tmp_path / "own.json", ("felix", "rex", "bello"), (0, 1, 1))
    run, pair = tmp_path / "run", {"data": str(photographs), "hierarchy": str(own)}
    features = ["phases.warm.feature_weights=[300.0, 200.0, 100.0]", "phases.warm.steps=2"]
    trainer = start_run("tiny", features, **pair, output=run)  # type: ignore[arg-type]
    assert "efficientnet-lite0 does not know felix, rex, bello (3 of 3 classes)" in trainer.notes[0]
    assert "by its inner features alone" in trainer.notes[0]
    trainer.train(stop_at=1)
    result = start_run("", resume=run).train()  # the run is still one of features
    assert result.comparison is not None
    assert result.comparison.now[0].feature_distance > 0
    header, first = (run / "figures.csv").read_text().splitlines()[:2]
    assert header == "step,minutes,stage,rate_bpp,psnr_db,feature_distance"
    assert len(first.split(",")) == 6

    plain = tmp_path / "plain"
    twin = start_run("tiny", [*features, "classifier=none"], **pair, output=plain)  # type: ignore[arg-type]
    twin.train()
    taught, untaught = (read_state(path / STATE_FILE).tensors["model"] for path in (run, plain))
    assert any(not torch.equal(taught[name], untaught[name]) for name in taught)

    meta = load_checkpoint(run / "best.safetensors").meta
    assert meta.classifier == ""  # a search has nobody to ask
    export_run(run, tmp_path / "exported.safetensors")
    exported = load_checkpoint(tmp_path / "exported.safetensors").meta
    assert exported.classifier == ""
    last = load_checkpoint(run / "last.safetensors").meta  # in bfloat16, while training
    for found, wanted in zip(exported.error_costs or (), last.error_costs or (), strict=True):
        assert found == pytest.approx(wanted, rel=0.2)


def test_a_map_without_single_classes_is_told_to_have_none(
    photographs: Path, tmp_path: Path, two_levels: Path
) -> None:
    whole = load_label_map(two_levels)
    LabelMap("one", whole.classes, whole.levels[:1]).save(tmp_path / "one.json")
    said = []
    for number, path in enumerate((two_levels, tmp_path / "one.json")):
        run = tmp_path / str(number)
        trainer = start_run("tiny", PLAIN, data=str(photographs), hierarchy=str(path), output=run)
        said.append(overview(trainer)[-1])
    assert said[0].endswith("coarse (2) by the end of stage 1, fine (4) by the end of stage 3")
    assert "coarse (2) by the end of stage 1; single classes are no level" in said[1]


def stopped_at_once(trainer: Trainer) -> None:
    """Train, with two signals in the first step."""
    batch = trainer.source.batch

    def signalled(step: int, size: int, crop: int) -> Batch:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        return batch(step, size, crop)

    trainer.source.batch = signalled  # type: ignore[method-assign]
    trainer.train()


def test_a_run_that_was_stopped_before_its_first_step_can_go_on(
    photographs: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    trainer = start_run("tiny", PLAIN, data=str(photographs), output=run)
    with pytest.raises(KeyboardInterrupt):  # the second signal: nothing more is saved
        stopped_at_once(trainer)
    assert trainer.state.step == 0
    whole = start_run("tiny", PLAIN, data=str(photographs), output=tmp_path / "whole")
    whole.train()
    trainer = start_run("", resume=run)
    trainer.train()
    a, b = (read_state(path / STATE_FILE).tensors["model"] for path in (run, tmp_path / "whole"))
    assert all(torch.equal(a[name], b[name]) for name in a)
