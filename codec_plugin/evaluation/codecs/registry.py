"""Codecs of the benchmark by name: what one must do, the decorator, and plug-in files."""

from __future__ import annotations

import importlib.util
import sys
from abc import ABC, abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from codec_plugin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "BenchCodec",
    "CodecAbsentError",
    "codec",
    "codec_names",
    "load_plugin",
    "make_codec",
    "tool_version",
]

Pixels = NDArray[np.uint8]


class CodecAbsentError(ConfigError):
    """A codec whose program, package or checkpoint is not here; the benchmark skips it by name."""


class BenchCodec(ABC):
    """A codec as the benchmark sees it: pixels to a file and back.

    Attributes:
        settings: one file is made a setting and photograph (qualities, rates); each is a point.
        progressive: prefixes of the file decode; the file of the last setting is cut at the common
            budgets instead of making one file a setting.
    """

    settings: tuple[str, ...] = ("file",)
    progressive: bool = False

    @abstractmethod
    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """The file of a photograph (H, W, 3)."""

    @abstractmethod
    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3) of a file, or of a prefix where the codec is progressive.

        Raises:
            CodecError: the prefix is too short to show anything.
        """

    def container_bytes(self, data: bytes) -> int:
        """Bytes of a file that say nothing of the picture: signatures, tables, checks."""
        return 0

    def identity(self) -> str:
        """What tells a changed codec from the one that made a row: here, its class and source."""
        import hashlib
        import inspect

        kind = type(self)
        try:
            source = inspect.getsource(kind)
        except (OSError, TypeError):
            source = ""
        return f"{kind.__qualname__} {hashlib.sha256(source.encode()).hexdigest()[:16]}"

    def stage_ends(self, data: bytes) -> tuple[int, ...]:
        """Lengths of the prefixes that end a stage; the last is the file's."""
        return (len(data),)


_CODECS: dict[str, Callable[[str], BenchCodec]] = {}
_HOMES = ("label_codec", "conventional", "external", "learned", "shrunk", "truncated")
_Codec = TypeVar("_Codec", bound=type[BenchCodec])


def codec(name: str) -> Callable[[_Codec], _Codec]:
    """Register a class as the codec `name`; `--codecs name` then finds it.

    The class is made without arguments, or with the text after `name=` where that is given.

    Raises:
        ConfigError: the name is taken, or could not be told apart in `--codecs`.
    """

    def register(kind: _Codec) -> _Codec:
        if name in _CODECS or not name or set(name) & set("=, "):
            raise ConfigError(f"codec name {name!r} is taken, empty or holds '=', ',' or a space")
        make: Callable[..., BenchCodec] = kind
        _CODECS[name] = lambda text: make(text) if text else make()
        return kind

    return register


def register_maker(name: str, make: Callable[[str], BenchCodec]) -> None:
    """As `codec`, for something made by a function of the text after `name=`."""
    if name in _CODECS:
        raise ConfigError(f"codec {name!r} is registered already; choose another name")
    _CODECS[name] = make


def codec_names() -> tuple[str, ...]:
    """All registered names, in alphabetical order."""
    for home in _HOMES:
        import_module(f"codec_plugin.evaluation.codecs.{home}")
    return tuple(sorted(_CODECS))


def make_codec(text: str) -> tuple[str, BenchCodec]:
    """The codec of `NAME` or `NAME=ARGUMENT`, and how its rows are called.

    `LABEL:NAME=ARGUMENT` names the rows LABEL: two checkpoints of one method.

    Raises:
        ConfigError: no codec of that name.
        CodecAbsentError: it exists, but cannot run here.
    """
    head, _, argument = text.partition("=")
    label, colon, name = head.partition(":")
    name = name if colon else head
    if name not in codec_names():
        raise ConfigError(
            f"codec {name!r} is not one of {', '.join(codec_names())}; "
            "give its file with --plugin if it is yours"
        )
    return label, _CODECS[name](argument)


def tool_version(tool: str, option: str = "--version") -> str:
    """A program's name and the version that it prints, such as `cjxl 0.11.1`."""
    import re
    import subprocess

    done = subprocess.run([tool, option], capture_output=True, timeout=30, check=False)
    found = re.search(rb"v?(\d+\.\d+(?:\.\d+)*)", done.stdout + done.stderr)
    return f"{tool} {found[1].decode() if found else 'unknown'}"


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
