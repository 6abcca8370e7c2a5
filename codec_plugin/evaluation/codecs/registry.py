"""Codecs by name: those that ship, those of installed packages, and those of plug-in files.

A package offers codecs as entry points of the group `codec_plugin.codecs`, a file by the decorator
`codec`; either is a `BenchCodec`, made without arguments or with the text after `name=`.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs import (
    conventional,
    edited,
    external,
    label_codec,
    learned,
    packaged,
    shrunk,
)
from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "ENTRY_POINTS",
    "BenchCodec",
    "CodecAbsentError",
    "codec",
    "codec_names",
    "load_plugin",
    "make_codec",
]

ENTRY_POINTS = "codec_plugin.codecs"
"""Group in which installed packages offer codecs."""

_SHIPPED: dict[str, Callable[..., BenchCodec]] = {
    name: make
    for module in (label_codec, conventional, external, packaged, learned, edited, shrunk)
    for name, make in module.CODECS.items()
}
_CODECS: dict[str, Callable[..., BenchCodec]] = {}
_Codec = TypeVar("_Codec", bound=type[BenchCodec])


def codec(name: str) -> Callable[[_Codec], _Codec]:
    """Register a class as the codec `name`; `--codecs name` then finds it.

    Raises:
        ConfigError: the name is taken, or could not be told apart in `--codecs`.
    """

    def register(kind: _Codec) -> _Codec:
        if name in _SHIPPED | _CODECS or not name or set(name) & set("=, "):
            raise ConfigError(f"codec name {name!r} is taken, empty or holds '=', ',' or a space")
        _CODECS[name] = kind
        return kind

    return register


def codec_names() -> tuple[str, ...]:
    """All names, in alphabetical order."""
    return tuple(sorted({*_SHIPPED, *_CODECS, *entry_points(group=ENTRY_POINTS).names}))


def make_codec(text: str) -> tuple[str, BenchCodec]:
    """The codec of `NAME` or `NAME=ARGUMENT`, and how its rows are called.

    `LABEL:NAME=ARGUMENT` names the rows LABEL: two checkpoints of one method.

    Raises:
        ConfigError: no codec of that name, or the package that offers it fails.
        CodecAbsentError: it exists, but cannot run here.
    """
    head, _, argument = text.partition("=")
    label, colon, name = head.partition(":")
    name = name if colon else head
    make = _SHIPPED.get(name) or _CODECS.get(name) or _installed(name)
    return label, make(argument) if argument else make()


def _installed(name: str) -> Callable[..., BenchCodec]:
    """What an installed package offers under a name."""
    for point in entry_points(group=ENTRY_POINTS, name=name):
        try:
            kind: Any = point.load()
        except Exception as error:
            raise ConfigError(
                f"codec {name!r} of {point.value} fails: {type(error).__name__}: {error}"
            ) from error
        if not (isinstance(kind, type) and issubclass(kind, BenchCodec)):
            raise ConfigError(f"codec {name!r}: {point.value} is not a class of BenchCodec")
        return kind
    raise ConfigError(
        f"codec {name!r} is not one of {', '.join(codec_names())}; "
        "give its file with --plugin if it is yours"
    )


def load_plugin(path: Path) -> None:
    """Run a Python file that registers codecs of its own.

    Raises:
        ConfigError: no such file, or it fails.
    """
    name = f"c2f_plugin_{path.stem.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"plugin {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"plugin {path} fails: {type(error).__name__}: {error}") from error
