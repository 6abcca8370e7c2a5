"""WebDataset shards: tar files of photographs, streamed."""

import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from codec_plugin.data.crops import SUFFIXES, Batch, Pixels, as_batch, decode_pixels, random_crop
from codec_plugin.data.image_labels import UNLABELLED, shard_label
from codec_plugin.data.picture import is_picture_name
from codec_plugin.errors import DataError

__all__ = ["ShardSource", "is_address", "is_shards", "read_shard", "shard_names"]


class Sample(NamedTuple):
    """One undecoded photograph of a shard."""

    name: str
    data: bytes
    label: int


class ShardSource:
    """Crops of WebDataset shards, streamed; each process reads every world-th shard.

    A run that resumes reads its stream again up to where it stopped, so that the photographs and
    their order are those of an uninterrupted run. For a photograph that cannot be decoded another
    one of its batch comes twice.

    Args:
        pattern: shards, braces expanded: `shards-{0000..0099}.tar`.
        class_index: number of each class; empty reads no labels (see `shard_label`).
    Attributes:
        broken: photographs that could not be decoded so far: name and why.
    Raises:
        DataError: fewer shards than processes.
    """

    def __init__(
        self,
        pattern: str,
        class_index: Mapping[str, int],
        *,
        seed: int,
        rank: int = 0,
        world: int = 1,
        shuffle: int = 1024,
    ) -> None:
        shards = shard_names(pattern)[rank::world]
        if not shards:
            raise DataError(f"{pattern}: fewer shards than processes ({world})")
        self.shards, self.class_index = shards, class_index
        self.seed, self.rank, self.shuffle = seed, rank, shuffle
        self.broken: dict[str, str] = {}
        self._stream: Iterator[Sample] | None = None
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
        decoded = [self._decoded(sample) for sample in drawn]
        good = [
            (p, sample.label) for p, sample in zip(decoded, drawn, strict=True) if p is not None
        ]
        if not good:
            raise DataError(
                f"all {size} photographs of step {step + 1} are broken, "
                f"such as {self.broken[drawn[0].name]}"
            )
        while len(good) < size:
            good.append(good[len(good) % len(good)])
        return as_batch([random_crop(p, crop, rng) for p, _ in good], [label for _, label in good])

    def labelled(self, first: int = 100) -> tuple[int, int]:
        """How many of the first photographs have a label, and how many were looked at."""
        labels = []
        for sample in self._shard(self.shards[0]):
            labels.append(sample.label)
            if len(labels) == first:
                break
        return sum(label != UNLABELLED for label in labels), len(labels)

    def _decoded(self, sample: Sample) -> Pixels | None:
        try:
            return decode_pixels(sample.data, sample.name)
        except DataError as error:
            self.broken[sample.name] = str(error)
            return None

    def _samples(self) -> Iterator[Sample]:
        """Photographs without end, shuffled in a buffer."""
        rng = np.random.default_rng((self.seed, self.rank))
        buffer: list[Sample] = []
        while True:
            any_sample = False
            for number in rng.permutation(len(self.shards)):
                for sample in self._shard(self.shards[int(number)]):
                    any_sample = True
                    buffer.append(sample)
                    if len(buffer) > self.shuffle:
                        place = int(rng.integers(len(buffer)))
                        buffer[place], buffer[-1] = buffer[-1], buffer[place]
                        yield buffer.pop()
            if not any_sample:
                raise DataError(f"no images in shards {self.shards[:3]}")
            if len(buffer) < self.shuffle:
                yield buffer.pop(int(rng.integers(len(buffer))))

    def _shard(self, shard: str) -> Iterator[Sample]:
        for key, entries in read_shard(shard):
            image = next((k for k in entries if is_picture_name(f"x.{k}", SUFFIXES)), None)
            if image is not None:
                name = f"{key}.{image} in {shard}"
                label = shard_label(entries, self.class_index, f"{key} in {shard}")
                yield Sample(name, entries[image], label)


def is_address(text: str) -> bool:
    """Whether a text names no local file: `https://…`, `pipe:…`."""
    return re.match(r"[a-z][a-z0-9+.-]*://|pipe:", text) is not None


def is_shards(text: str) -> bool:
    """Whether a data path means shards and no folder."""
    return not Path(text).is_dir() and (".tar" in text or is_address(text))


def shard_names(pattern: str) -> list[str]:
    """Shards that a pattern means, braces expanded."""
    from braceexpand import braceexpand

    return list(braceexpand(pattern))


def read_shard(shard: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Samples of a shard: neighbouring entries that share the name before the dot.

    A shard is a local file, or any address that WebDataset opens (`pipe:`, `https:`).

    Yields:
        The name before the dot, and the entries' bytes by what follows it.
    Raises:
        DataError: it cannot be opened, or is no tar file.
    """
    from webdataset.gopen import gopen

    try:
        with gopen(shard) as stream, tarfile.open(fileobj=stream, mode="r|*") as tar:
            yield from _samples_of(tar)
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"shard {shard} cannot be read: {error}") from error


def _samples_of(tar: tarfile.TarFile) -> Iterator[tuple[str, dict[str, bytes]]]:
    sample: dict[str, bytes] = {}
    current = ""
    for entry in tar:
        content = tar.extractfile(entry) if entry.isfile() else None
        if content is None or entry.name.rpartition("/")[2].startswith("._"):  # macOS puts those in
            continue
        folder, _, file = entry.name.rpartition("/")
        stem, _, suffix = file.partition(".")
        key = f"{folder}/{stem}" if folder else stem
        if key != current and sample:
            yield current, sample
            sample = {}
        current = key
        sample[suffix.lower()] = content.read()
    if sample:
        yield current, sample
