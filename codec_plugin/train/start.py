"""Begin a run or pick one up: settings, label map, classifier and devices put together."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch

from codec_plugin.errors import ConfigError, TrainingError
from codec_plugin.hierarchy import level_ends, load_hierarchy
from codec_plugin.precision import multiplies_bfloat16
from codec_plugin.train.export import HIERARCHY_FILE, SETTINGS_FILE, start_config, stored_tree
from codec_plugin.train.loop import Trainer
from codec_plugin.train.settings import (
    TrainSettings,
    apply_override,
    load_settings,
    settings_from,
)
from codec_plugin.train.state import STATE_FILE

__all__ = ["start_run"]


def start_run(
    preset: str,
    overrides: Sequence[str] = (),
    *,
    data: str = "",
    hierarchy: str = "",
    output: Path | None = None,
    resume: Path | None = None,
    devices: str = "auto",
    accelerator: str = "auto",
    make: Callable[..., Trainer] = Trainer,
) -> Trainer:
    """Build a trainer for a new run in `output`, or for the run in `resume`.

    The folder keeps its settings and a copy of its label map; on resume, `overrides` change the
    former (more steps, a lower rate), everything else stays. `make` builds the trainer.

    Raises:
        ConfigError: settings that do not exist or do not fit.
        TrainingError: a folder that holds a run already, or none to resume.
    """
    if resume is not None:
        run, settings = resume, _stored_settings(resume, overrides)
        hierarchy_file: str | Path = run / HIERARCHY_FILE
    else:
        run, settings = _new_run(preset, overrides, data, hierarchy, output)
        hierarchy_file = settings.hierarchy
    label_map = load_hierarchy(hierarchy_file)
    if make is Trainer and settings.model.n_blocks > 1:  # peers may have fewer blocks than levels
        level_ends(label_map.n_levels, settings.model.n_blocks)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    fabric = _fabric(settings, devices, accelerator)
    if fabric.is_global_zero:
        run.mkdir(parents=True, exist_ok=True)
        _write(run / SETTINGS_FILE, msgspec.json.format(settings.to_json(), indent=1) + "\n")
        _keep_hierarchy(hierarchy_file, run / HIERARCHY_FILE)
    classifier = None
    if any(phase.semantic for phase in settings.phases) or settings.classifier:
        from codec_plugin.classifiers import load_classifier

        classifier = load_classifier(settings.classifier)
    trainer = make(settings, label_map, run, fabric=fabric, classifier=classifier)
    if resume is not None:
        trainer.resume()
    return trainer


def _new_run(
    preset: str, overrides: Sequence[str], data: str, hierarchy: str, output: Path | None
) -> tuple[Path, TrainSettings]:
    extra = [f"data.path={msgspec.json.encode(data).decode()}"] if data else []
    extra += [f"hierarchy={msgspec.json.encode(hierarchy).decode()}"] if hierarchy else []
    settings = load_settings(preset, [*overrides, *extra])
    if settings.start:
        settings = msgspec.structs.replace(settings, model=start_config(settings))
    run = output or Path("runs") / settings.name
    if (run / STATE_FILE).exists():
        raise TrainingError(f"{run} holds a run already; --resume {run}, or choose another -o")
    return run, settings


def _stored_settings(run: Path, overrides: Sequence[str]) -> TrainSettings:
    tree = stored_tree(run)
    for override in overrides:
        apply_override(tree, override)
    return settings_from(tree, source=str(run / SETTINGS_FILE))


def _fabric(settings: TrainSettings, devices: str, accelerator: str) -> Any:
    """A launched Fabric; several processes find their own unused parameters."""
    import os

    from lightning_fabric import Fabric
    from lightning_fabric.strategies import DDPStrategy

    world = int(os.environ.get("WORLD_SIZE", "1"))
    count = int(devices) if devices.isdigit() else devices
    if accelerator == "auto" and not torch.cuda.is_available():
        accelerator = "cpu"
    if devices == "auto" and accelerator == "cpu":
        count = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    several = world > 1 or (isinstance(count, int) and count > 1)
    strategy: Any = DDPStrategy(find_unused_parameters=True) if several else "auto"
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=count,
            strategy=strategy,
            precision=_precision(settings.precision, accelerator),
        )
        fabric.launch()
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"devices {devices!r} on {accelerator!r}: {error}") from error
    return fabric


def _precision(wanted: str, accelerator: str) -> Any:
    """What `auto` means on this machine."""
    if wanted != "auto":
        return wanted
    if accelerator == "cpu":
        return "bf16-mixed" if multiplies_bfloat16() else "32-true"
    return "bf16-mixed" if torch.cuda.is_available() else "32-true"


def _keep_hierarchy(source: str | Path, target: Path) -> None:
    if target.exists():
        return
    from hierlab.labelmap import load_label_map

    load_label_map(source).save(target)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    shutil.move(temporary, path)
