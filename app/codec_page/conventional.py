"""Conventional codecs beside ours: the file of each that fits into the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.codec_page.decoding import psnr_between

__all__ = ["PEERS", "PeerLook", "beside", "encoded"]

# The slowest last.
PEERS = ("jpeg", "webp", "avif")


@dataclass(frozen=True)
class PeerLook:
    """A conventional codec's picture.

    Args:
        pixels: (H, W, 3) uint8.
        bytes: of its file.
        psnr_db: against the original.
    """

    pixels: NDArray[np.uint8]
    bytes: int
    psnr_db: float


def encoded(peer: str, pixels: NDArray[np.uint8], quality: int) -> bytes:
    """One photograph (H, W, 3) as a file, at the codec's slow, small settings."""
    from codec_plugin.evaluation.codecs.base import encode_peer

    return encode_peer(peer, pixels, quality)


def beside(
    peer: str, pixels: NDArray[np.uint8], size: int, file_of: Callable[[int], bytes]
) -> PeerLook:
    """A conventional codec at `size` bytes, or its smallest file.

    Args:
        file_of: gives the file of a quality; whoever keeps them saves most of the time.

    Raises:
        CodecError: no such codec here.
    """
    from codec_plugin.evaluation.codecs.base import decode_peer, fit_peer

    data = fit_peer(peer, pixels, size, lambda _, __, quality: file_of(quality))
    decoded = decode_peer(data)
    return PeerLook(decoded, len(data), psnr_between(pixels, decoded))
