"""Photographs for training: image folders and WebDataset shards, as batches of random crops."""

import csv
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec_plugin.errors import DataError, ImageError
from codec_plugin.images import is_picture_name
from codec_plugin.train.settings import DataSettings

__all__ = [
    "Batch",
    "CropSource",
    "FolderSource",
    "ImageFolder",
    "ShardSource",
    "fitting_share",
    "held_out",
    "mirrored_to",
    "open_source",
]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".ppm")
UNLABELLED = -1

Pixels = NDArray[np.uint8]


class Batch(NamedTuple):
    """Crops of photographs.

    Attributes:
        images: (B, 3, S, S) float32 in 0..1, channels last in memory.
        labels: (B,) int64 class number in the hierarchy, -1 where there is none.
    """

    images: Tensor
    labels: Tensor


class CropSource(Protocol):
    """Batches by step number: the same arguments give the same batch."""

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """Random crops for an optimiser step."""
        ...


class ImageFolder:
    """Photographs of a folder and its sub-folders, in order of path, decoded on demand.

    A table `labels.csv` in the folder (columns `file` and `wnid`) labels some or all of them;
    without one, a sub-folder named like a class key labels what is in it.

    Args:
        path: the folder.
        class_index: number of each class key.
        cache: keep decoded pixels in memory.
    Attributes:
        skipped: files `._NAME` of macOS, which are no pictures.
    Raises:
        DataError: no such folder, no images in it, or a table without the columns.
    """

    def __init__(self, path: str | Path, class_index: dict[str, int], *, cache: bool) -> None:
        root = Path(path)
        if not root.is_dir():
            raise DataError(f"data folder {str(path)!r} does not exist")
        found = sorted(f for f in root.rglob("*") if f.suffix.lower() in SUFFIXES)
        self.files = [file for file in found if is_picture_name(file.name, SUFFIXES)]
        self.skipped = len(found) - len(self.files)
        if not self.files:
            raise DataError(f"no images ({', '.join(SUFFIXES)}) in {str(path)!r}")
        self.names = tuple(file.relative_to(root).as_posix() for file in self.files)
        keys = _label_table(root)
        self.labels = tuple(
            class_index.get(keys.get(name, Path(name).parent.name), UNLABELLED)
            for name in self.names
        )
        self._cache: dict[int, Pixels] | None = {} if cache else None

    def __len__(self) -> int:
        return len(self.files)

    def pixels(self, number: int) -> Pixels:
        """Pixels (H, W, 3) of one photograph.

        Raises:
            DataError: the file cannot be decoded; the message names it.
        """
        if self._cache is not None and number in self._cache:
            return self._cache[number]
        array = _decode(self.files[number].read_bytes(), str(self.files[number]))
        if self._cache is not None:
            self._cache[number] = array
        return array

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

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """`size` crops of `crop` × `crop` pixels for an optimiser step."""
        rng = np.random.default_rng((self.seed, self.rank, step))
        chosen = self.members[rng.integers(len(self.members), size=size)]
        crops = [random_crop(self.folder.pixels(int(n)), crop, rng) for n in chosen]
        return _as_batch(crops, [self.folder.labels[int(n)] for n in chosen])


class ShardSource:
    """Crops of WebDataset shards, streamed; each process reads every world-th shard.

    A run that resumes reads its stream again up to where it stopped, so that the photographs and
    their order are those of an uninterrupted run.

    Raises:
        DataError: fewer shards than processes.
    """

    def __init__(
        self,
        pattern: str,
        class_index: dict[str, int],
        *,
        seed: int,
        rank: int = 0,
        world: int = 1,
        shuffle: int = 1024,
    ) -> None:
        from braceexpand import braceexpand

        shards = list(braceexpand(pattern))[rank::world]
        if not shards:
            raise DataError(f"{pattern}: fewer shards than processes ({world})")
        self.shards, self.class_index = shards, class_index
        self.seed, self.rank, self.shuffle = seed, rank, shuffle
        self._stream: Iterator[tuple[bytes, int]] | None = None
        self._taken = 0

    def batch(self, step: int, size: int, crop: int) -> Batch:
        """`size` crops for an optimiser step; steps may be skipped forwards, not backwards."""
        if self._stream is None or self._taken > step * size:
            self._stream, self._taken = self._samples(), 0
        while self._taken < step * size:
            next(self._stream)
            self._taken += 1
        rng = np.random.default_rng((self.seed, self.rank, step))
        drawn = [next(self._stream) for _ in range(size)]
        self._taken += size
        crops = [random_crop(_decode(data, "shard"), crop, rng) for data, _ in drawn]
        return _as_batch(crops, [label for _, label in drawn])

    def _samples(self) -> Iterator[tuple[bytes, int]]:
        """Undecoded images and labels without end, shuffled in a buffer."""
        rng = np.random.default_rng((self.seed, self.rank))
        buffer: list[tuple[bytes, int]] = []
        while True:
            found = False
            for sample in self._one_pass(rng):
                found = True
                buffer.append(sample)
                if len(buffer) > self.shuffle:
                    place = int(rng.integers(len(buffer)))
                    buffer[place], buffer[-1] = buffer[-1], buffer[place]
                    yield buffer.pop()
            if not found:
                raise DataError(f"no images in shards {self.shards[:3]}")
            if len(buffer) < self.shuffle:
                yield buffer.pop(int(rng.integers(len(buffer))))

    def _one_pass(self, rng: np.random.Generator) -> Iterator[tuple[bytes, int]]:
        for number in rng.permutation(len(self.shards)):
            for sample in read_shard(self.shards[int(number)]):
                image = next((v for k, v in sample.items() if f".{k}" in SUFFIXES), None)
                if image is not None:
                    yield image, _shard_label(sample, self.class_index)


def read_shard(shard: str) -> Iterator[dict[str, bytes]]:
    """Samples of a WebDataset shard: neighbouring entries that share the name before the dot.

    A shard is a local file, or any address that WebDataset opens (`pipe:`, `https:`).

    Raises:
        DataError: it cannot be opened, or is no tar file.
    """
    from webdataset.gopen import gopen

    try:
        with gopen(shard) as stream, tarfile.open(fileobj=stream, mode="r|*") as tar:
            yield from _samples_of(tar)
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"shard {shard} cannot be read: {error}") from error


def _samples_of(tar: tarfile.TarFile) -> Iterator[dict[str, bytes]]:
    sample: dict[str, bytes] = {}
    current = ""
    for entry in tar:
        content = tar.extractfile(entry) if entry.isfile() else None
        if content is None or entry.name.rpartition("/")[2].startswith("._"):  # macOS puts those in
            continue
        folder, _, file = entry.name.rpartition("/")
        stem, _, suffix = file.partition(".")
        key = f"{folder}/{stem}"
        if key != current and sample:
            yield sample
            sample = {}
        current = key
        sample[suffix.lower()] = content.read()
    if sample:
        yield sample


def open_source(
    settings: DataSettings,
    class_index: dict[str, int],
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
    if ".tar" in settings.path:
        shards = ShardSource(
            settings.path, class_index, seed=seed, rank=rank, world=world, shuffle=settings.shuffle
        )
        return shards, None, none
    folder = ImageFolder(settings.path, class_index, cache=settings.cache)
    held = held_out(folder.names, settings.holdout_share or fitting_share(settings, len(folder)))
    if held.all():
        raise DataError(
            f"{settings.path!r} has {len(folder)} images, all held out; give more images, or a "
            "smaller share with --set data.holdout_share=0.1"
        )
    numbers = np.arange(len(folder))
    members = numbers[~held]
    source: CropSource = FolderSource(folder, members, seed=seed, rank=rank)
    if settings.placement != "host" and device is not None:
        from codec_plugin.train.device_source import DeviceSource, fits

        if settings.placement == "device" or fits(len(members), device):
            source = DeviceSource(folder, members, device, seed=seed, rank=rank)
    return source, folder, numbers[held]


_SMALL_FOLDER = 0.1  # largest share that is held out without being asked for


def fitting_share(settings: DataSettings, images: int) -> float:
    """Share of a folder's names that holds out about `settings.holdout`, at most a tenth."""
    return min(_SMALL_FOLDER, settings.holdout / max(1, images))


def held_out(names: Sequence[str], share: float) -> NDArray[np.bool_]:
    """Which files are held out: a hash of each file's own name decides, (N,) bool.

    Where the share is not zero but no name falls below it, the lowest one does.
    """
    if share <= 0:
        return np.zeros(len(names), dtype=np.bool_)
    digests = [hashlib.sha256(Path(name).name.encode()).digest()[:8] for name in names]
    place = np.array([int.from_bytes(digest, "big") for digest in digests]) / 2.0**64
    return np.asarray(place <= max(share, float(place.min())))


def random_crop(pixels: Pixels, size: int, rng: np.random.Generator) -> Pixels:
    """A square crop, flipped half the time; a smaller image is first mirrored at its edges."""
    pixels = mirrored_to(pixels, size)
    height, width = pixels.shape[:2]
    top = int(rng.integers(height - size + 1))
    left = int(rng.integers(width - size + 1))
    crop = pixels[top : top + size, left : left + size]
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def mirrored_to(pixels: Pixels, size: int) -> Pixels:
    """An image (H, W, 3) of at least `size` each way: a smaller one is mirrored at its edges."""
    height, width = pixels.shape[:2]
    if min(height, width) >= size:
        return pixels
    grow = ((0, max(0, size - height)), (0, max(0, size - width)), (0, 0))
    return np.pad(pixels, grow, mode="symmetric")


def _as_batch(crops: list[Pixels], labels: list[int]) -> Batch:
    stacked = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    return Batch(stacked.contiguous(memory_format=torch.channels_last), torch.tensor(labels))


def _decode(data: bytes, name: str) -> Pixels:
    from codec_plugin.images import read_picture

    try:
        return read_picture(io.BytesIO(data), name=name, max_side_px=None).bytes_rgb
    except ImageError as error:
        raise DataError(str(error)) from error


def _label_table(root: Path) -> dict[str, str]:
    table = root / "labels.csv"
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        if not {"file", "wnid"} <= set(rows.fieldnames or ()):
            raise DataError(f"{table.name} must have the columns file and wnid")
        return {row["file"].replace(os.sep, "/"): row["wnid"] for row in rows}


_LABEL_READERS: dict[str, Callable[[bytes], str]] = {
    "wnid": lambda value: value.decode().strip(),
    "txt": lambda value: value.decode().strip(),
}


def _shard_label(sample: dict[str, bytes], class_index: dict[str, int]) -> int:
    """Class number from a `.wnid` or `.txt` entry that holds a class key."""
    for field, read in _LABEL_READERS.items():
        if field in sample:
            return class_index.get(read(sample[field]), UNLABELLED)
    return UNLABELLED
