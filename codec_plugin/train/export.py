"""From a run to a checkpoint that encodes and decodes."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codec_plugin.train.loop import Trainer

__all__ = ["export_checkpoint"]


def export_checkpoint(trainer: "Trainer", path: Path) -> None:
    """Freeze the averaged weights and write them as a checkpoint."""
