"""Begin a run or pick one up: settings, label map, classifier and devices put together."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch

from codec_plugin.classifiers.base import Classifier
from codec_plugin.classifiers.class_columns import (
    ClassColumns,
    class_columns,
    unknown_classes,
)
from codec_plugin.classifiers.registry import load_classifier
from codec_plugin.data.label_hierarchy import Hierarchy, level_ends, load_hierarchy
from codec_plugin.data.sources import kept_settings
from codec_plugin.errors import ConfigError, HierarchyMismatchError, TrainingError
from codec_plugin.train.run_folder import HIERARCHY_FILE, stored_settings, write_settings
from codec_plugin.train.run_state import STATE_FILE
from codec_plugin.train.settings import TrainSettings, check_stages, load_settings
from codec_plugin.train.trainer import Trainer
from codec_plugin.train.warm_start import start_config
from codec_plugin.utils.precision import multiplies_bfloat16
from hierlab.labelmap import load_label_map

__all__ = ["DEFAULT_PRESET", "refuse_used", "start_run"]

DEFAULT_PRESET = "compact"


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

    The folder keeps its settings and a copy of its label map, written when all else stands: a start
    that fails leaves nothing. On resume, `overrides` change the settings (more steps, a lower
    rate) and `data` says where the photographs are now; everything else stays. `make` builds the
    trainer.

    Raises:
        ConfigError: settings that do not exist or do not fit, or a resume that asks for another
            preset, label map or folder than the run's.
        TrainingError: a folder that holds a run already, or none to resume.
    """
    if resume is not None:
        _refuse_change(resume, preset, hierarchy, output)
        run, settings = resume, stored_settings(resume, overrides, data)
        hierarchy_file: str | Path = run / HIERARCHY_FILE
    else:
        run, settings = _new_run(preset or DEFAULT_PRESET, overrides, data, hierarchy, output)
        hierarchy_file = settings.hierarchy
    label_map = load_hierarchy(hierarchy_file)
    if make is Trainer and settings.model.n_blocks > 1:  # peers may have fewer blocks than levels
        level_ends(label_map.n_levels, settings.model.n_blocks)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    fabric = _fabric(settings, devices, accelerator)
    chosen = any(override.partition("=")[0].strip() == "classifier" for override in overrides)
    settings, classifier, notes = _classifier(
        settings, label_map, required=chosen or resume is not None
    )
    trainer = make(settings, label_map, run, fabric=fabric, classifier=classifier)
    trainer.notes += notes
    if resume is not None:
        trainer.resume()
    kept = kept_settings(settings.data, trainer.held.folder)
    if fabric.is_global_zero:
        if resume is None:
            load_label_map(hierarchy_file).save(run / HIERARCHY_FILE)
        write_settings(run, msgspec.structs.replace(settings, data=kept))
    fabric.barrier()
    return trainer


def _new_run(
    preset: str, overrides: Sequence[str], data: str, hierarchy: str, output: Path | None
) -> tuple[Path, TrainSettings]:
    extra = [f"data.path={msgspec.json.encode(data).decode()}"] if data else []
    extra += [f"hierarchy={msgspec.json.encode(hierarchy).decode()}"] if hierarchy else []
    settings = load_settings(preset, [*overrides, *extra])
    if settings.start:
        settings = msgspec.structs.replace(settings, model=start_config(settings.start))
        check_stages(settings, preset)
    run = output or Path("runs") / settings.name
    refuse_used(run)
    return run, settings


def refuse_used(run: Path) -> None:
    """Refuse to begin a run where there is one.

    Raises:
        ConfigError: `run` is a file.
        TrainingError: it holds a run already.
    """
    if run.exists() and not run.is_dir():
        raise ConfigError(f"{run} is a file; -o names the folder of the run")
    if (run / STATE_FILE).exists():
        raise TrainingError(f"{run} holds a run already; --resume {run}, or choose another -o")


def _refuse_change(run: Path, preset: str, hierarchy: str, output: Path | None) -> None:
    """A run goes on as what it is, in its own folder."""
    if preset:
        raise ConfigError(
            f"--resume {run} keeps the run's own settings; leave --preset out, change single "
            "values with --set, or begin a run of its own with another -o"
        )
    if output is not None and output.resolve() != run.resolve():
        raise ConfigError(
            f"--resume {run} goes on in that folder, not in {output}; leave -o out, or begin "
            f"another run there: --set start={run} -o {output}"
        )
    if hierarchy and (run / HIERARCHY_FILE).exists():
        asked, own = load_hierarchy(hierarchy), load_hierarchy(run / HIERARCHY_FILE)
        if asked.id != own.id:
            raise ConfigError(
                f"the run in {run} is for label map {own.name} ({own.id[:16]}…), not "
                f"{asked.name} ({asked.id[:16]}…); leave --hierarchy out, or begin a run of its "
                f"own: --set start={run} --hierarchy {hierarchy} -o ANOTHER"
            )


def _classifier(
    settings: TrainSettings, label_map: Hierarchy, *, required: bool
) -> tuple[TrainSettings, Classifier | None, list[str]]:
    """The settings with the classifier that is used, that classifier, and notes about it.

    One that knows not all classes of a map teaches by its inner features alone. Where no phase
    matches features, a preset's own is left out, in a sentence, and one that was asked for refused.
    """
    if settings.classifier in ("", "none"):
        if any(phase.semantic for phase in settings.phases) and settings.classifier == "":
            raise ConfigError(
                "a phase has gammas, fine_gammas or feature_weights, which need a classifier; name "
                "one with --set classifier=…, or classifier=none to train without"
            )
        return msgspec.structs.replace(settings, classifier="none"), None, []
    classifier = load_classifier(settings.classifier)
    unknown = unknown_classes(label_map, classifier.class_ids)
    if unknown and any(any(phase.feature_weights) for phase in settings.phases):
        return settings, classifier, [_by_features(settings.classifier, label_map, unknown)]
    try:
        columns = class_columns(label_map, classifier.class_ids)
    except HierarchyMismatchError as error:
        if required:
            raise
        note = (
            f"trained without a classifier, for rate and distortion: {error} "
            f"({settings.classifier} was the preset's)"
        )
        return msgspec.structs.replace(settings, classifier="none"), None, [note]
    notes = []
    if columns.named:
        notes.append(
            f"{len(columns.named)} of {len(label_map.class_ids)} classes are looked for in "
            f"{settings.classifier} by name, each the sum of its kinds: "
            + _counted(label_map, columns)
        )
    return settings, classifier, notes


def _by_features(classifier: str, label_map: Hierarchy, unknown: Sequence[int]) -> str:
    """What a classifier teaches that does not know all classes."""
    names = ", ".join(label_map.class_names[n] for n in unknown[:3])
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    return (
        f"{classifier} does not know {names}{more} ({len(unknown)} of "
        f"{len(label_map.class_ids)} classes): it teaches by its inner features alone, which need "
        "no classes; no figure says what it recognises, and encode --effort will not ask it"
    )


def _counted(label_map: Hierarchy, columns: ClassColumns) -> str:
    """How many outputs each class found by name has, the first few."""
    counts = torch.bincount(columns.classes).tolist()
    shown = [f"{label_map.class_names[n]} ({counts[n]})" for n in columns.named[:6]]
    return ", ".join(shown) + (", …" if len(columns.named) > len(shown) else "")


def _fabric(settings: TrainSettings, devices: str, accelerator: str) -> Any:
    """A launched Fabric; several processes find their own unused parameters."""
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import DDPStrategy

    world = int(os.environ.get("WORLD_SIZE", "1"))
    count = int(devices) if devices.isdigit() else devices
    if accelerator == "auto" and not torch.cuda.is_available():
        accelerator = "cpu"
    if devices == "auto" and accelerator == "cpu":
        count = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    several = world > 1 or (isinstance(count, int) and count > 1)
    strategy: Any = (
        DDPStrategy(find_unused_parameters=True, broadcast_buffers=False) if several else "auto"
    )
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
