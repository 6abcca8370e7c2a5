"""From a run to a checkpoint that encodes and decodes."""

from pathlib import Path
from typing import Any

import msgspec

from codec_plugin.checkpoint import CheckpointMeta, load_checkpoint, save_checkpoint
from codec_plugin.entropy.exact import ExactEntropy
from codec_plugin.entropy.tables import CodingTables
from codec_plugin.errors import CheckpointError, TrainingError
from codec_plugin.hierarchy import Hierarchy, load_hierarchy
from codec_plugin.model import ProgressiveModel
from codec_plugin.train.settings import TrainSettings, settings_from
from codec_plugin.train.state import STATE_FILE, load_weights, read_state

__all__ = [
    "HIERARCHY_FILE",
    "SETTINGS_FILE",
    "averaged_model",
    "export_model",
    "export_run",
    "start_model",
    "stored_tree",
]

SETTINGS_FILE = "settings.json"
HIERARCHY_FILE = "hierarchy.json"


def export_model(
    model: ProgressiveModel, settings: TrainSettings, hierarchy: Hierarchy, step: int, path: Path
) -> str:
    """Freeze a network to integers and write it as a checkpoint; returns the model id.

    Args:
        model: on the CPU, in evaluation mode.
        step: optimiser steps done.
    """
    exact = ExactEntropy.from_model(model)
    tables = CodingTables.from_prior(model.entropy.prior)
    return save_checkpoint(path, model, exact, tables, _meta(settings, hierarchy, step))


def stored_tree(run: Path) -> dict[str, Any]:
    """Settings of a run as it keeps them.

    Raises:
        TrainingError: the folder holds no run.
    """
    try:
        tree: dict[str, Any] = msgspec.json.decode((run / SETTINGS_FILE).read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise TrainingError(f"{run} holds no run ({error})") from error
    return tree


def averaged_model(run: Path) -> ProgressiveModel:
    """The network of a run with its averaged weights, on the CPU, in evaluation mode."""
    settings = settings_from(stored_tree(run), source=str(run / SETTINGS_FILE))
    model = ProgressiveModel(settings.model)
    load_weights(run, model)
    return model.eval()


def start_model(start: str) -> ProgressiveModel:
    """Network to begin at: of a run's folder, of a checkpoint file or of a shipped checkpoint.

    Raises:
        TrainingError: none of these.
    """
    if Path(start).is_dir():
        return averaged_model(Path(start))
    try:
        return load_checkpoint(start).model
    except CheckpointError as error:
        raise TrainingError(
            f"start={start}: neither a run's folder nor a checkpoint ({error})"
        ) from error


def export_run(run: Path, path: Path) -> str:
    """Write the averaged weights of a stopped or running run as a checkpoint.

    Raises:
        TrainingError: the folder holds no run.
    """
    settings = settings_from(stored_tree(run), source=str(run / SETTINGS_FILE))
    model = averaged_model(run)
    step = read_state(run / STATE_FILE).state.step
    hierarchy = load_hierarchy(run / HIERARCHY_FILE)
    return export_model(model, settings, hierarchy, step, path)


def _meta(settings: TrainSettings, hierarchy: Hierarchy, step: int) -> CheckpointMeta:
    """What a checkpoint says of itself; no times, no paths."""
    phase, _ = settings.phase_at(max(0, step - 1))
    begun = [p for n, p in enumerate(settings.phases) if step > _first_step(settings, n)]
    n_blocks = settings.model.n_blocks
    names = tuple(hierarchy.level_names)
    return CheckpointMeta(
        name=settings.name,
        label_map_id=hierarchy.id,
        label_map_name=hierarchy.name,
        level_names=names if len(names) == n_blocks else (),
        lambdas=phase.lambdas,
        rate_weights=phase.rate_weights,
        gammas=phase.gammas,
        fine_gammas=phase.fine_gammas,
        classifier=settings.classifier if phase.semantic else "",
        provenance={
            "phases": ", ".join(p.name for p in begun),
            "seed": str(settings.seed),
            "step": str(step),
        },
    )


def _first_step(settings: TrainSettings, number: int) -> int:
    return sum(phase.steps for phase in settings.phases[:number])
