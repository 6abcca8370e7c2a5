"""Photographs for training: a folder of images, and which of them are held out."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.data.crops import (
    SUFFIXES,
    Batch,
    CropSource,
    Pixels,
    as_batch,
    decode_pixels,
    random_crop,
)
from codec_plugin.data.image_labels import (
    UNLABELLED,
    find_class,
    folder_label,
    read_labels,
)
from codec_plugin.data.picture import is_picture_name
from codec_plugin.data.shards import ShardSource, is_address, is_shards
from codec_plugin.errors import DataError
from codec_plugin.train.settings import DataSettings

__all__ = [
    "Batch",
    "CropSource",
    "FolderSource",
    "ImageFolder",
    "ShardSource",
    "all_broken",
    "fitting_share",
    "held_out",
    "held_views",
    "kept_settings",
    "open_source",
    "random_crop",
]

HELD_SIDE = 768
"""Of larger held-out photographs the middle is seen: a report must not take an hour."""

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
        found = sorted(f for f in root.rglob("*") if f.suffix.lower() in SUFFIXES)
        self.files = [file for file in found if is_picture_name(file.name, SUFFIXES)]
        self.skipped = len(found) - len(self.files)
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
        self,
        progress: Callable[[int, int], None] | None = None,
        seconds: float = _CHECK_SECONDS,
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


def open_source(
    settings: DataSettings,
    class_index: Mapping[str, int],
    *,
    seed: int,
    rank: int,
    world: int,
    device: torch.device | None = None,
) -> tuple[CropSource, ImageFolder | None, NDArray[np.int64]]:
    """Training crops, and the folder with the numbers of its held-out photographs.

    The held-out set depends on the file names only, not on the seed.

    Raises:
        DataError: no data, or fewer photographs than are to be held out.
    """
    if not settings.path:
        raise DataError("data.path is empty; name a folder of photographs or shards with --data")
    none = np.empty(0, np.int64)
    if is_shards(settings.path):
        shards = ShardSource(
            settings.path, class_index, seed=seed, rank=rank, world=world, shuffle=settings.shuffle
        )
        return shards, None, none
    folder = ImageFolder(settings.path, class_index, cache=settings.cache)
    held = held_out(folder.names, fitting_share(settings, folder.names))
    if held.all():
        raise DataError(
            f"{settings.path!r} has {len(folder)} images, all held out; give more images, or a "
            "smaller share with --set data.holdout_share=0.1"
        )
    numbers = np.arange(len(folder))
    members = numbers[~held]
    source: CropSource = FolderSource(folder, members, seed=seed, rank=rank)
    if settings.placement != "host" and device is not None:
        from codec_plugin.data.device_source import DeviceSource, fits

        if settings.placement == "device" or fits(len(members), device):
            source = DeviceSource(folder, members, device, seed=seed, rank=rank)
    return source, folder, numbers[held]


def held_views(folder: ImageFolder, numbers: Sequence[int]) -> Iterator[Tensor]:
    """The middle of each photograph (3, H, W) in 0..1, at most 768 a side; broken ones left out."""
    for number in numbers:
        pixels = folder.sound(number)
        if pixels is not None:
            top, left = (max(0, side - HELD_SIDE) // 2 for side in pixels.shape[:2])
            view = pixels[top : top + HELD_SIDE, left : left + HELD_SIDE]
            yield torch.from_numpy(view.copy()).permute(2, 0, 1).float() / 255


def kept_settings(settings: DataSettings, folder: ImageFolder | None) -> DataSettings:
    """The settings as a run keeps them: found from anywhere, holding out the same names for good.

    A relative path is made absolute, and `holdout_share` is what it came to in this folder, so
    that a resume with more or fewer photographs holds out those of them that it did before.
    """
    path = settings.path
    if path and not is_address(path):
        path = str(Path(path).absolute())
    share = settings.holdout_share
    if folder is not None:
        share = fitting_share(settings, folder.names)
    return msgspec.structs.replace(settings, path=path, holdout_share=share)


_SMALL_FOLDER = 0.1  # largest share that is held out without being asked for


def fitting_share(settings: DataSettings, names: Sequence[str]) -> float:
    """Share of names that a run in this folder holds out, by `held_out`.

    The one that the settings give, or one that holds out `settings.holdout` of these files, at most
    a tenth of them; either holds out one file at least, and 0 none.
    """
    places = np.sort(_places(names))
    if settings.holdout_share:
        return max(settings.holdout_share, float(places[0]))
    if not settings.holdout:
        return 0.0
    count = min(settings.holdout, max(1, round(_SMALL_FOLDER * len(names))))
    return float(places[count - 1])


def held_out(names: Sequence[str], share: float) -> NDArray[np.bool_]:
    """Which files are held out: a hash of each file's own name decides, (N,) bool."""
    return np.asarray(_places(names) <= share) & (share > 0)


def _places(names: Sequence[str]) -> NDArray[np.float64]:
    """(N,) a number in 0..1 for each file, from its own name."""
    digests = [hashlib.sha256(Path(name).name.encode()).digest()[:8] for name in names]
    return np.array([int.from_bytes(digest, "big") for digest in digests]) / 2.0**64


def _no_folder(path: Path) -> str:
    if path.exists():
        return f"{str(path)!r} is a file; data is a folder of photographs, or shards (.tar)"
    return f"data folder {str(path)!r} does not exist; name it with --data"
