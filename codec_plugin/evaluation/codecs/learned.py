"""Learned codecs: every method of `baselines` with a checkpoint of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from codec_plugin.baselines.registry import find_method, method_names
from codec_plugin.checkpointing.checkpoint import load_checkpoint
from codec_plugin.checkpointing.shipped import shipped_checkpoints
from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError, Pixels
from codec_plugin.evaluation.codecs.own_codec import OwnCodec
from codec_plugin.evaluation.identity import classifier_identity, digest
from codec_plugin.search.objective import Objective, training_objective

if TYPE_CHECKING:
    from collections.abc import Callable

    from codec_plugin.baselines.registry import Method
    from codec_plugin.checkpointing.checkpoint import CheckpointMeta

__all__ = ["CODECS", "Learned", "Searched"]

_OWN = "coarse2fine"
_SHIPPED = "compact"
_STEPS = "20"
_SEARCHED = (_OWN, "plain", "paper-recipe", "variance-mask")


class Learned(OwnCodec):
    """A method's codec from a checkpoint.

    Args:
        method: how the checkpoint's symbols are ordered.
        checkpoint: file or shipped name; empty: the shipped one for ours, else
            `runs/peer-NAME/last.safetensors`, where benchmarks/train_peers.py leaves them.
    Raises:
        CodecAbsentError: there is no such checkpoint.
    """

    def __init__(self, method: Method, checkpoint: str = "") -> None:
        trained_as = method.trained_as or method.name
        if not checkpoint:
            checkpoint = f"runs/peer-{trained_as}/last.safetensors"
            if method.name == _OWN and _SHIPPED in shipped_checkpoints():
                checkpoint = _SHIPPED
        if checkpoint not in shipped_checkpoints() and not Path(checkpoint).is_file():
            raise CodecAbsentError(
                f"{method.name} has no checkpoint {checkpoint}: train it with c2f train "
                f"--method {trained_as} -o {Path(checkpoint).parent}, "
                f"or name one: {method.name}=FILE"
            )
        super().__init__(method.codec(load_checkpoint(checkpoint)))
        self.progressive = method.progressive

    def identity(self) -> str:
        """Digest of the checkpoint and of what orders its symbols."""
        checkpoint, kind = self.codec.checkpoint, type(self.codec)
        parts = [checkpoint.model_id, checkpoint.checksum, kind.__qualname__]
        # Where the same checkpoint makes other bytes than in a former version.
        parts += [form] if (form := getattr(kind, "payload_form", "")) else []
        return digest(*parts)


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
                f"{method.name}-search takes STEPSxSTAGES@CHECKPOINT, such as 8x1@compact; "
                f"got {text}"
            )
        super().__init__(method, checkpoint)
        self.searched_stages = int(stages)
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
        served = []
        if (semantics := goal.semantics) is not None:
            served = [semantics.hierarchy.id, classifier_identity(semantics.classifier)]
        return digest(super().identity(), str(self.searched_stages), weights, *served)

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """The whole file."""
        return self.codec.encode(
            pixels,
            effort=int(setting),
            effort_stages=self.searched_stages,
            objective=self.objective,
        )


def _objective(meta: CheckpointMeta, hierarchy: str) -> Objective:
    """The shipped checkpoint's weights, so that all search alike; the label map trained for.

    Where there are two stages they take the weights of our first and last.
    """
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
        meta.level_ends,
    )


CODECS: dict[str, Callable[..., BenchCodec]] = {
    **{name: partial(Learned, find_method(name)) for name in method_names()},
    **{f"{name}-search": partial(Searched, find_method(name)) for name in _SEARCHED},
}
