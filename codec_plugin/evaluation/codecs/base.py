"""What a codec must do to be measured: pixels to a file and back."""

from __future__ import annotations

import hashlib
import inspect
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from codec_plugin.errors import ConfigError

__all__ = ["BenchCodec", "CodecAbsentError", "Pixels"]

Pixels = NDArray[np.uint8]


class CodecAbsentError(ConfigError):
    """A codec whose program, package or checkpoint is not here; the benchmark skips it by name."""


class BenchCodec(ABC):
    """A codec as an evaluation sees it: pixels to a file and back.

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
        kind = type(self)
        try:
            source = inspect.getsource(kind)
        except (OSError, TypeError):
            source = ""
        return f"{kind.__qualname__} {hashlib.sha256(source.encode()).hexdigest()[:16]}"

    def stage_ends(self, data: bytes) -> tuple[int, ...]:
        """Lengths of the prefixes that end a stage; the last is the file's."""
        return (len(data),)

    def header_bytes(self, data: bytes) -> int:
        """Length of the shortest prefix of a file that decodes, where that is known."""
        return 0
