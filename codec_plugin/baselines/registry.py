"""What a learned peer consists of, and where to find one by name."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import codec_plugin.baselines as package
from codec_plugin.checkpointing.checkpoint import Checkpoint
from codec_plugin.codec import Codec
from codec_plugin.errors import ConfigError
from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["Method", "find_method", "method_names", "register_method"]


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
        convert: the shared warm start's network to the one that training begins with.
        overrides: `key=value` settings laid over the preset; `{first}` and `{last}` stand for its
            λ at those stages, so that all methods aim at the same rates.
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
    overrides: tuple[str, ...] = ()
    model: type[ProgressiveModel] = ProgressiveModel
    codec: Callable[[Checkpoint], Codec] = Codec
    progressive: bool = True
    trained_as: str = ""


_METHODS: dict[str, Method] = {}


def register_method(method: Method) -> Method:
    """Make a method known under its name.

    Raises:
        ConfigError: the name is taken.
    """
    if method.name in _METHODS:
        raise ConfigError(f"method {method.name!r} is registered already; choose another name")
    _METHODS[method.name] = method
    return method


def method_names() -> tuple[str, ...]:
    """Names of all methods, in alphabetical order."""
    _import_all()
    return tuple(sorted(_METHODS))


def find_method(name: str) -> Method:
    """The method of a name.

    Raises:
        ConfigError: there is none.
    """
    _import_all()
    if name not in _METHODS:
        raise ConfigError(f"method {name!r} is not one of {', '.join(sorted(_METHODS))}")
    return _METHODS[name]


def _import_all() -> None:
    for module in iter_modules(package.__path__):
        if not module.name.startswith("_"):
            import_module(f"{package.__name__}.{module.name}")
