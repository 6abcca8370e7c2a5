"""The state of a training run on disk: weights, averages and AdamW's moments; no pickle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from codec_plugin.errors import TrainingError
from codec_plugin.train.ema import Ema

__all__ = ["STATE_FILE", "RunState", "load_state", "load_weights", "save_state"]

STATE_FILE = "state.safetensors"


class RunState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Counters of a run.

    Attributes:
        step: optimiser steps done.
        seconds: time spent training, over all sittings.
        best_loss: lowest held-out objective so far.
        hierarchy_id: of the label map trained for.
    """

    step: int = 0
    seconds: float = 0.0
    best_loss: float = float("inf")
    hierarchy_id: str = ""


@dataclass(frozen=True)
class Loaded:
    """A training state as read: counters, and tensors by kind and name."""

    state: RunState
    tensors: dict[str, dict[str, Tensor]]


def save_state(
    path: Path, state: RunState, model: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer
) -> None:
    """Write everything that an exact resume needs, whole or not at all.

    Raises:
        TrainingError: it cannot be written; what was there before is kept.
    """
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"ema/{name}": value for name, value in ema.state.items()}
    for number, entry in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}.{field}": value for field, value in entry.items()}
    counters = msgspec.structs.asdict(state)
    if state.best_loss == float("inf"):  # which JSON has no number for
        counters["best_loss"] = "inf"
    metadata = {"state": msgspec.json.encode(counters).decode()}
    temporary = path.with_name(f".{path.name}.tmp")
    content = {k: v.detach().contiguous().cpu() for k, v in tensors.items()}
    try:
        save_file(content, temporary, metadata)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"cannot write {path}: {error}; what was saved before is whole: make room, then "
            f"c2f train --resume {path.parent}"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_state(path: Path) -> Loaded:
    """Read a training state.

    Raises:
        TrainingError: no such file, or not a training state.
    """
    tensors: dict[str, dict[str, Tensor]] = {"model": {}, "ema": {}, "optimizer": {}}
    try:
        with safe_open(path, "pt") as file:
            fields = msgspec.json.decode((file.metadata() or {})["state"])
            for key in file.keys():  # noqa: SIM118 - not a mapping
                kind, _, name = key.partition("/")
                tensors[kind][name] = file.get_tensor(key)
    except (OSError, SafetensorError, KeyError, msgspec.MsgspecError) as error:
        raise TrainingError(
            f"{path} is not a training state ({type(error).__name__}: {error}); "
            "name the folder of a run that `c2f train` made"
        ) from error
    fields["best_loss"] = float(fields.get("best_loss", "inf"))
    return Loaded(msgspec.convert(fields, RunState), tensors)


def load_state(
    path: Path, model: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer
) -> RunState:
    """Put a saved state back; afterwards training goes on as if it had never stopped.

    Raises:
        TrainingError: not a training state, or one of another architecture; nothing has changed.
    """
    loaded = read_state(path)
    _check_fit(path, loaded, model)
    model.load_state_dict(loaded.tensors["model"])
    ema.state = loaded.tensors["ema"]
    # The fused step walks memory as it lies: moments must have the layout of their parameter.
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in loaded.tensors["optimizer"].items():
        number, field = int(key.split(".", 1)[0]), key.split(".", 1)[1]
        if value.shape == parameters[number].shape:
            value = torch.empty_like(parameters[number], dtype=value.dtype).copy_(value)
        moments.setdefault(number, {})[field] = value
    groups: Any = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    return loaded.state


def _check_fit(path: Path, loaded: Loaded, model: nn.Module) -> None:
    here = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    there = {name: tuple(value.shape) for name, value in loaded.tensors["model"].items()}
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            raise TrainingError(
                f"the state in {path} is of another architecture than the settings: {name} is "
                f"{there.get(name, 'missing')} there and {here.get(name, 'missing')} here; leave "
                "out --set model.…, or begin a run of its own with --set start=… and another -o"
            )


def load_weights(path: Path, model: nn.Module) -> list[str]:
    """Start a network from the averaged weights of another run.

    Returns:
        Names of tensors that keep their own start because their shape differs.
    Raises:
        TrainingError: not a training state.
    """
    file = path / STATE_FILE if path.is_dir() else path
    source = read_state(file).tensors["ema"]
    target = model.state_dict()
    fitting = {k: v for k, v in source.items() if k in target and target[k].shape == v.shape}
    model.load_state_dict({**target, **fitting})
    return sorted(set(target) - set(fitting))
