"""Learned codecs: every method of `baselines` with a checkpoint of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from codec_plugin.baselines._plane_codec import PlaneCodec
from codec_plugin.baselines.registry import find_method, method_names
from codec_plugin.bitstream.container import CHECK_BYTES, read_header
from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.checkpointing.shipped import shipped_checkpoints
from codec_plugin.data.label_hierarchy import levels_of_stages
from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.registry import (
    BenchCodec,
    CodecAbsentError,
    Pixels,
    register_maker,
)
from codec_plugin.evaluation.identity import classifier_identity, digest

if TYPE_CHECKING:
    from codec_plugin.baselines.registry import Method
    from codec_plugin.checkpointing.checkpoint import CheckpointMeta
    from codec_plugin.search.objective import Objective

__all__ = ["Learned", "Searched"]

_OWN = "coarse2fine"
_SHIPPED = "compact"
_STEPS = "20"


class Learned(BenchCodec):
    """A method's codec from a checkpoint: one file, cut at any byte where it is progressive.

    Args:
        method: how the checkpoint's symbols are ordered.
        checkpoint: file or shipped name; empty: the shipped one for ours, else
            `runs/peer-NAME/last.safetensors`, where benchmarks/train_peers.py leaves them.
    Raises:
        CodecAbsentError: there is no such checkpoint.
    """

    def __init__(self, method: Method, checkpoint: str = "") -> None:
        if not checkpoint:
            checkpoint = f"runs/peer-{method.trained_as or method.name}/last.safetensors"
            if method.name == _OWN and _SHIPPED in shipped_checkpoints():
                checkpoint = _SHIPPED
        if checkpoint not in shipped_checkpoints() and not Path(checkpoint).is_file():
            raise CodecAbsentError(
                f"{method.name} has no checkpoint {checkpoint}: train it with "
                f"c2f train --method {method.trained_as or method.name} "
                f"-o {Path(checkpoint).parent}, "
                f"or name one: {method.name}=FILE"
            )
        self.codec = method.codec(load_checkpoint(checkpoint))
        self.progressive = method.progressive

    def identity(self) -> str:
        """Digest of the checkpoint and of what orders its symbols."""
        found = self.codec.checkpoint
        parts = [found.model_id, found.checksum, type(self.codec).__qualname__]
        parts += [self.codec.payload_form] if isinstance(self.codec, PlaneCodec) else []
        return digest(*parts)

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """The whole file."""
        return self.codec.encode(pixels)

    def decode(self, data: bytes) -> Pixels:
        """Pixels of the file or a prefix."""
        return self.codec.decode(data).pixels

    def container_bytes(self, data: bytes) -> int:
        """Header and the checks that have arrived."""
        header = read_header(data)
        checks = sum(min(CHECK_BYTES, max(0, len(data) - end + CHECK_BYTES)) for end in header.ends)
        return header.size_bytes + checks

    def stage_ends(self, data: bytes) -> tuple[int, ...]:
        """Ends of the container's stages."""
        return read_header(data).ends


class Searched(Learned):
    """A method whose encoder searches the first stages through a classifier.

    Args:
        method: one whose stages are blocks, as ours are.
        text: gradient steps (20), x and how many stages (1), @ and a checkpoint; each may be left
            out: `40`, `20x3`, `20@compact`, `@mine.safetensors`.
    Raises:
        ConfigError: steps or stages are no number.
        CodecAbsentError: there is no such checkpoint.
    """

    def __init__(self, method: Method, text: str = "") -> None:
        effort, _, checkpoint = text.partition("@")
        steps, x, stages = (effort or _STEPS).partition("x")
        stages = stages if x else "1"
        if not (steps.isdecimal() and stages.isdecimal()):
            raise ConfigError(
                f"{method.name}-search takes STEPSxSTAGES@CHECKPOINT, such as 20x1@compact; "
                f"got {text}"
            )
        super().__init__(method, checkpoint)
        self.stages = int(stages)
        self.settings = (steps,)
        # A training leaves its label map beside its checkpoint.
        own = self.codec.checkpoint
        self.objective = _objective(own.meta, own.hierarchy_file)

    def identity(self) -> str:
        """Digest of the checkpoint and of whom the search serves, and how."""
        goal = self.objective
        weights = repr(
            (goal.lambdas, goal.rate_weights, goal.gammas, goal.fine_gammas, goal.levels)
        )
        semantics = goal.semantics
        served = (
            []
            if semantics is None
            else [semantics.hierarchy.id, classifier_identity(semantics.classifier)]
        )
        return digest(super().identity(), str(self.stages), weights, *served)

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """The whole file."""
        return self.codec.encode(
            pixels, effort=int(setting), effort_stages=self.stages, objective=self.objective
        )


def _objective(meta: CheckpointMeta, hierarchy: str) -> Objective:
    """The shipped checkpoint's weights, so that all search alike; the label map trained for.

    Where there are two stages they take the weights of our first and last.
    """
    from codec_plugin.search.objective import Objective, training_objective

    own = training_objective(load_checkpoint(_SHIPPED).meta)
    trained = training_objective(meta, hierarchy=hierarchy) if meta.classifier else own
    count = len(meta.lambdas)
    places = range(count) if count == len(own.gammas) else [0, *[-1] * (count - 1)]
    return Objective(
        meta.lambdas,
        meta.rate_weights,
        tuple(own.gammas[place] for place in places),
        tuple(own.fine_gammas[place] for place in places),
        trained.semantics,
        levels_of_stages(meta.level_ends, count) if meta.level_ends else (),
    )


_SEARCHED = (_OWN, "paper-recipe", "variance-mask")
for _name in method_names():
    register_maker(_name, partial(Learned, find_method(_name)))
    if _name in _SEARCHED:
        register_maker(f"{_name}-search", partial(Searched, find_method(_name)))
