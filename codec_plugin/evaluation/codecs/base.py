"""What can be evaluated: our codec with its cuts, and conventional codecs with their settings."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.identity import digest

if TYPE_CHECKING:
    from codec_plugin.codec import Codec

__all__ = ["PEERS", "CodecSubject", "Cut", "PeerSubject", "Subject", "encode_peer", "fit_peer"]

Pixels = NDArray[np.uint8]
LOWEST_BPP, HIGHEST_BPP = 0.03, 1.5


class Cut(NamedTuple):
    """One point of one photograph's curve.

    Attributes:
        name: equal for the same cut of all photographs (`stage-1`, `bpp-0.0450`, `quality-20`).
        bytes: of the file, header included.
        pixels: (H, W, 3) uint8, decoded.
    """

    name: str
    bytes: int
    pixels: Pixels


class Subject(Protocol):
    """Something that turns a photograph into points of a curve."""

    @property
    def name(self) -> str:
        """Of the results' rows."""
        ...

    @property
    def model(self) -> str:
        """Digest of the model, or name and version of the encoder, with its settings."""
        ...

    @property
    def points(self) -> str:
        """Which cuts are made of each photograph."""
        ...

    def cuts(self, pixels: Pixels, image: str) -> Iterator[Cut]:
        """Points of one photograph (H, W, 3) called `image`."""
        ...


@dataclass(frozen=True)
class CodecSubject:
    """Our codec: one file a photograph, decoded at each stage's end and at prefixes.

    Args:
        name: of the results' rows.
        codec: encodes and decodes.
        n_cuts: prefixes, log-spaced from 0.03 to 1.5 bits per pixel; the same for all
            photographs; a prefix longer than the file is the file.
        effort: refinement steps of the encoder.
        matched: further prefixes, in bytes, by photograph and cut name: another subject's files.
        stages: how many stages are written; none means all.
    """

    name: str
    codec: "Codec"
    n_cuts: int = 16
    effort: int = 0
    matched: dict[tuple[str, str], int] | None = None
    stages: int | None = None

    @property
    def model(self) -> str:
        """Digest of the checkpoint and of how it encodes."""
        found = self.codec.checkpoint
        return digest(found.model_id, found.checksum, str(self.effort))

    @property
    def points(self) -> str:
        """Stages written, number of cuts, and those matched to other files."""
        text = f"{self.n_cuts} from {LOWEST_BPP} to {HIGHEST_BPP} bpp"
        text += "" if self.stages is None else f" of {self.stages} stages"
        return text + (
            f" and those of {digest(repr(sorted(self.matched.items())))}" if self.matched else ""
        )

    def cuts(self, pixels: Pixels, image: str) -> Iterator[Cut]:
        """Encode once, decode many prefixes."""
        from codec_plugin.bitstream.container import read_header

        blob = self.codec.encode(pixels, effort=self.effort, stages=self.stages)
        header = read_header(blob)
        for stage, end in enumerate(header.ends):
            yield self._decoded(f"stage-{stage + 1}", blob, end)
        for bpp in np.geomspace(LOWEST_BPP, HIGHEST_BPP, self.n_cuts) if self.n_cuts else ():
            end = int(bpp * pixels.shape[0] * pixels.shape[1] / 8)
            end = min(max(end, header.size_bytes), len(blob))
            yield self._decoded(f"bpp-{bpp:.4f}", blob, end)
        for (name, cut), size in (self.matched or {}).items():
            if name == image:
                end = min(max(size, header.size_bytes), len(blob))
                yield self._decoded(f"match-{cut}", blob, end)

    def _decoded(self, name: str, blob: bytes, end: int) -> Cut:
        return Cut(name, end, self.codec.decode(blob[:end]).pixels)


PEERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "jpeg": ("JPEG", (1, 3, 5, 8, 10, 15, 20, 30, 40, 55, 70, 85)),
    "webp": ("WEBP", (0, 2, 5, 10, 20, 30, 40, 55, 70, 85)),
    "avif": ("AVIF", (0, 1, 3, 5, 8, 12, 15, 20, 25, 32, 40, 50, 60, 75)),
    "jpeg2000": ("JPEG2000", (160, 120, 90, 70, 55, 40, 30, 20, 14, 10)),
}
"""Pillow's name and the settings of a sweep; JPEG 2000's are ratios, the others' qualities."""


AVIF_SPEED = 4
"""Of libavif's 0 (slowest) to 10; the benchmark has speed 0 too."""


def encode_peer(peer: str, pixels: Pixels, setting: int, *, avif_speed: int = AVIF_SPEED) -> bytes:
    """One photograph as a file of a conventional codec, at its small settings.

    Args:
        peer: one of `PEERS`.
        pixels: (H, W, 3).
        setting: quality 0 to 100, or the ratio of JPEG 2000.
        avif_speed: 0 to 10; 0 is the slowest and smallest.
    Raises:
        ConfigError: no such codec in this Pillow.
    """
    from PIL import Image, features

    if peer not in PEERS:
        raise ConfigError(f"peer {peer!r} is not one of {', '.join(PEERS)}")
    if peer == "avif" and not features.check("avif"):
        raise ConfigError("this Pillow has no AVIF; install pillow 11.3 or later")
    options: dict[str, object] = {"quality": setting}
    if peer == "jpeg":
        options |= {"optimize": True, "progressive": False}
    elif peer == "webp":
        options |= {"method": 6}
    elif peer == "avif":
        options |= {"speed": avif_speed}
    else:
        options = {"quality_mode": "rates", "quality_layers": [setting], "irreversible": True}
        options |= {"no_jp2": True}
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, PEERS[peer][0], **options)
    return stream.getvalue()


def peer_version(peer: str, avif_speed: int = AVIF_SPEED) -> str:
    """An encoder of Pillow's and its version, such as `webp 1.6.0 of Pillow 13.0.0`.

    AVIF's names the library that codes too: `avif 1.4.2 (aom 3.14.1, speed 4) of Pillow 13.0.0`.
    """
    from PIL import __version__, features

    libraries = {
        "jpeg": ("libjpeg_turbo", features.version_feature),
        "webp": ("webp", features.version_module),
        "avif": ("avif", features.version_module),
        "jpeg2000": ("openjpeg", lambda _: features.version_codec("jpg_2000")),
    }
    library, version_of = libraries[peer]
    if peer == "jpeg" and not features.check_feature(library):
        library, version_of = "libjpeg", lambda _: features.version_codec("jpg")
    text = f"{library} {version_of(library) or 'unknown'}"
    if peer == "avif":
        text += f" ({_avif_encoder()}, speed {avif_speed})"
    return f"{text} of Pillow {__version__}"


def _avif_encoder() -> str:
    """The library behind libavif that Pillow encodes with, and its version."""
    import re

    try:
        from PIL import _avif
    except ImportError:
        return "no encoder"
    known: str = _avif.codec_versions()
    found = re.search(r"(\w+) \[[a-z/]*enc[a-z/]*\]:([\w.]+)", known)
    return " ".join(found.groups()) if found else known


def decode_peer(data: bytes) -> Pixels:
    """Pixels (H, W, 3) of a file that `encode_peer` made."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def fit_peer(
    peer: str,
    pixels: Pixels,
    max_bytes: int,
    encode: Callable[[str, Pixels, int], bytes] = encode_peer,
) -> bytes:
    """The largest file of a conventional codec within a number of bytes, or its smallest file.

    Qualities are searched by bisection (file size grows with quality).

    Args:
        encode: like `encode_peer`, which it is unless somebody keeps the files.
    """
    if peer == "jpeg2000":
        ratio = max(1, round(pixels.size / max(1, max_bytes)))
        return encode(peer, pixels, ratio)
    low, high = 0 if peer != "jpeg" else 1, 100
    best = encode(peer, pixels, low)
    while low < high:
        middle = (low + high + 1) // 2
        data = encode(peer, pixels, middle)
        if len(data) <= max_bytes:
            low, best = middle, data
        else:
            high = middle - 1
    return best


@dataclass(frozen=True)
class PeerSubject:
    """A conventional codec over a sweep of its settings."""

    name: str

    @property
    def model(self) -> str:
        """The encoder and its version."""
        return peer_version(self.name)

    @property
    def points(self) -> str:
        """The settings."""
        return " ".join(map(str, PEERS[self.name][1]))

    def cuts(self, pixels: Pixels, image: str) -> Iterator[Cut]:
        """One file a setting."""
        for setting in PEERS[self.name][1]:
            data = encode_peer(self.name, pixels, setting)
            yield Cut(f"quality-{setting}", len(data), decode_peer(data))
