"""Run the benchmark: codecs times photographs, resumable, one table at the end.

bench/rows/NAME.csv     appended photograph by photograph; what stands there is not done again
bench/protocol.json     what was asked: photographs, classifier, label map, cuts
bench/results.parquet   all rows, and results.csv the same for people
bench/also/CLASSIFIER/  the same for another classifier that looked at the same pictures
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.label_codec import LabelCodec, label_rows
from codec_plugin.evaluation.growing_table import RowsTable
from codec_plugin.evaluation.identity import classifier_identity, photograph_identity, plural
from codec_plugin.evaluation.measured import Extra, Metered
from codec_plugin.evaluation.metrics import ms_ssim, psnr_db
from codec_plugin.evaluation.protocol import Evaluation, chosen_images
from codec_plugin.evaluation.results_table import CLEAN, read_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from codec_plugin.evaluation.codecs.registry import BenchCodec, Pixels

__all__ = [
    "BenchEvaluation",
    "Protocol",
    "other_benches",
    "read_bench",
    "run_bench",
]


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all codecs of one benchmark share.

    Attributes:
        photographs: SHA-256 over the names and contents of the photographs that are used.
        images: how many.
        classifier: who looks.
        classifier_id: digest of its weights; empty in benchmarks of former versions.
        label_map: name and id of the hierarchy.
        cuts: log-spaced budgets at which progressive files are cut.
        low_cuts: further ones between 0.024 and 0.183 bpp.
    """

    photographs: str
    images: int
    classifier: str
    label_map: str
    cuts: int
    classifier_id: str = ""
    low_cuts: int = 0


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
            made = {"subject": subject.name, "model": subject.model, "cuts": subject.points}
            for row in label_rows(original, hierarchy.level_names, hierarchy.sizes):
                yield row | made | Extra(0, 0.0, 0.0)._asdict()
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
            yield self._row(subject, number, cut, measured, answer, clean) | {
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
    low_cuts: int = 0,
    limit: int | None = None,
    first: int | None = None,
    also: Sequence[BenchEvaluation] = (),
    progress: Callable[[str, int, int], None] | None = None,
    told: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Rows of all codecs, those that stand in `folder` and those made now.

    Args:
        codecs: how their rows are called, and what makes them.
        evaluation: classifier, label map and photographs.
        folder: of the benchmark; made if needed.
        also: further classifiers for the same pictures; rows go to `folder`/also/CLASSIFIER.
        cuts: log-spaced cuts of progressive files.
        low_cuts: further ones between 0.024 and 0.183 bpp, where classes are first told.
        limit: photographs, evenly spaced over the folder of photographs.
        first: do so many of them now, drawn at random, the same for every codec.
        progress: told the codec, and how many pairs of codec and photograph are done and in all.
        told: told in a sentence whose rows are measured anew, as the codec has changed.
    Raises:
        ConfigError: the folder holds a benchmark of another protocol.
    """
    places = {folder: evaluation} | {folder / "also" / _short(one): one for one in also}
    for place, one in places.items():
        _keep_protocol(place, _protocol(one, cuts, low_cuts, limit))
        (place / "rows").mkdir(parents=True, exist_ok=True)
    numbers = chosen_images(len(evaluation.folder), limit)
    subjects = [Metered(name, codec, cuts, low_cuts) for name, codec in codecs]
    tables = {
        (subject.name, place): _table(place / "rows" / f"{subject.name}.csv", subject)
        for subject in subjects
        for place in places
    }
    for (name, place), table in tables.items():
        if table.stale and told is not None:
            told(
                f"{plural(len(table.stale), 'photograph')} of {name} in {place} belong to another "
                "model or version of it: measured anew"
            )
    # In an order that says nothing, and all codecs of a photograph together: a run that is stopped
    # has the same fair sample of photographs for every codec.
    order = np.random.default_rng(0).permutation(len(numbers))[:first]
    for count, place_of in enumerate(order):
        number = numbers[int(place_of)]
        image = evaluation.folder.names[number]
        for turn, subject in enumerate(subjects):
            for place, one in places.items():
                table = tables[subject.name, place]
                if image not in table.images:
                    table.append(image, list(one.rows(subject, number)))
            if progress is not None:
                done = count * len(subjects) + turn + 1
                progress(subject.name, done, len(order) * len(subjects))
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


def _table(path: Path, subject: Metered) -> RowsTable:
    """A codec's rows; those of a changed codec are dropped."""

    def sound(row: dict[str, Any]) -> bool:
        if row["subject"] == CLEAN:
            return True
        return row.get("model") == subject.model and row.get("cuts") == subject.points

    return RowsTable(path, sound)


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


def _short(evaluation: BenchEvaluation) -> str:
    """A classifier's name without folders and ending."""
    name = evaluation.recogniser.classifier.name.rpartition("/")[2]
    return name.rpartition(":")[2].removesuffix(".npz").removesuffix(".tflite")


def _protocol(evaluation: BenchEvaluation, cuts: int, low_cuts: int, limit: int | None) -> Protocol:
    folder, recogniser = evaluation.folder, evaluation.recogniser
    digest = hashlib.sha256()
    numbers = chosen_images(len(folder), limit)
    for number in numbers:
        digest.update(folder.names[number].encode() + b"\0")
        identity = photograph_identity(folder, number, recogniser.hierarchy.class_ids)
        digest.update(identity.encode())
    return Protocol(
        photographs=digest.hexdigest(),
        images=len(numbers),
        classifier=recogniser.classifier.name.rpartition("/")[2],
        label_map=f"{recogniser.hierarchy.name} {recogniser.hierarchy.id[:16]}",
        cuts=cuts,
        low_cuts=low_cuts,
        classifier_id=classifier_identity(recogniser.classifier),
    )


def _keep_protocol(folder: Path, protocol: Protocol) -> None:
    from hierlab.utils.files import write_atomic

    path = folder / "protocol.json"
    if path.exists():
        try:
            before = msgspec.json.decode(path.read_bytes(), type=Protocol)
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{path} is not a benchmark's protocol: {error}") from error
        if not before.classifier_id:
            raise ConfigError(
                f"{folder} holds a benchmark of a former version, which did not record with what "
                "it was measured: choose another -o"
            )
        for name in protocol.__struct_fields__:
            old, new = getattr(before, name), getattr(protocol, name)
            if old != new:
                raise ConfigError(
                    f"{folder} holds a benchmark with {name} {old}, "
                    f"this one has {new}: "
                    "choose another -o, or ask for the same"
                )
    write_atomic(path, msgspec.json.format(msgspec.json.encode(protocol), indent=1) + b"\n")
