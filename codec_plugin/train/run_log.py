"""What a run leaves behind while it goes on: table of figures, TensorBoard, previews, states."""

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from codec_plugin.train.comparison import Comparison, StartFigures, load_start, save_start
from codec_plugin.train.loss import LossParts
from codec_plugin.train.preview import save_strip, stage_strip
from codec_plugin.train.validate import StageFigures, objective, validate
from hierlab.utils.files import write_atomic

if TYPE_CHECKING:
    from codec_plugin.train.trainer import Trainer

__all__ = ["RunRecords"]

FIGURES = "figures.csv"
TENSORBOARD_STEPS = 20
"""Steps between the scalars that TensorBoard gets."""


class RunRecords:
    """Keeps the folder of a run up to date; only the first process writes."""

    def __init__(self, trainer: "Trainer") -> None:
        self.trainer = trainer
        self._writer: Any = None

    def after_step(self, parts: LossParts) -> None:
        """Log, save or report where the settings say so."""
        trainer = self.trainer
        step, settings = trainer.state.step, trainer.settings
        if trainer.fabric.is_global_zero and step % TENSORBOARD_STEPS == 0:
            self._scalars(parts)
        if step % settings.checkpoint_steps == 0:
            trainer.save()
        if step % settings.report_steps == 0 and step < settings.total_steps:
            self.report()

    def begin(self) -> None:
        """Figures on the held-out photographs before the first step, to compare with."""
        trainer = self.trainer
        if trainer.fabric.is_global_zero:
            # Of a run that failed before its first state was saved.
            (trainer.run / FIGURES).unlink(missing_ok=True)
            if images := trainer.held_images():
                figures = validate(trainer.averaged(), images, trainer.semantics)
                self._append(figures)
                save_start(trainer.run, StartFigures(self._held_names(), tuple(figures)))
        trainer.fabric.barrier()

    def compared(self, now: list[StageFigures]) -> Comparison | None:
        """Figures of a report beside those of the start, if they are of the same photographs."""
        trainer = self.trainer
        start = load_start(trainer.run) if now else None
        names = self._held_names()
        if start is None or start.photographs != names:
            return None
        phase, _ = trainer.settings.phase_at(trainer.state.step - 1)
        before = objective(start.figures, phase, trainer.stage_levels)
        after = objective(now, phase, trainer.stage_levels)
        return Comparison(len(names), start.figures, now, after / before - 1)

    def _held_names(self) -> tuple[str, ...]:
        folder = self.trainer.folder
        if folder is None:
            return ()
        names = (folder.names[int(number)] for number in self.trainer.held)
        return tuple(name for name in names if name not in folder.broken)

    def report(self) -> list[StageFigures]:
        """Figures on the held-out photographs, preview strip and checkpoints."""
        trainer = self.trainer
        figures: list[StageFigures] = []
        if trainer.fabric.is_global_zero and (images := trainer.held_images()):
            model = trainer.averaged()
            figures = validate(model, images, trainer.semantics)
            self._append(figures)
            strip = stage_strip(model, self._preview_images())
            save_strip(trainer.run / "preview.png", strip)
        if trainer.fabric.is_global_zero:
            self._checkpoints(figures)
        trainer.fabric.barrier()
        return figures

    def _preview_images(self) -> list[Any]:
        images = self.trainer.held_images(4 * self.trainer.settings.preview_images)
        width = max(image.shape[2] for image in images)
        same = [image for image in images if image.shape[2] == width]
        return same[: self.trainer.settings.preview_images]

    def _checkpoints(self, figures: list[StageFigures]) -> None:
        from codec_plugin.train.export import calibration_images, export_model

        trainer = self.trainer
        images = calibration_images(trainer.folder, trainer.held.tolist())
        last, best = trainer.run / "last.safetensors", trainer.run / "best.safetensors"
        export_model(
            trainer.averaged(),
            trainer.settings,
            trainer.hierarchy,
            trainer.state.step,
            last,
            images,
        )
        if not figures:
            return
        phase, _ = trainer.settings.phase_at(trainer.state.step - 1)
        loss = objective(figures, phase, trainer.stage_levels)
        first_of_phase = _phase_start(trainer)
        if loss < trainer.state.best_loss or first_of_phase:
            trainer.state = msgspec.structs.replace(trainer.state, best_loss=loss)
            write_atomic(best, last.read_bytes())

    def _append(self, figures: list[StageFigures]) -> None:
        """Add a line a stage to figures.csv."""
        path = self.trainer.run / FIGURES
        names = self.trainer.hierarchy.level_names
        header = ["step", "minutes", "stage", "rate_bpp", "psnr_db"]
        header += [f"agreement_{name}" for name in names]
        header += [f"cross_entropy_{name}" for name in names]
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        if not path.exists():
            writer.writerow(header)
        state = self.trainer.state
        for row in figures:
            values = [row.rate_bpp, row.psnr_db, *row.agreement, *row.cross_entropy]
            place = [state.step, f"{state.seconds / 60:.1f}", row.stage + 1]
            writer.writerow([*place, *(f"{value:.4f}" for value in values)])
        with path.open("a", newline="", encoding="utf-8") as stream:
            stream.write(lines.getvalue())  # at once: a stop leaves whole lines

    def _scalars(self, parts: LossParts) -> None:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(_made(self.trainer.run / "tensorboard")))
        step = self.trainer.state.step
        scalars = {
            "train/loss": float(parts.total.detach()),
            "train/rate_bpp": float(parts.rate_bpp),
            "train/psnr_db": -10 * math.log10(max(float(parts.mse), 1e-10)),
            "train/cross_entropy": float(parts.cross_entropy),
            "train/learning_rate": self.trainer.optimizer.param_groups[0]["lr"],
        }
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)


def _phase_start(trainer: "Trainer") -> bool:
    """Whether this is the first report of a phase: objectives of two phases do not compare."""
    step, every = trainer.state.step, trainer.settings.report_steps
    now, _ = trainer.settings.phase_at(step - 1)
    before, _ = trainer.settings.phase_at(max(0, step - 1 - every))
    return now.name != before.name


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
