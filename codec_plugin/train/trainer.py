"""The training loop: phases of optimiser steps with exact resume, on one process or many."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from codec_plugin.classifiers.semantics import Semantics
from codec_plugin.data.crops import CropSource
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import Hierarchy, levels_of_stages
from codec_plugin.data.shards import is_shards
from codec_plugin.data.sources import held_views, open_source
from codec_plugin.errors import TrainingError
from codec_plugin.models.progressive import ProgressiveModel
from codec_plugin.train.comparison import Comparison
from codec_plugin.train.ema import Ema
from codec_plugin.train.export import start_model, start_network
from codec_plugin.train.loss import LossParts, stage_loss
from codec_plugin.train.run_log import RunRecords
from codec_plugin.train.run_state import STATE_FILE, RunState, load_state, save_state
from codec_plugin.train.schedule import learning_rate
from codec_plugin.train.settings import Phase, TrainSettings
from codec_plugin.train.stop import Stop, StopSignals
from codec_plugin.train.validate import pad_to_stride
from codec_plugin.train.warm_start import adopt_transforms

__all__ = ["Progress", "TrainResult", "Trainer"]

_CHECK_STEPS = 50
"""Steps between checks of the loss on a GPU."""

START_IMAGES = 16
"""Photographs whose statistics the entropy model starts from."""

_PACE_STEPS = _CHECK_STEPS  # a GPU runs behind in between


class Progress(NamedTuple):
    """Where a run stands after a step."""

    step: int
    total_steps: int
    phase: str
    seconds: float
    loss: float
    rate_bpp: float
    psnr_db: float
    crops_per_second: float


@dataclass(frozen=True)
class TrainResult:
    """How a sitting ended.

    Attributes:
        step: optimiser steps done, over all sittings.
        reason: `finished`, `time` (limit reached) or `interrupted`.
        run: folder of the run.
        crops_per_second: of this sitting's steps, over all processes; reports are not counted.
        comparison: with the start on the held-out photographs; none where there are none, or
            others than at the start, or the sitting was interrupted.
    """

    step: int
    reason: str
    run: Path
    crops_per_second: float = 0.0
    comparison: Comparison | None = None


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
            self.semantics = fabric.to_device(Semantics(classifier, hierarchy, low_precision=low))
        self.source: CropSource
        self.folder: ImageFolder | None
        self.source, self.folder, held = open_source(
            settings.data,
            self._class_index(),
            seed=settings.seed,
            rank=fabric.global_rank,
            world=fabric.world_size,
            device=fabric.device,
        )
        self.held: np.ndarray[Any, np.dtype[np.int64]] = held
        self.state = RunState(hierarchy_id=hierarchy.id)
        self.notes: list[str] = []
        ends = settings.level_ends(hierarchy.n_levels)
        self.stage_levels = levels_of_stages(ends, settings.model.n_blocks)
        self._build()

    def _class_index(self) -> dict[str, int]:
        """Classes to look labels up in; the numbers in shards are not read where none counts."""
        counts = any(phase.label_share for phase in self.settings.phases)
        return self.hierarchy.lookup if counts or not is_shards(self.settings.data.path) else {}

    def _build(self) -> None:
        settings = self.settings
        torch.manual_seed(settings.seed)
        if settings.start and not (self.run / STATE_FILE).exists():
            self.model = start_network(settings)
        else:
            self.model = ProgressiveModel(settings.model)
            if settings.basis == "random":
                _draw_kernels(self.model)
            if settings.start_transforms and not (self.run / STATE_FILE).exists():
                adopt_transforms(start_model(settings.start_transforms), self.model)
            size = min(256, max(64, settings.phases[0].crop // 64 * 64))
            self.model.init_scales(self.source.batch(0, START_IMAGES, size).images)
        self.model.to(memory_format=torch.channels_last)
        self.ema = Ema(self.model, settings.ema_decay)
        optimizer = torch.optim.AdamW(_groups(self.model), lr=0.0, fused=True)
        network: Any = torch.compile(self.model) if settings.compile else self.model
        self.wrapped, self.optimizer = self.fabric.setup(network, optimizer)
        self.records = RunRecords(self)

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
        pace = _Pace(self.fabric.world_size)
        self.model.train()
        try:
            with StopSignals(at_once=self.fabric.world_size == 1) as stop:
                try:
                    if self.state.step == 0:
                        self.save()
                        self.records.begin()
                    started = time.monotonic()
                    while self.state.step < last:
                        began = time.monotonic()
                        with stop.held():
                            parts = self.step()
                            self._count(time.monotonic() - began)
                        pace.add(self._phase().batch_size, time.monotonic() - began)
                        waits = self.fabric.device.type == "cuda"  # a figure waits for a GPU
                        if progress is not None and not (waits and self.state.step % _CHECK_STEPS):
                            progress(self._progress(parts, pace))
                        self.records.after_step(parts)
                        late = minutes is not None and time.monotonic() - started > 60 * minutes
                        if why := self._agreed(late=late, asked=stop.asked):
                            reason = why
                            break
                except Stop:
                    reason = "interrupted"
            self.save()
            comparison = None
            if reason == "time" or (reason == "finished" and last == self.settings.total_steps):
                comparison = self.records.compared(self.records.report())
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
        draws = _draw_stages(phase, self.settings.model.n_blocks, rng)
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
        if not images.is_cuda or self.state.step % _CHECK_STEPS == 0:
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

    def held_images(self, limit: int | None = None) -> list[Tensor]:
        """Held-out photographs (3, H, W), of larger ones the middle."""
        if self.folder is None:
            return []
        return list(held_views(self.folder, self.held[:limit].tolist()))

    def averaged(self) -> ProgressiveModel:
        """A copy of the network with the averaged weights, in evaluation mode, on the CPU."""
        copy = ProgressiveModel(self.settings.model)
        self.ema.copy_to(copy)
        return copy.eval()

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

    def _progress(self, parts: LossParts, pace: "_Pace") -> Progress:
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


class _Pace:
    """Crops a second: of a sitting, and of its last steps."""

    def __init__(self, world: int) -> None:
        self.world = world
        self._crops, self._seconds = 0, 0.0
        self._last: deque[tuple[int, float]] = deque(maxlen=_PACE_STEPS)

    def add(self, batch: int, seconds: float) -> None:
        """Count a step."""
        self._crops += batch * self.world
        self._seconds += seconds
        self._last.append((batch * self.world, seconds))

    @property
    def mean(self) -> float:
        """Over all steps; 0 without any."""
        return self._crops / self._seconds if self._seconds else 0.0

    @property
    def lately(self) -> float:
        """Over the last fifty steps."""
        seconds = sum(seconds for _, seconds in self._last)
        return sum(crops for crops, _ in self._last) / seconds if seconds else 0.0


def _draw_kernels(model: nn.Module) -> None:
    """Replace every convolution's start, the DCT and the zeros included, by torch's own."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.reset_parameters()


def _groups(model: nn.Module) -> list[dict[str, Any]]:
    """Parameters that decay (matrices, kernels) and those that do not (biases, vectors)."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return [
        {"params": [p for _, p in named if p.ndim > 1], "decays": True},
        {"params": [p for _, p in named if p.ndim <= 1], "decays": False},
    ]


def _draw_stages(
    phase: Phase, n_stages: int, rng: np.random.Generator
) -> list[tuple[int | Tensor, float | Tensor, bool | Tensor]]:
    """What is decoded in a step: stage, share of its block that arrives, whether that is all.

    One entry a decoding; with `each`, one entry of tensors (B,) on the host, a stage a picture.
    """
    size = phase.batch_size if phase.stages == "each" else 1
    cut = rng.random(size) < phase.cut_probability
    keep = np.where(cut, rng.random(size) ** phase.cut_exponent, 1.0)
    if phase.stages == "all":
        return [(stage, float(keep[0]), not cut[0]) for stage in range(n_stages)]
    chances = np.array(phase.per_stage("stage_probability", 1.0))
    stages = rng.choice(n_stages, size=size, p=chances / chances.sum())
    if phase.stages == "one":
        return [(int(stages[0]), float(keep[0]), not cut[0])]
    return [(torch.from_numpy(stages), torch.from_numpy(keep).float(), torch.from_numpy(~cut))]
