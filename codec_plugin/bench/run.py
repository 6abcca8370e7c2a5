"""Run the benchmark: codecs times photographs, resumable, one table at the end.

bench/rows/NAME.csv     appended photograph by photograph; what stands there is not done again
bench/protocol.json     what was asked: photographs, classifier, label map, cuts
bench/results.parquet   all rows, and results.csv the same for people
bench/also/CLASSIFIER/  the same for another classifier that looked at the same pictures
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import torch

from codec_plugin.bench.answer import LabelCodec, label_rows
from codec_plugin.bench.table import RowsTable
from codec_plugin.errors import CodecError, ConfigError
from codec_plugin.evaluate.metrics import ms_ssim, psnr_db
from codec_plugin.evaluate.protocol import (
    CLEAN,
    Evaluation,
    chosen_images,
    read_rows,
    write_rows,
)
from codec_plugin.evaluate.subjects import Cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from codec_plugin.bench.registry import BenchCodec, Pixels

__all__ = [
    "BENCH_RANGE_BPP",
    "BenchEvaluation",
    "Metered",
    "Protocol",
    "other_benches",
    "read_bench",
    "run_bench",
]

BENCH_RANGE_BPP = (0.025, 0.8)
"""Rates that progressive files are cut at; six or eleven cuts hit 0.05, 0.1, 0.2, 0.4, 0.8."""


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all codecs of one benchmark share.

    Attributes:
        photographs: SHA-256 over the names and contents of the photographs that are used.
        images: how many.
        classifier: who looks.
        label_map: name and id of the hierarchy.
        cuts: log-spaced budgets at which progressive files are cut.
    """

    photographs: str
    images: int
    classifier: str
    label_map: str
    cuts: int


class Extra(NamedTuple):
    """What the benchmark knows of a point beyond its bytes and pixels."""

    container_bytes: int
    encode_s: float
    decode_s: float


@dataclass
class Metered:
    """A codec as a subject of `evaluate`: its points, with what they cost.

    Args:
        name: of the rows.
        codec: what is measured.
        n_cuts: log-spaced cuts of a progressive file, besides the ends of its stages.
    """

    name: str
    codec: BenchCodec
    n_cuts: int
    extras: dict[str, Extra] = field(default_factory=dict)
    _image: str = ""
    _points: list[Cut] = field(default_factory=list)

    def cuts(self, pixels: Pixels, image: str) -> Iterator[Cut]:
        """Points of one photograph, made once for all who look at them."""
        if image != self._image:
            self._points = list(self._made(pixels))
            self._image = image
        yield from self._points

    def _made(self, pixels: Pixels) -> Iterator[Cut]:
        """Points; prefixes that show nothing are left out."""
        for setting in self.codec.settings:
            began = time.perf_counter()
            data = self.codec.encode(pixels, setting)
            encode_s = time.perf_counter() - began
            if not self.codec.progressive:
                yield self._point(f"quality-{setting}", data, encode_s)
                continue
            for name, end in self._ends(data, pixels):
                try:
                    yield self._point(name, data[:end], encode_s)
                except CodecError:
                    continue

    def _ends(self, data: bytes, pixels: Pixels) -> Iterator[tuple[str, int]]:
        for stage, end in enumerate(self.codec.stage_ends(data)):
            yield f"stage-{stage + 1}", end
        for bpp in np.geomspace(*BENCH_RANGE_BPP, self.n_cuts) if self.n_cuts else ():
            yield f"bpp-{bpp:.4f}", min(int(bpp * pixels[..., 0].size / 8), len(data))

    def _point(self, name: str, data: bytes, encode_s: float) -> Cut:
        began = time.perf_counter()
        decoded = self.codec.decode(data)
        seconds = time.perf_counter() - began
        self.extras[name] = Extra(self.codec.container_bytes(data), encode_s, seconds)
        return Cut(name, len(data), decoded)


@dataclass(frozen=True)
class BenchEvaluation(Evaluation):
    """`Evaluation` whose rows also tell container bytes and times; `label` has rows of its own.

    Args:
        quality: measure PSNR and MS-SSIM; once is enough where several classifiers look.
    """

    quality: bool = True

    def rows(self, subject: Any, number: int) -> Iterator[dict[str, Any]]:
        """Rows of one codec for one photograph and of the original, columns equal for all."""
        original = self.clean_row(number)
        if isinstance(subject.codec, LabelCodec):
            hierarchy = self.recogniser.hierarchy
            for row in label_rows(original, hierarchy.level_names, hierarchy.sizes):
                yield row | Extra(0, 0.0, 0.0)._asdict()
        else:
            yield from self._coded(subject, number)
        yield original | Extra(0, 0.0, 0.0)._asdict()

    def clean_row(self, number: int) -> dict[str, Any]:
        """What is said of the original."""
        return self._clean_row(number)

    def _coded(self, subject: Metered, number: int) -> Iterator[dict[str, Any]]:
        pixels = self.folder.pixels(number)
        original = _tensor(pixels)
        clean = self.recogniser.answer(original)
        for cut in subject.cuts(pixels, self.folder.names[number]):
            decoded = _tensor(cut.pixels)
            measured = {"psnr_db": math.nan, "ms_ssim": math.nan}
            if self.quality:
                measured = {
                    "psnr_db": psnr_db(original, decoded),
                    "ms_ssim": ms_ssim(original, decoded),
                }
            answer = self.recogniser.answer(decoded)
            extra = subject.extras[cut.name]
            yield self._row(subject.name, number, cut, measured, answer, clean) | {
                "container_bytes": extra.container_bytes,
                "encode_s": round(extra.encode_s, 4),
                "decode_s": round(extra.decode_s, 4),
            }


def run_bench(
    codecs: Sequence[tuple[str, BenchCodec]],
    evaluation: BenchEvaluation,
    folder: Path,
    *,
    cuts: int,
    limit: int | None = None,
    also: Sequence[BenchEvaluation] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Rows of all codecs, those that stand in `folder` and those made now.

    Args:
        codecs: how their rows are called, and what makes them.
        evaluation: classifier, label map and photographs.
        folder: of the benchmark; made if needed.
        also: further classifiers for the same pictures; rows go to `folder`/also/CLASSIFIER.
        cuts: log-spaced cuts of progressive files.
        limit: photographs, evenly spaced over the folder of photographs.
        progress: told the codec, photographs done and in all.
    Raises:
        ConfigError: the folder holds a benchmark of another protocol.
    """
    places = {folder: evaluation} | {folder / "also" / _short(one): one for one in also}
    for place, one in places.items():
        _keep_protocol(place, _protocol(one, cuts, limit))
        (place / "rows").mkdir(parents=True, exist_ok=True)
    numbers = chosen_images(len(evaluation.folder), limit)
    for name, codec in codecs:
        subject = Metered(name, codec, cuts)
        tables = [(RowsTable(place / "rows" / f"{name}.csv"), one) for place, one in places.items()]
        for count, number in enumerate(numbers):
            image = evaluation.folder.names[number]
            for table, one in tables:
                if image not in table.images:
                    table.append(image, list(one.rows(subject, number)))
            if progress is not None:
                progress(name, count + 1, len(numbers))
    for place in places:
        read_bench(place)
    return read_bench(folder)


def other_benches(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of the further classifiers of a benchmark, by their names."""
    places = sorted(path.parent for path in (folder / "also").glob("*/protocol.json"))
    return {place.name: read_bench(place) for place in places}


def read_bench(folder: Path) -> list[dict[str, Any]]:
    """All rows of a benchmark's folder, the originals' once; writes the merged tables beside.

    Raises:
        ConfigError: no rows there.
    """
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for path in sorted((folder / "rows").glob("*.csv")):
        for row in read_rows(path):
            if row["subject"] == CLEAN:
                if row["image"] in seen:
                    continue
                seen.add(row["image"])
            rows.append(row)
    if not rows:
        raise ConfigError(f"{folder} holds no rows of a benchmark; run c2f bench -o {folder}")
    write_rows(folder / "results.csv", rows)
    write_rows(folder / "results.parquet", rows)
    return rows


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


def _short(evaluation: BenchEvaluation) -> str:
    """A classifier's name without folders and ending."""
    name = evaluation.recogniser.classifier.name.rpartition("/")[2]
    return name.rpartition(":")[2].removesuffix(".npz").removesuffix(".tflite")


def _protocol(evaluation: BenchEvaluation, cuts: int, limit: int | None) -> Protocol:
    folder, recogniser = evaluation.folder, evaluation.recogniser
    digest = hashlib.sha256()
    numbers = chosen_images(len(folder), limit)
    for number in numbers:
        digest.update(folder.names[number].encode() + b"\0")
        digest.update(hashlib.sha256(folder.files[number].read_bytes()).digest())
    return Protocol(
        photographs=digest.hexdigest(),
        images=len(numbers),
        classifier=recogniser.classifier.name.rpartition("/")[2],
        label_map=f"{recogniser.hierarchy.name} {recogniser.hierarchy.id[:16]}",
        cuts=cuts,
    )


def _keep_protocol(folder: Path, protocol: Protocol) -> None:
    from hierlab._files import write_atomic

    path = folder / "protocol.json"
    if path.exists():
        try:
            before = msgspec.json.decode(path.read_bytes(), type=Protocol)
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{path} is not a benchmark's protocol: {error}") from error
        for name in protocol.__struct_fields__:
            old, new = getattr(before, name), getattr(protocol, name)
            if old != new:
                raise ConfigError(
                    f"{folder} holds a benchmark with {name} {old}, this one has {new}: "
                    "choose another -o, or ask for the same"
                )
    write_atomic(path, msgspec.json.format(msgspec.json.encode(protocol), indent=1) + b"\n")
