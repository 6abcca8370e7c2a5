"""What a run leaves behind while it goes on: figures, TensorBoard, previews and checkpoints."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.data.label_hierarchy import Hierarchy
from codec_plugin.data.picture import write_pixels
from codec_plugin.data.sources import HeldOut
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.comparison import Comparison, StartFigures, load_start, save_start
from codec_plugin.train.export import calibration_images, export_model
from codec_plugin.train.loss import LossParts
from codec_plugin.train.settings import TrainSettings
from codec_plugin.train.validate import StageFigures, objective, pad_to_stride, validate
from hierlab.utils.files import write_atomic

__all__ = ["RunLog", "Snapshot"]

FIGURES = "figures.csv"
TENSORBOARD_STEPS = 20
"""Steps between the scalars that TensorBoard gets."""


class Snapshot(NamedTuple):
    """A run between two steps.

    Attributes:
        model: with the averaged weights, in evaluation mode, on the CPU.
        step: optimiser steps done.
        seconds: spent training.
        best_loss: lowest held-out objective so far.
    """

    model: ProgressiveModel
    step: int
    seconds: float
    best_loss: float


class RunLog:
    """Keeps the folder of a run up to date; for one process only.

    Args:
        run: the folder.
        settings: of the run.
        hierarchy: label map trained for.
        held: photographs that figures and previews are made of.
        stage_levels: level that each stage serves.
        semantics: who judges what is recognised; none leaves that out.
    """

    def __init__(
        self,
        run: Path,
        settings: TrainSettings,
        hierarchy: Hierarchy,
        held: HeldOut,
        stage_levels: Sequence[int],
        *,
        semantics: Semantics | None,
    ) -> None:
        self.run, self.settings, self.hierarchy, self.held = run, settings, hierarchy, held
        self.stage_levels, self.semantics = stage_levels, semantics
        self._writer: Any = None

    def begin(self, now: Snapshot) -> None:
        """Figures on the held-out photographs before the first step, to compare with."""
        # Of a run that failed before its first state was saved.
        (self.run / FIGURES).unlink(missing_ok=True)
        if images := self.held.images():
            figures = self._validated(now, images)
            self._append(now, figures)
            save_start(self.run, StartFigures(self.held.names, tuple(figures)))

    def compared(self, step: int, now: list[StageFigures]) -> Comparison | None:
        """Figures of a report beside those of the start, if they are of the same photographs."""
        start = load_start(self.run) if now else None
        names = self.held.names
        if start is None or start.photographs != names:
            return None
        before, after = self._objective(step, start.figures), self._objective(step, now)
        return Comparison(len(names), start.figures, now, after / before - 1)

    def report(self, now: Snapshot) -> tuple[list[StageFigures], float]:
        """Figures on the held-out photographs, preview strip and checkpoints.

        Returns:
            The figures, one a stage, and the lowest held-out objective so far.
        """
        last = self.run / "last.safetensors"
        figures: list[StageFigures] = []
        if images := self.held.images():
            figures = self._validated(now, images)
            self._append(now, figures)
            _save_strip(self.run / "preview.png", _stage_strip(now.model, self._preview_images()))
        images = calibration_images(self.held)
        export_model(
            now.model, self.settings, self.hierarchy, now.step, last, images, self.semantics
        )
        if not figures:
            return [], now.best_loss
        loss = self._objective(now.step, figures)
        if loss >= now.best_loss and not self._first_of_phase(now.step):
            return figures, now.best_loss
        write_atomic(self.run / "best.safetensors", last.read_bytes())
        return figures, loss

    def scalars(self, step: int, parts: LossParts, learning_rate: float) -> None:
        """Tell TensorBoard of a step, every twentieth time."""
        if step % TENSORBOARD_STEPS:
            return
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.run / "tensorboard"))
        scalars = {
            "train/loss": float(parts.total.detach()),
            "train/rate_bpp": float(parts.rate_bpp),
            "train/psnr_db": -10 * math.log10(max(float(parts.mse), 1e-10)),
            "train/cross_entropy": float(parts.cross_entropy),
            "train/learning_rate": learning_rate,
        }
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)

    @property
    def _with_features(self) -> bool:
        matched = any(any(phase.feature_weights) for phase in self.settings.phases)
        return matched and self.semantics is not None

    def _validated(self, now: Snapshot, images: Sequence[Tensor]) -> list[StageFigures]:
        return validate(now.model, images, self.semantics, with_features=self._with_features)

    def _preview_images(self) -> list[Tensor]:
        """The first few photographs of one width."""
        images = self.held.images(limit=4 * self.settings.preview_images)
        width = max(image.shape[2] for image in images)
        same = [image for image in images if image.shape[2] == width]
        return same[: self.settings.preview_images]

    def _objective(self, step: int, figures: Sequence[StageFigures]) -> float:
        phase, _ = self.settings.phase_at(step - 1)
        return objective(figures, phase, self.stage_levels)

    def _first_of_phase(self, step: int) -> bool:
        """Whether this is a phase's first report: objectives of two phases do not compare."""
        now, _ = self.settings.phase_at(step - 1)
        before, _ = self.settings.phase_at(max(0, step - 1 - self.settings.report_steps))
        return now.name != before.name

    def _append(self, now: Snapshot, figures: list[StageFigures]) -> None:
        """Add a line a stage to figures.csv."""
        path = self.run / FIGURES
        names = self.hierarchy.level_names
        header = ["step", "minutes", "stage", "rate_bpp", "psnr_db"]
        if self.semantics is not None and not self.semantics.features_only:
            header += [f"agreement_{name}" for name in names]
            header += [f"cross_entropy_{name}" for name in names]
        header += ["feature_distance"] * self._with_features
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        if not path.exists():
            writer.writerow(header)
        for row in figures:
            values = [row.rate_bpp, row.psnr_db, *row.agreement, *row.cross_entropy]
            values += [row.feature_distance] * self._with_features
            place = [now.step, f"{now.seconds / 60:.1f}", row.stage + 1]
            writer.writerow([*place, *(f"{value:.4f}" for value in values)])
        with path.open("a", newline="", encoding="utf-8") as stream:
            stream.write(lines.getvalue())  # at once: a stop leaves whole lines


@torch.no_grad()
def _stage_strip(model: ProgressiveModel, images: Sequence[Tensor]) -> Tensor:
    """Rows of photographs, columns original and stages: (3, sum of heights, width · (1 + stages)).

    Args:
        images: photographs (3, H, W) in 0..1 of one width.
    """
    rows = []
    for image in images:
        padded = pad_to_stride(image[None])
        cells = [image]
        for stage in range(model.config.n_blocks):
            decoded = model(padded, stage).x_hat[0, :, : image.shape[1], : image.shape[2]]
            cells.append(decoded.clamp(0, 1))
        rows.append(torch.cat(cells, 2))
    return torch.cat(rows, 1)


def _save_strip(path: Path, strip: Tensor) -> None:
    """Write a strip (3, H, W) in 0..1 as PNG, whole or not at all."""
    array = (strip * 255).round().clamp(0, 255).byte().permute(1, 2, 0).contiguous().numpy()
    write_atomic(path, write_pixels(array, ".png"))
