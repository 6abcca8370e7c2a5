"""A folder that is made whole or not at all, and what was made in it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from codec_plugin.data.image_labels import TABLE
from codec_plugin.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MadeSet", "Show", "new_folder", "pixel_digest", "read_digests", "write_labels"]

README = "README.md"


class Show(Protocol):
    """Shows how many photographs are done, of how many."""

    def __call__(self, done: int, total: int) -> None:
        """Show it."""


class MadeSet(NamedTuple):
    """What stands in the new folder.

    Attributes:
        photographs: how many.
        labelled: those of them with a label.
        classes: how many labels there are.
        differing: names of those whose pixels are not those of the published tables.
        left_out: why a file of the source has no photograph here, a sentence each.
    """

    photographs: int
    labelled: int = 0
    classes: int = 0
    differing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """A folder to fill, which gets the name `output` when the block ends and not before.

    Raises:
        DataError: something stands under that name, or the folder cannot be written.
    """
    try:
        if output.is_symlink() or (output.exists() and not _is_empty(output)):
            raise DataError(f"{output} exists; -o names a folder that is yet to be made")
        output.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name[:40]}."))
        try:
            yield made
            mask = os.umask(0)
            os.umask(mask)
            made.chmod(0o777 & ~mask)
            if output.exists():
                output.rmdir()
            made.rename(output)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"cannot write {output}: {error.strerror or error}; choose a folder you may write to"
        ) from error


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def write_labels(folder: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write labels.csv; the first two columns are the file and its label."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    (folder / TABLE).write_text(text.getvalue(), encoding="utf-8")


def pixel_digest(pixels: NDArray[np.uint8]) -> str:
    """16 hex digits of the SHA-256 over height, width and the (H, W, 3) bytes."""
    height, width = pixels.shape[:2]
    whole = hashlib.sha256(f"{height} {width} ".encode())
    whole.update(pixels.tobytes())
    return whole.hexdigest()[:16]


def read_digests(name: str) -> list[dict[str, str]]:
    """Rows of a list of digests that lies beside this module."""
    with Path(__file__).with_name(name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
