"""Codecs of our container, as `c2f eval` and `c2f classify` load them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codec_plugin.bitstream.container import CHECK_BYTES, read_header
from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels
from codec_plugin.evaluation.identity import digest

if TYPE_CHECKING:
    from codec_plugin.codec import Codec

__all__ = ["OwnCodec"]


class OwnCodec(BenchCodec):
    """A codec of our container: one file, cut at any byte.

    Args:
        codec: encodes and decodes.
        effort: refinement steps of the encoder.
        stages: how many stages are written; None means all.
    """

    progressive = True

    def __init__(self, codec: Codec, effort: int = 0, stages: int | None = None) -> None:
        self.codec, self.effort, self.stages = codec, effort, stages

    def identity(self) -> str:
        """Digest of the checkpoint and of how it encodes."""
        checkpoint = self.codec.checkpoint
        return digest(checkpoint.model_id, checkpoint.checksum, str(self.effort))

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """The whole file."""
        return self.codec.encode(pixels, effort=self.effort, stages=self.stages)

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

    def header_bytes(self, data: bytes) -> int:
        """Of the container; a shorter prefix is no picture."""
        return read_header(data).size_bytes
