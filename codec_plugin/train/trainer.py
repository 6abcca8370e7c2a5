"""The training loop: phases of optimiser steps with exact resume, on one process or many."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.data.label_hierarchy import Hierarchy, levels_of_stages
from codec_plugin.data.shards import is_shards
from codec_plugin.data.sources import open_source
from codec_plugin.errors import TrainingError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.ema import Ema
from codec_plugin.train.loss import LossParts, stage_loss
from codec_plugin.train.progress import PACE_STEPS, Pace, Progress, TrainResult
from codec_plugin.train.run_log import RunLog, Snapshot
from codec_plugin.train.run_state import STATE_FILE, RunState, load_state, save_state
from codec_plugin.train.schedule import draw_stages, learning_rate
from codec_plugin.train.settings import Phase, TrainSettings
from codec_plugin.train.stop import Stop, StopSignals
from codec_plugin.train.validate import StageFigures, pad_to_stride
from codec_plugin.train.warm_start import new_network

__all__ = ["Trainer"]


class Trainer:
    """One run in one folder.

        crops ─► model ─► x̂, bits ─► stage_loss ─► AdamW ─► EMA ─► figures, preview, checkpoint
                    targets: classifier on the clean crops ──┘

    Every random draw is a function of (seed, rank, step), so that a resumed run repeats an
    uninterrupted one bit for bit on one thread.

    Args:
        settings: all of them.
        hierarchy: label map trained for.
        run: folder of the run; made if needed.
        fabric: a launched `lightning_fabric.Fabric`.
        classifier: frozen, or none where no phase is semantic.
    Attributes:
        notes: what was decided when the run was put together, a sentence each.
    """

    def __init__(
        self,
        settings: TrainSettings,
        hierarchy: Hierarchy,
        run: Path,
        *,
        fabric: Any,
        classifier: Any = None,
    ) -> None:
        self.settings, self.hierarchy, self.run, self.fabric = settings, hierarchy, run, fabric
        self.semantics: Semantics | None = None
        if classifier is not None:
            low = str(fabric._precision.precision).startswith("bf16")
            taught = Semantics.teaching(classifier, hierarchy, low_precision=low)
            self.semantics = fabric.to_device(taught)
        # The numbers in shards are not read where no label counts.
        labels_count = any(phase.label_share for phase in settings.phases)
        read_labels = labels_count or not is_shards(settings.data.path)
        self.source, self.held = open_source(
            settings.data,
            hierarchy.lookup if read_labels else {},
            seed=settings.seed,
            rank=fabric.global_rank,
            world=fabric.world_size,
            device=fabric.device,
        )
        self.state = RunState(hierarchy_id=hierarchy.id)
        self.notes: list[str] = []
        ends = settings.level_ends(hierarchy.n_levels)
        self.stage_levels = levels_of_stages(ends, settings.model.n_blocks)
        self.log = RunLog(
            run, settings, hierarchy, self.held, self.stage_levels, semantics=self.semantics
        )
        if (run / STATE_FILE).exists():  # whose weights `resume` loads
            self.model = ProgressiveModel(settings.model)
        else:
            self.model = new_network(settings, self.source)
        self.model.to(memory_format=torch.channels_last)
        self.ema = Ema(self.model, settings.ema_decay)
        optimizer = torch.optim.AdamW(_groups(self.model), lr=0.0, fused=True)
        network: Any = torch.compile(self.model) if settings.compile else self.model
        self.wrapped, self.optimizer = fabric.setup(network, optimizer)

    def resume(self) -> None:
        """Go on from the state in the run's folder.

        Raises:
            TrainingError: no state there, or it belongs to another label map.
        """
        state = load_state(self.run / STATE_FILE, self.model, self.ema, self.optimizer)
        if state.hierarchy_id != self.hierarchy.id:
            raise TrainingError(
                f"the run in {self.run} was for label map {state.hierarchy_id[:16]}…, "
                f"not {self.hierarchy.id[:16]}… ({self.hierarchy.name})"
            )
        self.state = state

    def train(
        self,
        *,
        minutes: float | None = None,
        stop_at: int | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> TrainResult:
        """Train until the settings' last step, the time limit, `stop_at`, Ctrl-C or SIGTERM.

        The last step and the time limit leave a checkpoint; the others leave the state alone. A
        signal ends the run after the step that it came in, a second one at once.

        Raises:
            TrainingError: the loss is no longer a number, or nothing can be written; the last good
                state is kept.
        """
        last = min(stop_at or self.settings.total_steps, self.settings.total_steps)
        reason = "finished"
        pace = Pace(self.fabric.world_size)
        self.model.train()
        try:
            with StopSignals(at_once=self.fabric.world_size == 1) as stop:
                try:
                    if self.state.step == 0:
                        self.save()
                        self._begin_log()
                    started = time.monotonic()
                    while self.state.step < last:
                        began = time.monotonic()
                        with stop.held():
                            parts = self.step()
                            self._count(time.monotonic() - began)
                        pace.add(self._phase().batch_size, time.monotonic() - began)
                        waits = self.fabric.device.type == "cuda"  # a figure waits for a GPU
                        if progress is not None and not (waits and self.state.step % PACE_STEPS):
                            progress(self._progress(parts, pace))
                        self._after_step(parts)
                        late = minutes is not None and time.monotonic() - started > 60 * minutes
                        if why := self._agreed(late=late, asked=stop.asked):
                            reason = why
                            break
                except Stop:
                    reason = "interrupted"
            self.save()
            comparison = None
            if reason == "time" or (reason == "finished" and last == self.settings.total_steps):
                comparison = self.log.compared(self.state.step, self._report())
        except OSError as error:
            raise TrainingError(
                f"cannot write in {self.run}: {error.strerror or error}; the last state that was "
                f"saved is whole: make room, then c2f train --resume {self.run}"
            ) from error
        return TrainResult(self.state.step, reason, self.run, pace.mean, comparison)

    def step(self) -> LossParts:
        """One optimiser step; returns the parts of its last stage."""
        phase, place = self.settings.phase_at(self.state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(phase, place)
            group["weight_decay"] = phase.weight_decay if group["decays"] else 0.0
        rng = self._seed_step()
        batch = self.source.batch(self.state.step, phase.batch_size, phase.crop)
        # Mixed layouts cost a quarter of the step: keep the pictures in the weights' own.
        images = self.fabric.to_device(batch.images).to(memory_format=torch.channels_last)
        labels = self.fabric.to_device(batch.labels)
        semantics = self.semantics if phase.semantic else None
        self.optimizer.zero_grad(set_to_none=True)
        draws = draw_stages(phase, self.settings.model.n_blocks, rng)
        padded = pad_to_stride(images)
        for stage, keep, whole in draws:
            output = self.wrapped(padded, stage, keep)
            parts = stage_loss(
                output,
                images,
                stage,
                phase,
                semantics,
                labels,
                whole=whole,
                levels=self.stage_levels,
            )
            self.fabric.backward(parts.total / len(draws))
        if not images.is_cuda or self.state.step % PACE_STEPS == 0:
            self._check_finite(parts.total)  # a GPU would be waited for
        self.fabric.clip_gradients(
            self.wrapped, self.optimizer, max_norm=phase.clip_norm, error_if_nonfinite=False
        )
        self.optimizer.step()
        self.ema.update(self.model, self.state.step)
        return parts

    def save(self) -> None:
        """Write the resumable state (first process only), if its weights are numbers."""
        if self.fabric.is_global_zero:
            if not all(bool(torch.isfinite(p).all()) for p in self.model.parameters()):
                self._fail()
            save_state(self.run / STATE_FILE, self.state, self.model, self.ema, self.optimizer)
        self.fabric.barrier()

    def averaged(self) -> ProgressiveModel:
        """A copy of the network with the averaged weights, in evaluation mode, on the CPU."""
        copy = ProgressiveModel(self.settings.model)
        self.ema.copy_to(copy)
        return copy.eval()

    def _begin_log(self) -> None:
        if self.fabric.is_global_zero:
            self.log.begin(self._snapshot())
        self.fabric.barrier()

    def _after_step(self, parts: LossParts) -> None:
        """Log, save or report where the settings say so."""
        step = self.state.step
        if self.fabric.is_global_zero:
            self.log.scalars(step, parts, self.optimizer.param_groups[0]["lr"])
        if step % self.settings.checkpoint_steps == 0:
            self.save()
        if step % self.settings.report_steps == 0 and step < self.settings.total_steps:
            self._report()

    def _report(self) -> list[StageFigures]:
        """Figures, preview and checkpoints of the averaged weights (first process only)."""
        figures: list[StageFigures] = []
        if self.fabric.is_global_zero:
            figures, best_loss = self.log.report(self._snapshot())
            self.state = msgspec.structs.replace(self.state, best_loss=best_loss)
        self.fabric.barrier()
        return figures

    def _snapshot(self) -> Snapshot:
        return Snapshot(self.averaged(), self.state.step, self.state.seconds, self.state.best_loss)

    def _count(self, seconds: float) -> None:
        self.state = msgspec.structs.replace(
            self.state, step=self.state.step + 1, seconds=self.state.seconds + seconds
        )

    def _seed_step(self) -> np.random.Generator:
        """Generator of this step's stages; also seeds torch's noise."""
        key = (self.settings.seed, self.fabric.global_rank, self.state.step, 1)
        rng = np.random.default_rng(key)
        torch.manual_seed(int(rng.integers(2**62)))
        return rng

    def _check_finite(self, loss: Tensor) -> None:
        if not bool(torch.isfinite(loss)):
            self._fail()

    def _fail(self) -> None:
        raise TrainingError(
            f"step {self.state.step}: the loss is not a number; the last good state is kept in "
            f"{self.run / STATE_FILE}: resume with a lower learning rate (--set phases.…)"
        )

    def _phase(self) -> Phase:
        """Of the last step that was made."""
        return self.settings.phase_at(max(0, self.state.step - 1))[0]

    def _agreed(self, *, late: bool, asked: bool) -> str:
        """Why all processes stop after this step; empty if none of them wants to."""
        wanted = torch.tensor([late, asked], dtype=torch.float32)
        if self.fabric.world_size > 1:
            wanted = self.fabric.all_reduce(self.fabric.to_device(wanted), reduce_op="sum")
        late, asked = (bool(count) for count in wanted.tolist())
        return "interrupted" if asked else "time" if late else ""

    def _progress(self, parts: LossParts, pace: Pace) -> Progress:
        mse = max(float(parts.mse), 1e-10)
        return Progress(
            self.state.step,
            self.settings.total_steps,
            self._phase().name,
            self.state.seconds,
            float(parts.total.detach()),
            float(parts.rate_bpp),
            -10 * math.log10(mse),
            pace.lately,
        )


def _groups(model: nn.Module) -> list[dict[str, Any]]:
    """Parameters that decay (matrices, kernels) and those that do not (biases, vectors)."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return [
        {"params": [p for _, p in named if p.ndim > 1], "decays": True},
        {"params": [p for _, p in named if p.ndim <= 1], "decays": False},
    ]
