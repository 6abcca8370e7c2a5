"""Every setting of a training run as one frozen record, read from TOML."""

import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import msgspec

from codec_plugin.classifiers.semantics import SemanticWeights
from codec_plugin.config import ModelConfig
from codec_plugin.data.label_hierarchy import level_ends
from codec_plugin.data.settings import DataSettings
from codec_plugin.errors import ConfigError

__all__ = [
    "Phase",
    "TrainSettings",
    "apply_override",
    "check_stages",
    "load_settings",
    "preset_names",
    "settings_from",
]

PRESETS = Path(__file__).parent / "presets"


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stretch of training with its own objective and schedule.

    Attributes:
        name: such as `warm` or `joint`.
        steps: optimiser steps.
        learning_rate: peak of AdamW's rate.
        warmup: steps of linear rise.
        schedule: `cosine` to `floor`, or `trapezoid`: constant, then linear to `floor`.
        cooldown: last steps of a trapezoid in which the rate falls.
        floor: last rate as a share of the peak.
        weight_decay: AdamW's; biases and other vectors are exempt.
        clip_norm: gradient norm above which a step is scaled down.
        batch_size: crops a step and process.
        crop: side of the square crops in pixels; a multiple of 64 is not needed, it is padded.
        stages: one random stage a step, one a picture (`each`), or all.
        stage_probability: chance of each stage where one is drawn; empty means equal.
        cut_probability: chance that the stage's block is cut at a random share of its symbols.
        cut_exponent: that share is u to this power, u uniform; the first symbols take most of the
            bytes, so that 3 is about uniform in bytes.
        lambdas: λ of each stage in R + λ·255²·MSE.
        rate_weights: factor of R at each stage; empty means 1.
        stage_weights: factor of the whole objective at each stage; empty means 1. About λ^-½ lets
            a percent of rate weigh the same at all stages.
        gammas: weight of the cross-entropy at the stage's own level; empty means 0.
        fine_gammas: weight of the cross-entropy at the last level, at each stage.
        feature_weights: weight of the distance of the classifier's inner features.
        view_share: the classifier sees a random square of at least this share of a crop's side, at
            a random size of at least this share; 1 shows it the crop.
        semantic_share: a picture's semantic gradient is at most so many times as long as that of
            its distortion; 0 leaves it as it is.
        label_share: weight of the label beside the clean image's posterior where there is one.
    """

    name: str
    steps: int
    learning_rate: float = 1e-3
    warmup: int = 100
    schedule: Literal["cosine", "trapezoid"] = "cosine"
    cooldown: int = 0
    floor: float = 0.02
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    batch_size: int = 8
    crop: int = 128
    stages: Literal["one", "each", "all"] = "one"
    stage_probability: tuple[float, ...] = ()
    cut_probability: float = 0.0
    cut_exponent: float = 1.0
    lambdas: tuple[float, ...]
    rate_weights: tuple[float, ...] = ()
    stage_weights: tuple[float, ...] = ()
    gammas: tuple[float, ...] = ()
    fine_gammas: tuple[float, ...] = ()
    feature_weights: tuple[float, ...] = ()
    view_share: float = 1.0
    semantic_share: float = 0.0
    label_share: float = 0.0

    def per_stage(self, field: str, default: float) -> tuple[float, ...]:
        """Value of a per-stage setting for every stage, an empty one filled with `default`."""
        values: tuple[float, ...] = getattr(self, field)
        return values or (default,) * len(self.lambdas)

    @property
    def semantic_weights(self) -> SemanticWeights:
        """Weights of the classifier's terms at every stage."""
        return SemanticWeights(*(self.per_stage(field, 0.0) for field in SemanticWeights._fields))

    @property
    def semantic(self) -> bool:
        """Whether the objective needs a classifier."""
        return self.semantic_weights.any


class TrainSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole run; equal records and equal data make equal checkpoints.

    Attributes:
        hierarchy: label map file or the name of a shipped one.
        classifier: name as `load_classifier` takes it; `none` leaves the semantic terms of all
            phases out.
        seed: of crops, stages, noise and the network's start.
        start: run folder, checkpoint file or shipped name whose averaged weights and architecture
            are the start, whatever `model` says; empty: `basis`.
        start_transforms: the same, of which only the transforms are taken, into the blocks of
            `model`; the entropy model starts at the statistics of the data.
        basis: first kernels of the compact transforms: the DCT, or drawn at random (to compare).
        ema_decay: of the averaged weights that are evaluated and shipped.
        level_blocks: stage, counted from 1, with which each level of the label map ends; for a
            map with another number of levels the first and the last hold and the others are
            spread between them; empty is one level a block.
        search_gammas: γ of each stage that the encoder's search (`--effort`) lowers with this run's
            checkpoints, where the phase has none of its own.
        search_fine_gammas: the same at the finest level.
        compile: let torch.compile fuse the network's layers; minutes at the start, for GPUs.
        precision: Lightning Fabric's, such as `32-true` or `bf16-mixed`; `auto` is the latter on
            GPUs and on processors that multiply bfloat16 (AMX, AVX-512), else the former.
            Likelihoods, losses and the linear transforms stay in float32.
        threads: of torch; 0 leaves its default.
        checkpoint_steps: steps between saved training states.
        report_steps: steps between figures on the held-out images, previews and checkpoints.
        preview_images: held-out images in the preview strip.
    """

    name: str = "compact"
    hierarchy: str = "clip-seven-10-100-1000"
    classifier: str = "efficientnet-lite0"
    seed: int = 0
    start: str = ""
    start_transforms: str = ""
    basis: Literal["dct", "random"] = "dct"
    ema_decay: float = 0.998
    level_blocks: tuple[int, ...] = ()
    search_gammas: tuple[float, ...] = ()
    search_fine_gammas: tuple[float, ...] = ()
    compile: bool = False
    precision: str = "auto"
    threads: int = 0
    checkpoint_steps: int = 250
    report_steps: int = 1000
    preview_images: int = 4
    model: ModelConfig = msgspec.field(default_factory=ModelConfig)
    data: DataSettings = msgspec.field(default_factory=DataSettings)
    phases: tuple[Phase, ...]

    @property
    def total_steps(self) -> int:
        """Optimiser steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def level_ends(self, n_levels: int) -> tuple[int, ...]:
        """0-based block with which each of `n_levels` levels ends.

        Empty where there are fewer blocks than levels: such a codec (a peer's) promises none.
        """
        if self.model.n_blocks < n_levels:
            return ()
        return level_ends(n_levels, self.model.n_blocks, [block - 1 for block in self.level_blocks])

    def phase_at(self, step: int) -> tuple[Phase, int]:
        """Phase of a step counted from 0, and the step within it."""
        for phase in self.phases:
            if step < phase.steps:
                return phase, step
            step -= phase.steps
        return self.phases[-1], self.phases[-1].steps

    def to_json(self) -> str:
        """Canonical JSON, equal for equal records."""
        return msgspec.json.encode(self, order="sorted").decode()


def preset_names() -> tuple[str, ...]:
    """Names of the shipped presets."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.toml")))


def load_settings(preset: str | Path, overrides: Sequence[str] = ()) -> TrainSettings:
    """Read a preset by name or a TOML file, then apply `a.b=c` overrides.

    A list is entered by number, phases also by name: `phases.joint.steps=100`. Values are TOML,
    bare words are strings.

    Raises:
        ConfigError: no such preset, an unknown key, a wrong type or values that do not fit.
    """
    path = Path(preset)
    if not path.suffix and (PRESETS / f"{preset}.toml").is_file():
        path = PRESETS / f"{preset}.toml"
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"preset {str(preset)!r} is neither a file nor one of {', '.join(preset_names())}"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    for override in overrides:
        apply_override(tree, override)
    return settings_from(tree, source=str(preset), model_known=not tree.get("start"))


def settings_from(tree: dict[str, Any], *, source: str, model_known: bool = True) -> TrainSettings:
    """Check a tree of settings.

    Args:
        source: for messages.
        model_known: `model` is what is trained; else lists of one value a stage are not counted.
    Raises:
        ConfigError: an unknown key (named), a wrong type or values that do not fit together.
    """
    try:
        settings = msgspec.convert(tree, TrainSettings)
    except msgspec.ValidationError as error:
        text = str(error).replace("Object contains unknown field", "unknown key")
        raise ConfigError(f"{source}: {text}") from error
    _check_phases(settings, source)
    if model_known:
        check_stages(settings, source)
    return settings


def check_stages(settings: TrainSettings, source: str) -> None:
    """Refuse lists that do not have one value a stage of the model.

    Raises:
        ConfigError: naming the list.
    """
    n_stages = settings.model.n_blocks
    if not all(a < b for a, b in pairwise((0, *settings.level_blocks, n_stages + 1))):
        raise ConfigError(
            f"{source}: level_blocks must rise within 1..{n_stages}, the model's blocks; "
            f"got {list(settings.level_blocks)}"
        )
    lists = (
        "stage_probability", "lambdas", "rate_weights", "stage_weights", "gammas", "fine_gammas"
    )  # fmt: skip
    for phase in settings.phases:
        for field in (*lists, "feature_weights"):
            values = getattr(phase, field)
            if (values or field == "lambdas") and len(values) != n_stages:
                raise ConfigError(
                    f"{source}: phases.{phase.name}.{field} expected {n_stages} values, one a "
                    f"block of the model, got {len(values)}"
                )


def _check_phases(settings: TrainSettings, source: str) -> None:
    if not settings.phases:
        raise ConfigError(f"{source}: phases expected at least one, got none")
    names = [phase.name for phase in settings.phases]
    if len(set(names)) != len(names):
        raise ConfigError(f"{source}: names of phases must differ, got {', '.join(names)}")
    for phase in settings.phases:
        if phase.steps < 1 or phase.batch_size < 1 or phase.crop < 16:
            raise ConfigError(
                f"{source}: phases.{phase.name}: steps and batch_size must be at least 1 and "
                f"crop at least 16; got {phase.steps}, {phase.batch_size}, {phase.crop}"
            )


def apply_override(tree: dict[str, Any], override: str) -> None:
    """Set one `a.b=c` in a tree of dictionaries and lists."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set expects key=value, got {override!r}")
    *parents, last = key.strip().split(".")
    node: Any = tree
    for part in parents:
        node = _child(node, part, key)
    if isinstance(node, list):
        raise ConfigError(f"--set {key}: names a list; give a field of one entry")
    node[last] = _value(text.strip())


def _child(node: Any, part: str, key: str) -> Any:
    if isinstance(node, list):
        for number, entry in enumerate(node):
            if part == str(number) or (isinstance(entry, dict) and entry.get("name") == part):
                return entry
        names = [
            str(entry.get("name", n)) for n, entry in enumerate(node) if isinstance(entry, dict)
        ]
        raise ConfigError(f"--set {key}: no entry {part!r}; there are {', '.join(names) or 'none'}")
    if not isinstance(node, dict):
        raise ConfigError(f"--set {key}: {part!r} lies inside a plain value")
    return node.setdefault(part, {})


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
