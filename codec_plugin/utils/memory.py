"""Keeping the memory that large tensors give back, where the C library would return it."""

from __future__ import annotations

import ctypes

__all__ = ["keep_pages"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -3, -4
_KEPT = 1 << 30  # bytes at the end of the heap that are not returned


def keep_pages() -> None:
    """Let glibc serve large tensors from memory that it keeps, up to a gibibyte, in this process.

    It maps each one above 32 MiB anew otherwise, which the kernel fills with zeros page by page: a
    quarter of the time of a picture of 12 megapixels. For programs that code and end; with another
    C library nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    if not mallopt(_M_MMAP_THRESHOLD, _KEPT):  # older ones take 32 MiB at most
        mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _KEPT)
