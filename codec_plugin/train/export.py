"""From a run to a checkpoint that encodes and decodes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from torch import Tensor

from codec_plugin.checkpointing.checkpoint import CheckpointMeta, load_checkpoint, save_checkpoint
from codec_plugin.config import ModelConfig
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import Hierarchy, load_hierarchy
from codec_plugin.data.sources import held_views, open_source
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.errors import CheckpointError, ConfigError, TrainingError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.calibrate import error_costs, fitted_tables
from codec_plugin.train.run_state import STATE_FILE, load_weights, read_state
from codec_plugin.train.settings import Phase, TrainSettings, settings_from
from codec_plugin.train.successive_refinement import split_first_block

__all__ = [
    "CALIBRATION_IMAGES",
    "HIERARCHY_FILE",
    "SETTINGS_FILE",
    "averaged_model",
    "calibration_images",
    "export_model",
    "export_run",
    "start_config",
    "start_model",
    "start_network",
    "stored_tree",
    "with_passes",
]

SETTINGS_FILE = "settings.json"
CALIBRATION_IMAGES = 48
HIERARCHY_FILE = "hierarchy.json"


def export_model(
    model: ProgressiveModel,
    settings: TrainSettings,
    hierarchy: Hierarchy,
    step: int,
    path: Path,
    images: Sequence[Tensor] = (),
) -> str:
    """Freeze a network to integers and write it as a checkpoint; returns the model id.

    Args:
        model: on the CPU, in evaluation mode.
        step: optimiser steps done.
        images: photographs (3, H, W) in 0..1 that tables and prices of errors are fitted to; none
            leaves Gaussian tables and rounding.
    """
    exact = ExactEntropy.from_model(model)
    meta = _meta(settings, hierarchy, step)
    if not images:
        refines = model.config.layout.refines
        tables = CodingTables.from_prior(model.entropy.prior, refines=refines)
        return save_checkpoint(path, model, exact, tables, meta)
    costs = error_costs(model, images, meta.lambdas)
    tables = fitted_tables(model, exact, images, costs)
    meta = msgspec.structs.replace(meta, error_costs=costs)
    return save_checkpoint(path, model, exact, tables, meta)


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
        return load_checkpoint(start).model.requires_grad_(True)
    except CheckpointError as error:
        raise TrainingError(
            f"start={start}: neither a run's folder nor a checkpoint ({error})"
        ) from error


def start_config(settings: TrainSettings) -> ModelConfig:
    """Architecture of a run that begins at another's weights."""
    return start_network(settings).config


def start_network(settings: TrainSettings) -> ProgressiveModel:
    """The network that such a run begins with: split or given passes where the settings say so.

    Raises:
        TrainingError: the start is none.
        ConfigError: it cannot be split, or has passes already.
    """
    model = start_model(settings.start)
    if settings.split_gain:
        model = split_first_block(model, settings.split_gain)
    return with_passes(model, settings.passes) if settings.passes else model


def with_passes(old: ProgressiveModel, passes: tuple[int, ...]) -> ProgressiveModel:
    """A network that codes its blocks in several passes and starts by making the same of them."""
    new = ProgressiveModel(msgspec.structs.replace(old.config, passes=passes))
    missing, unexpected = new.load_state_dict(old.state_dict(), strict=False)
    if unexpected or not all(name.startswith("entropy.spatial.") for name in missing):
        raise ConfigError(
            f"the start has passes {old.config.pass_counts}, which {passes} does not extend"
        )
    return new


def export_run(run: Path, path: Path) -> str:
    """Write the averaged weights of a stopped or running run as a checkpoint.

    Raises:
        TrainingError: the folder holds no run.
    """
    settings = settings_from(stored_tree(run), source=str(run / SETTINGS_FILE))
    model = averaged_model(run)
    step = read_state(run / STATE_FILE).state.step
    hierarchy = load_hierarchy(run / HIERARCHY_FILE)
    return export_model(model, settings, hierarchy, step, path, _held_again(settings))


def _held_again(settings: TrainSettings) -> list[Tensor]:
    """Held-out photographs of a run that is not open; none where its folder is not there."""
    if not Path(settings.data.path).is_dir():
        return []
    data = msgspec.structs.replace(settings.data, cache=False)
    _, folder, held = open_source(data, {}, seed=settings.seed, rank=0, world=1)
    return calibration_images(folder, held.tolist())


def calibration_images(folder: ImageFolder | None, held: Sequence[int]) -> list[Tensor]:
    """At most 48 of the held-out photographs, evenly spaced: neighbours are often alike."""
    if folder is None:
        return []
    step = max(1, -(-len(held) // CALIBRATION_IMAGES))
    return list(held_views(folder, held[::step]))


def _meta(settings: TrainSettings, hierarchy: Hierarchy, step: int) -> CheckpointMeta:
    """What a checkpoint says of itself; no times, no paths."""
    phase, _ = settings.phase_at(max(0, step - 1))
    ends = settings.level_ends(hierarchy.n_levels)
    begun = [p for n, p in enumerate(settings.phases) if step > _first_step(settings, n)]
    return CheckpointMeta(
        name=settings.name,
        label_map_id=hierarchy.id,
        label_map_name=hierarchy.name,
        level_names=tuple(hierarchy.level_names) if ends else (),
        level_blocks=ends or msgspec.UNSET,
        lambdas=phase.lambdas,
        rate_weights=phase.rate_weights,
        gammas=phase.gammas or settings.search_gammas,
        fine_gammas=phase.fine_gammas or settings.search_fine_gammas,
        classifier=_named_classifier(settings, phase),
        provenance={
            "phases": ", ".join(p.name for p in begun),
            "seed": str(settings.seed),
            "step": str(step),
        },
    )


def _named_classifier(settings: TrainSettings, phase: Phase) -> str:
    if settings.classifier == "none" or not (phase.semantic or settings.search_gammas):
        return ""
    return settings.classifier


def _first_step(settings: TrainSettings, number: int) -> int:
    return sum(phase.steps for phase in settings.phases[:number])
