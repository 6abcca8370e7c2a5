"""Train a method by the common recipe: the shared warm start, a preset, the same steps."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import torch

from codec_plugin.baselines.registry import Method, find_method, method_names
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.ema import Ema
from codec_plugin.train.run_folder import stored_tree, write_settings
from codec_plugin.train.run_setup import DEFAULT_PRESET, refuse_used, start_run
from codec_plugin.train.run_state import STATE_FILE, RunState, save_state
from codec_plugin.train.settings import TrainSettings, check_stages, load_settings
from codec_plugin.train.trainer import Trainer
from codec_plugin.train.warm_start import start_model

__all__ = ["MethodTrainer", "method_of_run", "start_method", "view", "write_start"]

START = "start"
"""Folder, inside the run's, of the converted warm start."""


class MethodTrainer(Trainer):
    """The common loop with a method's own forward; one process.

    Args:
        method: what is trained.
        arguments: those of `Trainer`.
    """

    def __init__(self, method: Method, *arguments: Any, **named: Any) -> None:
        self.method = method
        super().__init__(*arguments, **named)
        if method.model is not ProgressiveModel:
            self.wrapped = view(method.model, self.model)

    def averaged(self) -> ProgressiveModel:
        """A copy with the averaged weights that codes as the method does."""
        return view(self.method.model, super().averaged())


def start_method(
    name: str,
    preset: str,
    overrides: Sequence[str] = (),
    *,
    data: str = "",
    hierarchy: str = "",
    output: Path | None = None,
    devices: str = "auto",
    accelerator: str = "auto",
) -> Trainer:
    """A trainer for a new run of a method, begun at the preset's warm start.

    Args:
        name: of the method.
        preset: one with a `start`, such as `peers`; empty means `compact`.
        overrides: `key=value`, after the method's own.
        output: folder of the run; `runs/NAME` if none.
    Raises:
        ConfigError: no such method, a preset that begins nowhere, or settings that do not fit the
            method's blocks.
        TrainingError: the folder holds a run already, or the start cannot be read.
    """
    method = find_method(name)
    preset = preset or DEFAULT_PRESET
    bare = load_settings(preset, [o for o in overrides if _key(o) in ("start", "seed")])
    if not bare.start:
        raise ConfigError(
            "methods begin at a shared warm start: use a preset that names one, such as peers, or "
            "--set start=RUN|FILE|NAME"
        )
    run = output or Path("runs") / name
    refuse_used(run)
    torch.manual_seed(bare.seed)  # what the start lacks is drawn
    converted = method.convert(start_model(bare.start))
    own = [*method.settings_over(bare), *overrides, f'name="{name}"']
    settings = msgspec.structs.replace(load_settings(preset, own), start="", model=converted.config)
    check_stages(settings, preset)
    own.append(f"start={msgspec.json.encode(str(run / START)).decode()}")
    with _left_as_it_was(run):
        write_start(run / START, converted, settings)
        return start_run(
            preset,
            own,
            data=data,
            hierarchy=hierarchy,
            output=run,
            make=partial(MethodTrainer, method),
            devices=devices,
            accelerator=accelerator,
        )


@contextmanager
def _left_as_it_was(run: Path) -> Iterator[None]:
    """A start that fails takes the converted network with it."""
    there = run.exists()
    try:
        yield
    except BaseException:
        shutil.rmtree(run / START, ignore_errors=True)
        if not there:
            with suppress(OSError):  # not empty
                run.rmdir()
        raise


def method_of_run(run: Path) -> Method | None:
    """The method that a run's folder was started with; none for our own presets."""
    name = stored_tree(run).get("name", "")
    return find_method(name) if name in method_names() else None


def write_start(folder: Path, model: ProgressiveModel, settings: TrainSettings) -> None:
    """Keep a converted warm start as a run that others can begin at."""
    settings = msgspec.structs.replace(settings, model=model.config)
    write_settings(folder, settings)
    # A start has no moments yet: an optimiser that has not made a step keeps none.
    idle = torch.optim.AdamW(model.parameters())
    save_state(folder / STATE_FILE, RunState(), model, Ema(model, settings.ema_decay), idle)


def _key(override: str) -> str:
    """What a `key=value` sets."""
    return override.partition("=")[0].strip()


def view(kind: type[ProgressiveModel], model: ProgressiveModel) -> ProgressiveModel:
    """`model` seen as a `kind`: the same parameters, mode and buffers, another forward.

    The two share their state for good: training one trains the other.
    """
    if kind is type(model):
        return model
    seen = kind.__new__(kind)
    object.__setattr__(seen, "__dict__", model.__dict__)
    return seen
