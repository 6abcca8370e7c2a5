"""The network that a run begins with: at a basis, or at the weights of a run or checkpoint."""

from pathlib import Path

import torch
from torch import nn

from codec_plugin.checkpointing.checkpoint import load_checkpoint, load_config
from codec_plugin.config import ModelConfig
from codec_plugin.data.crops import CropSource
from codec_plugin.errors import CheckpointError, TrainingError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.adopt_transforms import adopt_transforms
from codec_plugin.train.run_folder import stored_settings
from codec_plugin.train.run_state import load_weights
from codec_plugin.train.settings import TrainSettings

__all__ = ["averaged_model", "new_network", "start_config", "start_model"]

START_IMAGES = 16
"""Photographs whose statistics the entropy model starts from."""


def new_network(settings: TrainSettings, source: CropSource) -> ProgressiveModel:
    """The network of a new run, in training mode, on the CPU.

    Args:
        settings: say where it begins, and the seed.
        source: crops whose statistics an entropy model without a start begins at.
    Raises:
        TrainingError: `start` or `start_transforms` is neither a run nor a checkpoint.
        ConfigError: transforms that cannot be taken over.
    """
    torch.manual_seed(settings.seed)
    if settings.start:
        return start_model(settings.start)
    model = ProgressiveModel(settings.model)
    if settings.basis == "random":
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                module.reset_parameters()
    if settings.start_transforms:
        adopt_transforms(start_model(settings.start_transforms), model)
    size = min(256, max(64, settings.phases[0].crop // 64 * 64))
    model.init_scales(source.batch(0, START_IMAGES, size).images.cpu())
    return model


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
        raise _no_start(start, error) from error


def start_config(start: str) -> ModelConfig:
    """Architecture of such a start, from its settings or header alone.

    Raises:
        TrainingError: it is neither a run's folder nor a checkpoint.
    """
    if Path(start).is_dir():
        return stored_settings(Path(start)).model
    try:
        return load_config(start)
    except CheckpointError as error:
        raise _no_start(start, error) from error


def averaged_model(run: Path) -> ProgressiveModel:
    """The network of a run with its averaged weights, on the CPU, in evaluation mode."""
    model = ProgressiveModel(stored_settings(run).model)
    load_weights(run, model)
    return model.eval()


def _no_start(start: str, error: CheckpointError) -> TrainingError:
    return TrainingError(f"start={start}: neither a run's folder nor a checkpoint ({error})")
