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

    from codec_plugin.bitstream.answer import FileAnswer, LabelPath, answer_of
    from codec_plugin.bitstream.container import Header, read_header
    from codec_plugin.bitstream.label_tree import LabelTree, load_label_tree
    from codec_plugin.checkpointing.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
    from codec_plugin.codec import Codec, Decoded
    from codec_plugin.config import ModelConfig
    from codec_plugin.data.label_hierarchy import Hierarchy
    from codec_plugin.data.picture import Picture, read_picture
    from codec_plugin.models.progressive import ProgressiveModel
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
    "Checkpoint": "checkpointing.checkpoint",
    "Codec": "codec",
    "Decoded": "codec",
    "FileAnswer": "bitstream.answer",
    "Header": "bitstream.container",
    "Hierarchy": "data.label_hierarchy",
    "LabelPath": "bitstream.answer",
    "LabelTree": "bitstream.label_tree",
    "ModelConfig": "config",
    "Picture": "data.picture",
    "ProgressiveModel": "models.progressive",
    "StreamingDecoder": "streaming",
    "answer_of": "bitstream.answer",
    "load_checkpoint": "checkpointing.checkpoint",
    "load_label_tree": "bitstream.label_tree",
    "read_header": "bitstream.container",
    "read_picture": "data.picture",
    "save_checkpoint": "checkpointing.checkpoint",
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
