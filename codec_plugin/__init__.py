"""A progressive image codec whose first bytes already carry the coarse class.

    codec = Codec.load("compact")
    blob = codec.encode(image)          # PIL, numpy or torch
    codec.decode(blob[:900]).image      # any prefix is a picture

Names are imported when first used: importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module

from codec_plugin.errors import (
    BitstreamError,
    BlockDamagedError,
    CheckpointError,
    CodecError,
    ConfigError,
    HierarchyMismatchError,
    ImageError,
)

TYPE_CHECKING = False  # typing itself is not imported: c2f hears Ctrl-C the sooner
if TYPE_CHECKING:
    from typing import Any

    from codec_plugin.answer import FileAnswer, LabelPath, answer_of
    from codec_plugin.bitstream.container import Header, read_header
    from codec_plugin.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
    from codec_plugin.codec import Codec, Decoded
    from codec_plugin.config import ModelConfig
    from codec_plugin.hierarchy import Hierarchy
    from codec_plugin.images import Picture, read_picture
    from codec_plugin.labeltree import LabelTree, load_label_tree
    from codec_plugin.model import ProgressiveModel
    from codec_plugin.streaming import StreamingDecoder

__all__ = [
    "BitstreamError",
    "BlockDamagedError",
    "Checkpoint",
    "CheckpointError",
    "Codec",
    "CodecError",
    "ConfigError",
    "Decoded",
    "FileAnswer",
    "Header",
    "Hierarchy",
    "HierarchyMismatchError",
    "ImageError",
    "LabelPath",
    "LabelTree",
    "ModelConfig",
    "Picture",
    "ProgressiveModel",
    "StreamingDecoder",
    "answer_of",
    "load_checkpoint",
    "load_label_tree",
    "read_header",
    "read_picture",
    "save_checkpoint",
]

_HOMES = {
    "Checkpoint": "checkpoint",
    "Codec": "codec",
    "Decoded": "codec",
    "FileAnswer": "answer",
    "Header": "bitstream.container",
    "Hierarchy": "hierarchy",
    "LabelPath": "answer",
    "LabelTree": "labeltree",
    "ModelConfig": "config",
    "Picture": "images",
    "ProgressiveModel": "model",
    "StreamingDecoder": "streaming",
    "answer_of": "answer",
    "load_checkpoint": "checkpoint",
    "load_label_tree": "labeltree",
    "read_header": "bitstream.container",
    "read_picture": "images",
    "save_checkpoint": "checkpoint",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"codec_plugin has no {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f"codec_plugin.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
