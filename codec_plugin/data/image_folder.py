"""A folder of labelled photographs, decoded on demand, and random crops of them."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.data.crops import SUFFIXES, Batch, Pixels, as_batch, decode_pixels, random_crop
from codec_plugin.data.image_labels import UNLABELLED, find_class, folder_label, read_labels
from codec_plugin.data.picture import is_picture_name
from codec_plugin.errors import DataError

__all__ = ["FolderSource", "ImageFolder", "all_broken"]

_CACHE_BYTES = 2 << 30  # decoded pixels that a process keeps; beyond, files are decoded again
_CHECK_SECONDS = 60.0
_TRIES = 100


class ImageFolder:
    """Photographs of a folder and its sub-folders, in order of path, decoded on demand.

    A table `labels.csv` in the folder labels some or all of them (see `read_labels`); the others
    are labelled by the nearest sub-folder that is called like a class.

    Args:
        path: the folder.
        class_index: number of each class, as `Hierarchy.lookup` has it.
        cache: keep decoded pixels in memory, up to 2 GiB.
    Attributes:
        skipped: files `._NAME` of macOS, which are no pictures.
        unknown_labels: what labels.csv says and no class is called.
        broken: photographs that could not be decoded so far: name and why.
    Raises:
        DataError: no such folder, no images in it, or a table without the columns.
    """

    def __init__(self, path: str | Path, class_index: Mapping[str, int], *, cache: bool) -> None:
        root = Path(path)
        if not root.is_dir():
            raise DataError(_no_folder(root))
        candidates = sorted(f for f in root.rglob("*") if f.suffix.lower() in SUFFIXES)
        self.files = [file for file in candidates if is_picture_name(file.name, SUFFIXES)]
        self.skipped = len(candidates) - len(self.files)
        if not self.files:
            tars = sorted(root.glob("*.tar"))
            hint = f"; its shards are named one by one: --data {tars[0]}" if tars else ""
            raise DataError(f"no images ({', '.join(SUFFIXES)}) in {str(path)!r}{hint}")
        self.names = tuple(file.relative_to(root).as_posix() for file in self.files)
        given = read_labels(root)
        self.labels = tuple(
            find_class(class_index, given[name])
            if name in given
            else folder_label(class_index, name)
            for name in self.names
        )
        unknown = {text for text in given.values() if find_class(class_index, text) == UNLABELLED}
        self.unknown_labels = tuple(sorted(unknown))
        self.broken: dict[str, str] = {}
        self._cache: dict[int, Pixels] | None = {} if cache else None
        self._cached_bytes = 0

    def __len__(self) -> int:
        return len(self.files)

    @property
    def labelled(self) -> int:
        """Number of photographs with a class."""
        return sum(label != UNLABELLED for label in self.labels)

    def pixels(self, number: int) -> Pixels:
        """Pixels (H, W, 3) of one photograph.

        Raises:
            DataError: the file cannot be decoded; the message names it.
        """
        if self._cache is not None and number in self._cache:
            return self._cache[number]
        file = self.files[number]
        try:
            array = decode_pixels(file.read_bytes(), str(file))
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror or error}") from error
        if self._cache is not None and self._cached_bytes + array.nbytes <= _CACHE_BYTES:
            self._cache[number] = array
            self._cached_bytes += array.nbytes
        return array

    def sound(self, number: int) -> Pixels | None:
        """Pixels (H, W, 3) of one photograph; none if it is broken, which `broken` then says."""
        name = self.names[number]
        if name in self.broken:
            return None
        try:
            return self.pixels(number)
        except DataError as error:
            self.broken[name] = str(error)
            return None

    def check(
        self, progress: Callable[[int, int], None] | None = None, seconds: float = _CHECK_SECONDS
    ) -> int:
        """Decode photographs, for at most so long; those that fail are in `broken` afterwards.

        Returns:
            How many were looked at.
        """
        end = time.monotonic() + seconds
        for number in range(len(self)):
            if time.monotonic() > end:
                return number
            self.sound(number)
            if progress is not None:
                progress(number + 1, len(self))
        return len(self)

    def tensor(self, number: int) -> Tensor:
        """One photograph (3, H, W) in 0..1."""
        return torch.from_numpy(self.pixels(number).copy()).permute(2, 0, 1).float() / 255


class FolderSource:
    """Crops of an image folder; step s is a pure function of seed, rank and s.

    Args:
        folder: photographs.
        members: numbers of those that may be used.
        seed: of the draws.
        rank: of this process, so that processes draw differently.
    """

    def __init__(
        self, folder: ImageFolder, members: NDArray[np.int64], *, seed: int, rank: int = 0
    ) -> None:
        self.folder, self.members = folder, members
        self.seed, self.rank = seed, rank
        self.broken = folder.broken

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """`size` crops of `crop` × `crop` pixels for an optimiser step."""
        rng = np.random.default_rng((self.seed, self.rank, step))
        drawn = self.members[rng.integers(len(self.members), size=size)]
        sound = [self._sound(int(n), (step, place)) for place, n in enumerate(drawn)]
        crops = [random_crop(pixels, crop, rng) for _, pixels in sound]
        return as_batch(crops, [self.folder.labels[number] for number, _ in sound])

    def _sound(self, number: int, key: tuple[int, int]) -> tuple[int, Pixels]:
        """The photograph, or another one, drawn by a generator of its own, if it is broken."""
        rng = np.random.default_rng((self.seed, self.rank, *key))
        for _ in range(_TRIES):
            pixels = self.folder.sound(number)
            if pixels is not None:
                return number, pixels
            number = int(self.members[rng.integers(len(self.members))])
        raise DataError(all_broken(self.folder))


def all_broken(folder: ImageFolder) -> str:
    """A sentence for a folder that nothing can be drawn from."""
    return (
        f"{len(folder.broken)} of {len(folder)} photographs cannot be decoded, "
        f"such as {next(iter(folder.broken.values()))}"
    )


def _no_folder(path: Path) -> str:
    if path.exists():
        return f"{str(path)!r} is a file; data is a folder of photographs, or shards (.tar)"
    return f"data folder {str(path)!r} does not exist; name it with --data"
