"""Train a method by the common recipe: the shared warm start, a preset, the same steps."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import torch

from codec_plugin.baselines.registry import Method, find_method, method_names
from codec_plugin.config import ModelConfig
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.ema import Ema
from codec_plugin.train.run_folder import stored_tree, write_settings
from codec_plugin.train.run_setup import DEFAULT_PRESET, start_run
from codec_plugin.train.run_state import STATE_FILE, RunState, save_state
from codec_plugin.train.settings import TrainSettings, load_settings
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
        preset: one with a `start`, such as `compact`, which an empty one means.
        overrides: `key=value`, after the method's own.
        output: folder of the run; `runs/NAME` if none.
    Raises:
        ConfigError: no such method, or a preset that begins nowhere.
    """
    method = find_method(name)
    preset = preset or DEFAULT_PRESET
    bare = load_settings(preset, ())
    start = _given("start", overrides) or bare.start
    if not start:
        raise ConfigError("methods begin at a shared warm start: use a preset that names one")
    converted = method.convert(start_model(start))
    own = [*_model_overrides(converted.config), *_filled(method, bare), *overrides]
    own.append(f'name="{name}"')
    run = output or Path("runs") / name
    write_start(run / START, converted, load_settings(preset, [*own, 'start=""']))
    own.append(f"start={msgspec.json.encode(str(run / START)).decode()}")
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


def _given(wanted: str, overrides: Sequence[str]) -> str:
    """The last value given for a key; empty if none."""
    pairs = [override.partition("=") for override in overrides]
    values = [value.strip().strip("\"'") for key, _, value in pairs if key.strip() == wanted]
    return values[-1] if values else ""


def _filled(method: Method, settings: TrainSettings) -> list[str]:
    """A method's settings, with the preset's λ in their places."""
    lambdas = settings.phases[0].lambdas
    first, last = str(lambdas[0]), str(lambdas[-1])
    return [o.replace("{first}", first).replace("{last}", last) for o in method.overrides]


def _model_overrides(config: ModelConfig) -> list[str]:
    """Widths, so that the settings' lists are checked against the converted network."""
    return [f"model.blocks={list(config.blocks)}", f"model.steps={list(config.steps)}"]


def view(kind: type[ProgressiveModel], model: ProgressiveModel) -> ProgressiveModel:
    """`model` seen as a `kind`: the same parameters, mode and buffers, another forward.

    The two share their state for good: training one trains the other.
    """
    if kind is type(model):
        return model
    seen = kind.__new__(kind)
    object.__setattr__(seen, "__dict__", model.__dict__)
    return seen
