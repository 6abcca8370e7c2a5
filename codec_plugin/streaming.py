"""Decode while the bytes arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codec_plugin.bitstream.container import MAX_HEADER_BYTES, MAX_SIDE_PX, try_read_header
from codec_plugin.errors import BitstreamError

if TYPE_CHECKING:
    from codec_plugin.bitstream.container import Header
    from codec_plugin.codec import Codec, Decoded

__all__ = ["StreamingDecoder"]


class StreamingDecoder:
    """Collects chunks and decodes what they hold so far.

        for chunk in source:
            if decoder.feed(chunk):         # another stage is complete
                show(decoder.decode().image)

    Args:
        codec: whose checkpoint the stream belongs to.
        max_pixels: refuse larger pictures when decoding.
    """

    def __init__(self, codec: Codec, *, max_pixels: int = MAX_SIDE_PX**2) -> None:
        self._codec = codec
        self._max_pixels = max_pixels
        self._data = bytearray()
        self._complete = -1
        self.header: Header | None = None

    @property
    def bytes_received(self) -> int:
        """Bytes fed so far that belong to the file."""
        return len(self._data)

    @property
    def finished(self) -> bool:
        """All stages have arrived."""
        return self.header is not None and len(self._data) >= self.header.ends[-1]

    def feed(self, chunk: bytes) -> bool:
        """Add bytes; what follows the end of the file is ignored.

        Returns:
            Whether the header or a further stage was completed by these bytes.
        Raises:
            BitstreamError: the bytes cannot become a file.
        """
        if not self.finished:
            self._data += chunk
        if self.header is None:
            self.header = try_read_header(bytes(self._data[:MAX_HEADER_BYTES]))
        if self.header is None:
            return False
        del self._data[self.header.ends[-1] :]
        complete = sum(end <= len(self._data) for end in self.header.ends)
        progress, self._complete = complete > self._complete, complete
        return progress

    def decode(self) -> Decoded:
        """Picture of what has arrived.

        Raises:
            BitstreamError: not even the header has.
        """
        if self.header is None:
            raise BitstreamError(
                f"{len(self._data)} bytes end inside the header: feed more of the file"
            )
        return self._codec.decode(bytes(self._data), max_pixels=self._max_pixels)
