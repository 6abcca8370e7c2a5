"""What a learned method consists of, and all methods by name.

A module of this package offers its methods as the constant `METHODS`; nothing else names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import codec_plugin.baselines as package
from codec_plugin.checkpointing.checkpoint import Checkpoint
from codec_plugin.codec import Codec
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel

if TYPE_CHECKING:
    from codec_plugin.train.settings import TrainSettings

__all__ = ["Method", "find_method", "method_names"]


@dataclass(frozen=True)
class Method:
    """A way to train and order a progressive codec; all else is shared.

        warm start ─ convert ─► start ─ train (preset + overrides, `model`'s forward) ─► checkpoint
        checkpoint ─ codec ─► bytes in the common container

    Attributes:
        name: of the command line and of its checkpoints.
        source: the paper.
        idea: what is sent first, in one sentence.
        departures: where this differs from the paper, in one or two sentences.
        convert: the shared warm start's network to the one that training begins with; a start of
            the method's own kind stays as it is.
        overrides: `key=value` settings laid over the preset, or a function of the preset that
            gives them (see `_stages`), so that all methods aim at the same rates.
        model: behaviour while training, a class of the same parameters.
        codec: a checkpoint's encoder and decoder.
        progressive: files may be cut anywhere (else only whole files are compared).
        trained_as: method whose checkpoints this one reads; empty: its own.
    """

    name: str
    source: str
    idea: str
    departures: str
    convert: Callable[[ProgressiveModel], ProgressiveModel]
    overrides: tuple[str, ...] | Callable[[TrainSettings], Sequence[str]] = ()
    model: type[ProgressiveModel] = ProgressiveModel
    codec: Callable[[Checkpoint], Codec] = Codec
    progressive: bool = True
    trained_as: str = ""

    def settings_over(self, preset: TrainSettings) -> list[str]:
        """The method's `key=value` settings over a preset."""
        own = self.overrides(preset) if callable(self.overrides) else self.overrides
        return list(own)


def method_names() -> tuple[str, ...]:
    """Names of all methods, in alphabetical order."""
    return tuple(sorted(_methods()))


def find_method(name: str) -> Method:
    """The method of a name.

    Raises:
        ConfigError: there is none.
    """
    if name not in _methods():
        raise ConfigError(f"method {name!r} is not one of {', '.join(method_names())}")
    return _methods()[name]


@cache
def _methods() -> dict[str, Method]:
    """All methods of the package; its modules import `Method` from here.

    Raises:
        ConfigError: two of one name.
    """
    methods: dict[str, Method] = {}
    for module in iter_modules(package.__path__):
        if not module.name.startswith("_") and module.name != "training":  # loads the whole trainer
            home = import_module(f"{package.__name__}.{module.name}")
            for method in getattr(home, "METHODS", ()):
                if method.name in methods:
                    raise ConfigError(f"method {method.name!r} stands twice; choose another name")
                methods[method.name] = method
    return methods
