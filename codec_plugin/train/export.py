"""From a run to a checkpoint that encodes and decodes."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import msgspec
from torch import Tensor

from codec_plugin.checkpointing.checkpoint import save_checkpoint
from codec_plugin.checkpointing.record import CheckpointMeta
from codec_plugin.classifiers.registry import load_classifier
from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.data.label_hierarchy import Hierarchy, load_hierarchy
from codec_plugin.data.sources import HeldOut, open_source
from codec_plugin.entropy.cdf_tables import CodingTables
from codec_plugin.entropy.integer_model import ExactEntropy
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.calibrate import error_costs, fitted_tables
from codec_plugin.train.run_folder import HIERARCHY_FILE, stored_settings
from codec_plugin.train.run_state import STATE_FILE, read_state
from codec_plugin.train.settings import TrainSettings
from codec_plugin.train.warm_start import averaged_model

__all__ = ["calibration_images", "export_model", "export_run"]

CALIBRATION_IMAGES = 48


def export_model(
    model: ProgressiveModel,
    settings: TrainSettings,
    hierarchy: Hierarchy,
    step: int,
    path: Path,
    images: Sequence[Tensor] = (),
    semantics: Semantics | None = None,
) -> str:
    """Freeze a network to integers and write it as a checkpoint; returns the model id.

    Args:
        model: on the CPU, in evaluation mode.
        step: optimiser steps done.
        images: photographs (3, H, W) in 0..1 that tables and prices of errors are fitted to; none
            leaves Gaussian tables and rounding.
        semantics: the classifier whose inner maps the last phase matched, for the prices of errors.
            One that does not know the classes is no classifier to search for, and not recorded.
    """
    exact = ExactEntropy.from_model(model)
    knows_classes = semantics is None or not semantics.features_only
    meta = _meta(settings, hierarchy, step, knows_classes=knows_classes)
    if not images:
        refines = model.config.layout.refines
        tables = CodingTables.from_prior(model.entropy.prior, refines=refines)
        return save_checkpoint(path, model, exact, tables, meta)
    phase, _ = settings.phase_at(max(0, step - 1))
    costs = error_costs(model, images, meta.lambdas, semantics, phase.feature_weights)
    tables = fitted_tables(model, exact, images, costs)
    meta = msgspec.structs.replace(meta, error_costs=costs)
    return save_checkpoint(path, model, exact, tables, meta)


def export_run(run: Path, path: Path) -> str:
    """Write the averaged weights of a stopped or running run as a checkpoint; returns the model id.

    Raises:
        TrainingError: the folder holds no run.
        ClassifierError: a phase matches inner maps of a classifier that is not here.
    """
    settings = stored_settings(run)
    step = read_state(run / STATE_FILE).state.step
    hierarchy = load_hierarchy(run / HIERARCHY_FILE)
    images: list[Tensor] = []
    if Path(settings.data.path).is_dir():  # else the photographs have moved
        data = msgspec.structs.replace(settings.data, cache=False)
        images = calibration_images(open_source(data, {}, seed=settings.seed).held)
    semantics = None
    matched = any(any(phase.feature_weights) for phase in settings.phases)
    if matched and settings.classifier not in ("", "none"):
        semantics = Semantics.teaching(load_classifier(settings.classifier), hierarchy)
    return export_model(averaged_model(run), settings, hierarchy, step, path, images, semantics)


def calibration_images(held: HeldOut) -> list[Tensor]:
    """At most 48 of the held-out photographs, evenly spaced: neighbours are often alike."""
    return held.images(max(1, -(-len(held.numbers) // CALIBRATION_IMAGES)))


def _meta(
    settings: TrainSettings, hierarchy: Hierarchy, step: int, *, knows_classes: bool
) -> CheckpointMeta:
    """What a checkpoint says of itself; no times, no paths."""
    phase, _ = settings.phase_at(max(0, step - 1))
    ends = settings.level_ends(hierarchy.n_levels)
    first_steps = accumulate((p.steps for p in settings.phases), initial=0)
    begun = [p.name for p, first in zip(settings.phases, first_steps, strict=False) if step > first]
    seen = settings.classifier != "none" and (phase.semantic or settings.search_gammas)
    seen = seen and knows_classes
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
        classifier=settings.classifier if seen else "",
        provenance={"phases": ", ".join(begun), "seed": str(settings.seed), "step": str(step)},
    )
