"""A picture that was edited before another codec sees it: our search, then AVIF.

    picture ─► our encoder's search ─► decoded ─► AVIF at each quality ─► file

Answers whether what the search puts into a picture outlives another codec, and at what bytes. The
picture is what our file shows at the end of the last stage that was searched.
"""

from __future__ import annotations

from codec_plugin.baselines.registry import find_method
from codec_plugin.evaluation.codecs.base import BenchCodec, Pixels
from codec_plugin.evaluation.codecs.conventional import Avif
from codec_plugin.evaluation.codecs.learned import Searched

__all__ = ["CODECS", "Edited"]

_QUALITIES = "0/12/26/40"


class Edited(BenchCodec):
    """AVIF of the picture that a search leaves.

    Args:
        text: of the search (see `Searched`), and after a colon other qualities, as in
            `20x5@compact:0/26`; each may be left out.
    """

    def __init__(self, text: str = "") -> None:
        search, _, qualities = text.partition(":")
        self.search = Searched(find_method("coarse2fine"), search)
        self.inner = Avif(qualities or _QUALITIES)
        self.settings = self.inner.settings
        self._last: tuple[bytes, Pixels] | None = None

    def identity(self) -> str:
        """The encoder and its version, and what edits."""
        return f"{self.inner.identity()}, edited by {self.search.identity()}"

    def encode(self, pixels: Pixels, setting: str) -> bytes:
        """A file of the edited picture at one quality; the search runs once a picture."""
        key = pixels.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = key, self._edited(pixels)
        return self.inner.encode(self._last[1], setting)

    def decode(self, data: bytes) -> Pixels:
        """Pixels (H, W, 3)."""
        return self.inner.decode(data)

    def container_bytes(self, data: bytes) -> int:
        """Those of AVIF."""
        return self.inner.container_bytes(data)

    def _edited(self, pixels: Pixels) -> Pixels:
        data = self.search.encode(pixels, self.search.settings[0])
        return self.search.decode(
            data[: self.search.stage_ends(data)[self.search.searched_stages - 1]]
        )


CODECS = {"avif-edited": Edited}
