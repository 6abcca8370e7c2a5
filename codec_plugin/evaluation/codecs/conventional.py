"""Conventional codecs of whole files, by Pillow's encoders; AVIF at speed 4 and at speed 0."""

from __future__ import annotations

from typing import ClassVar

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.base import PEERS, decode_peer, encode_peer, peer_version
from codec_plugin.evaluation.codecs.containers import avif_container, jpeg_container, webp_container
from codec_plugin.evaluation.codecs.registry import BenchCodec, Pixels, codec

__all__ = ["Avif", "AvifSlowest", "Jpeg", "WebP"]


class _Pillow(BenchCodec):
    """A codec of `evaluate.subjects`, over its sweep of qualities.

    Args:
        text: other qualities, with a / between; empty: all of the sweep.
    Raises:
        ConfigError: a quality that is not a whole number of 0 to 100.
    """

    peer: ClassVar[str]

    def __init__(self, text: str = "") -> None:
        chosen = tuple(text.split("/")) if text else self.settings
        if not all(quality.isdecimal() and int(quality) <= 100 for quality in chosen):
            raise ConfigError(f"qualities are numbers of 0 to 100, such as 10/30/50; got {text}")
        self.settings = chosen

    def identity(self) -> str:
        """The encoder and its version."""
        return peer_version(self.peer)

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one quality."""
        return encode_peer(self.peer, pixels, int(setting))

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        return decode_peer(data)


def _sweep(peer: str) -> tuple[str, ...]:
    return tuple(str(setting) for setting in PEERS[peer][1])


@codec("jpeg")
class Jpeg(_Pillow):
    """Baseline JPEG with optimised Huffman tables."""

    peer = "jpeg"
    settings = _sweep("jpeg")

    def container_bytes(self, data: bytes) -> int:
        """Markers and tables."""
        return jpeg_container(data)


@codec("webp")
class WebP(_Pillow):
    """WebP, method 6."""

    peer = "webp"
    settings = _sweep("webp")

    def container_bytes(self, data: bytes) -> int:
        """RIFF and chunk headers."""
        return webp_container(data)


@codec("avif")
class Avif(_Pillow):
    """AVIF, speed 4."""

    peer = "avif"
    settings = _sweep("avif")

    def container_bytes(self, data: bytes) -> int:
        """Boxes around the frame."""
        return avif_container(data)


@codec("avif-speed0")
class AvifSlowest(Avif):
    """AVIF, speed 0: the smallest files of its encoder, at many times the work."""

    def identity(self) -> str:
        """The encoder and its version."""
        return peer_version(self.peer, avif_speed=0)

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A whole file at one quality."""
        return encode_peer(self.peer, pixels, int(setting), avif_speed=0)
