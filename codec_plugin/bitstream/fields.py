"""One number of a header: how it is written, and which values a reader accepts."""

from __future__ import annotations

from typing import NamedTuple

from codec_plugin.errors import BitstreamError

__all__ = ["Field"]


class Field(NamedTuple):
    """One number of the header: its bytes and the values a reader accepts."""

    name: str
    width_bytes: int  # fixed width, or the most bytes that a variable-length number may take
    low: int
    high: int
    variable: bool = False

    def check(self, value: int) -> int:
        """`value`, if it lies in the range of this field.

        Raises:
            BitstreamError: it does not.
        """
        if not self.low <= value <= self.high:
            raise BitstreamError(
                f"header: {self.name} is {value}, allowed are {self.low} to {self.high}; "
                "the file is damaged or was not written by this format"
            )
        return value

    def pack(self, value: int) -> bytes:
        """Bytes of `value`: big-endian, or seven bits a byte with the low ones first."""
        self.check(value)
        if not self.variable:
            return value.to_bytes(self.width_bytes, "big")
        out = bytearray()
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)
        return bytes(out)

    def read(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Value at offset `at` and the offset behind it; None where `data` ends too early."""
        if not self.variable:
            end = at + self.width_bytes
            if end > len(data):
                return None
            return self.check(int.from_bytes(data[at:end], "big")), end
        value = 0
        for place in range(self.width_bytes):
            if at + place >= len(data):
                return None
            byte = data[at + place]
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if byte == 0 and place:
                    raise BitstreamError(f"header: {self.name} is padded with zeros")
                return self.check(value), at + place + 1
        raise BitstreamError(f"header: {self.name} takes more than {self.width_bytes} bytes")
