"""The loop: exact resume, refusals, schedules, and what a run leaves behind."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch

from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.data.crops import Batch
from codec_plugin.data.label_hierarchy import Hierarchy
from codec_plugin.errors import ConfigError, TrainingError
from codec_plugin.train.ema import Ema
from codec_plugin.train.run_setup import start_run
from codec_plugin.train.run_state import STATE_FILE, read_state
from codec_plugin.train.schedule import learning_rate
from codec_plugin.train.settings import (
    Phase,
    TrainSettings,
    check_stages,
    load_settings,
    preset_names,
)
from codec_plugin.train.trainer import Trainer
from codec_plugin.train.validate import objective, validate
from codec_plugin.train.warm_start import start_config
from tests.codec_plugin.semantic import small_classifier, small_hierarchy, write_photographs

JOINT = Phase(
    name="joint",
    steps=4,
    warmup=1,
    batch_size=2,
    crop=64,
    lambdas=(0.0009, 0.0045, 0.018),
    gammas=(0.3, 0.2, 0.1),
    fine_gammas=(0.1, 0.1, 0.0),
    cut_probability=0.5,
)


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    """Four steps of warm start and four joint ones on six small photographs."""
    photographs = write_photographs(tmp_path / "photographs")
    tiny = load_settings("tiny", [f"data.path={photographs}", "phases.warm.steps=4"])
    return msgspec.structs.replace(tiny, phases=(*tiny.phases, JOINT))


def trainer(settings: TrainSettings, run: Path, hierarchy: Hierarchy | None = None) -> Trainer:
    """A trainer on one thread; as it stands in a process of its own."""
    from lightning_fabric import Fabric

    torch.set_num_threads(1)
    run.mkdir(parents=True, exist_ok=True)
    fabric = Fabric(accelerator="cpu", devices=1)
    return Trainer(
        settings,
        hierarchy or small_hierarchy(),
        run,
        fabric=fabric,
        classifier=small_classifier(),
    )


@pytest.mark.slow
def test_interrupted_and_resumed_equals_uninterrupted(
    settings: TrainSettings, tmp_path: Path
) -> None:
    trainer(settings, tmp_path / "whole").train()
    trainer(settings, tmp_path / "cut").train(stop_at=3)
    resumed = trainer(settings, tmp_path / "cut")
    resumed.resume()
    assert resumed.train().reason == "finished"
    whole, cut = (read_state(tmp_path / name / STATE_FILE).tensors for name in ("whole", "cut"))
    for kind in ("model", "ema", "optimizer"):
        assert set(whole[kind]) == set(cut[kind])
        assert all(torch.equal(whole[kind][name], cut[kind][name]) for name in whole[kind])
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {"best.safetensors", "last.safetensors", "figures.csv", "preview.png"} <= names


def test_a_loss_that_is_no_number_keeps_the_last_good_state(
    settings: TrainSettings, tmp_path: Path
) -> None:
    run = trainer(settings, tmp_path / "run")
    run.train(stop_at=1)
    good = (tmp_path / "run" / STATE_FILE).read_bytes()
    with torch.no_grad():
        next(run.model.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="not a number"):
        run.train(stop_at=2)
    assert (tmp_path / "run" / STATE_FILE).read_bytes() == good


def test_a_time_limit_saves_and_stops(settings: TrainSettings, tmp_path: Path) -> None:
    result = trainer(settings, tmp_path / "run").train(minutes=0)
    assert (result.reason, result.step) == ("time", 1)
    assert read_state(tmp_path / "run" / STATE_FILE).state.step == 1
    assert (tmp_path / "run" / "best.safetensors").exists()  # whoever asked for minutes has a codec


def test_a_signal_saves_the_step_it_came_in(settings: TrainSettings, tmp_path: Path) -> None:
    trainer(settings, tmp_path / "whole").train(stop_at=2)
    run = trainer(settings, tmp_path / "run")
    batch = run.source.batch

    def signalled(step: int, size: int, crop: int) -> Batch:
        if step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return batch(step, size, crop)

    run.source.batch = signalled  # type: ignore[method-assign]
    result = run.train()
    assert (result.reason, result.step, result.comparison) == ("interrupted", 2, None)
    whole, cut = (read_state(tmp_path / name / STATE_FILE) for name in ("whole", "run"))
    assert cut.state.step == 2
    for name, value in whole.tensors["model"].items():
        assert torch.equal(value, cut.tensors["model"][name])


def test_the_end_is_compared_with_the_start(settings: TrainSettings, tmp_path: Path) -> None:
    run = trainer(settings, tmp_path / "run")
    start = validate(run.averaged(), run.held.images(), run.semantics)
    run.train(stop_at=1)  # a first sitting
    run = trainer(settings, tmp_path / "run")
    run.resume()
    seen = []
    result = run.train(progress=lambda now: seen.append(now.crops_per_second))
    assert result.comparison is not None
    assert result.comparison.photographs == 1
    assert [row.rate_bpp for row in result.comparison.start] == [row.rate_bpp for row in start]
    now = validate(run.averaged(), run.held.images(), run.semantics)
    assert [row.mse for row in result.comparison.now] == [row.mse for row in now]
    before, after = (objective(rows, JOINT, run.stage_levels) for rows in (start, now))
    assert result.comparison.change == pytest.approx(after / before - 1)
    assert all(pace > 0 for pace in (*seen, result.crops_per_second))
    lines = (tmp_path / "run" / "figures.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["step", *3 * ["0"], *3 * ["8"]]


def test_other_held_out_photographs_are_not_compared(
    settings: TrainSettings, tmp_path: Path
) -> None:
    trainer(settings, tmp_path / "run").train(stop_at=1)
    more = msgspec.structs.replace(settings.data, holdout_share=0.5)
    run = trainer(msgspec.structs.replace(settings, data=more), tmp_path / "run")
    run.resume()
    assert run.train().comparison is None


def test_a_run_of_another_label_map_is_refused(settings: TrainSettings, tmp_path: Path) -> None:
    trainer(settings, tmp_path / "run").train(stop_at=1)
    other = replace(small_hierarchy(), id="ee" * 32)
    run = trainer(settings, tmp_path / "run", other)
    with pytest.raises(TrainingError, match="was for label map cdcd"):
        run.resume()


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_fits_the_network_that_it_trains(name: str) -> None:
    settings = load_settings(name)
    if settings.start:
        settings = msgspec.structs.replace(settings, model=start_config(settings.start))
    check_stages(settings, name)


def test_plain_is_the_joint_preset_without_its_classifier() -> None:
    joint, plain = load_settings("compact"), load_settings("compact-plain")
    (phase,) = joint.phases
    blind = msgspec.structs.replace(phase, feature_weights=(), semantic_share=0.0)
    assert plain == msgspec.structs.replace(
        joint, name="compact-plain", classifier="none", phases=(blind,)
    )


def test_lists_of_another_number_of_stages_than_the_start_has_are_refused(tmp_path: Path) -> None:
    data = write_photographs(tmp_path / "photographs")
    with pytest.raises(ConfigError, match=r"lambdas expected 9 values, one a block .* got 2"):
        start_run("compact", ["phases.joint.lambdas=[0.1,0.2]"], data=str(data), output=tmp_path)


def test_a_start_is_described_without_its_weights() -> None:
    assert start_config("compact") == load_checkpoint("compact").config
    with pytest.raises(TrainingError, match="start=elsewhere: neither a run's folder nor a check"):
        start_config("elsewhere")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.blokcs=3", "blokcs"),
        ("phases.warm.stepz=3", "stepz"),
        ("phases.cold.steps=3", "no entry 'cold'; there are warm"),
        ("phases.warm.lambdas=[1.0]", "expected 3 values"),
        ("threads='many'", "threads"),
        ("threads", "key=value"),
    ],
)
def test_settings_that_do_not_exist_are_refused_by_name(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings("tiny", [override])


def test_overrides_reach_nested_values() -> None:
    settings = load_settings("tiny", ["phases.warm.steps=99", "model.fill=zero", "seed=4"])
    assert (settings.phases[0].steps, settings.model.fill, settings.seed) == (99, "zero", 4)


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="compact"):
        load_settings("enormous")


def test_learning_rate_rises_holds_and_falls() -> None:
    phase = Phase(
        name="p", steps=100, learning_rate=1.0, warmup=10, schedule="trapezoid", cooldown=20,
        floor=0.0, lambdas=(1.0,),
    )  # fmt: skip
    assert learning_rate(phase, 4) == 0.5
    assert learning_rate(phase, 50) == 1.0
    assert learning_rate(phase, 90) == 0.5
    cosine = Phase(name="p", steps=100, learning_rate=1.0, warmup=0, floor=0.0, lambdas=(1.0,))
    assert learning_rate(cosine, 50) == pytest.approx(0.5)


def test_average_follows_constant_weights_at_once() -> None:
    layer = torch.nn.Linear(2, 2)
    ema = Ema(layer, 0.999)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    for step in range(200):
        ema.update(layer, step)
    assert torch.allclose(ema.state["weight"], torch.ones(2, 2), atol=1e-2)


def test_averages_and_judges_follow_the_network_to_another_device() -> None:
    layer = torch.nn.Linear(2, 2)
    ema = Ema(layer, 0.999)
    ema.update(layer.to("meta"), 0)
    assert {value.device.type for value in ema.state.values()} == {"meta"}
    assert small_classifier().to("meta")(torch.rand(1, 3, 80, 70)).device.type == "meta"
