"""Measuring codecs: real file bytes, quality and recognition, per photograph and cut.

    class Mine(BenchCodec): …       # then `c2f bench --plugin FILE`: see docs/add-a-codec.md

Names are imported when first used: importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError
    from codec_plugin.evaluation.codecs.registry import codec, make_codec

__all__ = ["BenchCodec", "CodecAbsentError", "codec", "make_codec"]

_HOMES = {
    "BenchCodec": "base",
    "CodecAbsentError": "base",
    "codec": "registry",
    "make_codec": "registry",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(
            f"codec_plugin.evaluation has no {name!r}; it has {', '.join(__all__)}"
        )
    return getattr(import_module(f"{__name__}.codecs.{_HOMES[name]}"), name)
