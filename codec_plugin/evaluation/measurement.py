"""Measure codecs on photographs: every cut's bytes, quality and answers, as rows of tables.

    photograph ─► codec ─► cuts ─► (bytes, pixels) ─► PSNR, MS-SSIM
                                                └──► classifier ─► answers per level ─► row

`c2f eval` keeps one table of all codecs (`Evaluation.run`), `c2f bench` one of each (`benchmark`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.label_codec import LabelCodec, label_rows
from codec_plugin.evaluation.cuts import Point
from codec_plugin.evaluation.identity import (
    Identity,
    classifier_identity,
    photograph_identity,
    plural,
    refuse_others,
)
from codec_plugin.evaluation.metrics import ms_ssim, psnr_db
from codec_plugin.evaluation.recognition import Answer, Recogniser, image_tensor, true_clusters
from codec_plugin.evaluation.results_table import (
    CLEAN,
    COSTS,
    ResultsTable,
    Row,
    read_rows,
    whole_fields,
    write_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from codec_plugin.data.image_folder import ImageFolder
    from codec_plugin.evaluation.cuts import Cutter

__all__ = ["Evaluation", "chosen_images", "measure", "merge_shards", "shard_path"]


class _Original(NamedTuple):
    """A photograph (3, H, W) in 0..1, the classifier's answer to it, and its row."""

    image: Tensor
    answer: Answer
    row: Row


@dataclass(frozen=True)
class Evaluation:
    """What one classifier makes of photographs and of codecs' pictures of them.

    Args:
        recogniser: the classifier through the hierarchy.
        folder: photographs and labels; labels count within the hierarchy's classes.
        timed: rows tell container bytes and seconds too.
        quality: measure PSNR and MS-SSIM; once is enough where several classifiers look.
    """

    recogniser: Recogniser
    folder: ImageFolder
    timed: bool = False
    quality: bool = True
    _photographs: dict[int, str] = field(default_factory=dict)
    _originals: dict[int, _Original] = field(default_factory=dict)

    def run(
        self,
        cutters: Sequence[Cutter],
        path: Path,
        *,
        limit: int | None = None,
        shard: tuple[int, int] = (0, 1),
        progress: Callable[[int, int], None] | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> int:
        """Append the rows of every photograph that `path` (CSV) does not hold yet.

        Rows of a codec's former model, and of photographs that have changed, are measured anew.

        Args:
            cutters: codecs with their cuts.
            limit: photographs, evenly spaced over the folder.
            shard: this process's number and the number of processes.
            progress: is given photographs done and in all.
            notify: is given a sentence on what is measured anew.
        Returns:
            Number of photographs in this shard.
        Raises:
            ConfigError: the table was measured with another classifier, label map or other cuts.
        """
        numbers = chosen_images(len(self.folder), limit)[shard[0] :: shard[1]]
        table = self._comparable(cutters, path, notify)

        def photographs_done(name: str, done: int, total: int) -> None:
            if progress is not None and done % len(cutters) == 0:
                progress(done // len(cutters), total // len(cutters))

        tables = dict.fromkeys((cutter.name for cutter in cutters), table)
        measure(cutters, numbers, [(self, tables)], photographs_done)
        return len(numbers)

    def rows(self, cutter: Cutter, number: int) -> list[Row]:
        """Rows of one codec for one photograph."""
        original = self.original(number)
        if isinstance(cutter.codec, LabelCodec):
            hierarchy = self.recogniser.hierarchy
            own = self._identity(number, cutter)
            rows = label_rows(original.row, hierarchy.level_names, hierarchy.sizes)
            return [replace(row, subject=cutter.name, identity=own) for row in rows]
        points = cutter.points(self.folder.pixels(number), self.folder.names[number])
        return [self._coded(cutter, number, point) for point in points]

    def original(self, number: int) -> _Original:
        """A photograph with its answer and row; the last one's are kept."""
        if number not in self._originals:
            pixels = self.folder.pixels(number)
            image = image_tensor(pixels)
            answer = self.recogniser.answer(image)
            point = Point(CLEAN, self.folder.files[number].stat().st_size, pixels, 0, 0.0, 0.0)
            row = self._row(None, number, point, (math.nan, math.nan), answer, answer)
            self._originals.clear()
            self._originals[number] = _Original(image, answer, row)
        return self._originals[number]

    def _coded(self, cutter: Cutter, number: int, point: Point) -> Row:
        original, image = self.original(number), image_tensor(point.pixels)
        quality = (math.nan, math.nan)
        if self.quality:
            quality = psnr_db(original.image, image), ms_ssim(original.image, image)
        answer = self.recogniser.answer(image)
        return self._row(cutter, number, point, quality, answer, original.answer)

    def _row(
        self,
        cutter: Cutter | None,
        number: int,
        point: Point,
        quality: tuple[float, float],
        answer: Answer,
        clean: Answer,
    ) -> Row:
        """A row of a codec's point; without a codec, of the photograph itself."""
        measures: dict[str, float | None] = dict(
            zip(("psnr_db", "ms_ssim"), (round(value, 5) for value in quality), strict=True)
        )
        measures |= self._answers(number, answer, clean)
        if self.timed:
            seconds = round(point.encode_s, 4), round(point.decode_s, 4)
            measures |= dict(zip(COSTS, (point.container_bytes, *seconds), strict=True))
        height, width = point.pixels.shape[:2]
        return Row(
            CLEAN if cutter is None else cutter.name,
            self.folder.names[number],
            point.cut,
            point.bytes,
            round(8 * point.bytes / (height * width), 6),
            measures,
            self.recogniser.hierarchy.class_ids[answer.fine_class],
            self._identity(number, cutter),
        )

    def _answers(self, number: int, answer: Answer, clean: Answer) -> dict[str, float | None]:
        """Measures of an answer beside the label and the original's answer."""
        hierarchy, label = self.recogniser.hierarchy, self.folder.labels[number]
        truth = true_clusters(hierarchy, hierarchy.class_ids[label]) if label >= 0 else None
        measures: dict[str, float | None] = {}
        for level, name in enumerate(hierarchy.level_names):
            cluster = answer.clusters[level]
            measures[f"correct_{name}"] = None if truth is None else int(cluster == truth[level])
            measures[f"agree_{name}"] = int(cluster == clean.clusters[level])
            measures[f"confidence_{name}"] = round(answer.confidences[level], 4)
        measures["wu_palmer"] = None
        similarity = self.recogniser.similarity
        if similarity is not None and label >= 0:
            measures["wu_palmer"] = round(float(similarity[answer.fine_class, label]), 4)
        return measures

    def _identity(self, number: int, cutter: Cutter | None = None) -> Identity:
        """What a row was measured with; without a codec, that of the photograph itself."""
        model, cuts = ("", "") if cutter is None else (cutter.model, cutter.cuts)
        photograph = self._photograph(number)
        return Identity(model=model, cuts=cuts, photograph=photograph, **self._seen_by)

    def _comparable(
        self, cutters: Sequence[Cutter], path: Path, notify: Callable[[str], None] | None
    ) -> ResultsTable:
        """The table without rows that may not stand beside those to be made; see `identity`."""
        table = whole_fields(path)
        refuse_others(path, table, self._seen_by)
        for cutter in cutters:
            refuse_others(path, table, {"cuts": cutter.cuts}, cutter.name)
        places = {name: number for number, name in enumerate(self.folder.names)}
        models: dict[str, str | None] = {cutter.name: cutter.model for cutter in cutters}

        def fits(fields: Mapping[str, str]) -> bool:
            number, model = places.get(fields["image"]), models.get(fields["subject"])
            now = "" if number is None else self._photograph(number)
            return fields["photograph"] == now and model in (None, fields["model"])

        stale = {fields["subject"] for fields in table if not fits(fields)}
        if others := sorted(stale - {*models, CLEAN}):
            raise ConfigError(
                f"photographs have changed since {path} got its rows of {', '.join(others)}: "
                "measure these too, choose another -o, or --force to begin the table anew"
            )
        kept = ResultsTable(path, fits)
        if stale and notify is not None:
            notify(
                f"{plural(kept.stale_rows, 'row')} of {', '.join(sorted(stale))} in {path} belong "
                "to another model or to photographs that have changed: measured anew"
            )
        return kept

    @cached_property
    def _seen_by(self) -> dict[str, str]:
        """What all rows share, whatever the codec."""
        return {
            "classifier": classifier_identity(self.recogniser.classifier),
            "label_map": self.recogniser.hierarchy.id[:16],
        }

    def _photograph(self, number: int) -> str:
        if number not in self._photographs:
            keys = self.recogniser.hierarchy.class_ids
            self._photographs[number] = photograph_identity(self.folder, number, keys)
        return self._photographs[number]


def measure(
    cutters: Sequence[Cutter],
    numbers: Sequence[int],
    views: Sequence[tuple[Evaluation, Mapping[str, ResultsTable]]],
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Append to tables what they lack: all codecs of a photograph, then itself, and the next.

    A run that is stopped thus has the same photographs for every codec.

    Args:
        cutters: codecs with their cuts.
        numbers: of the photographs, in order.
        views: classifiers over the same folder, each with its table of every codec's rows.
        progress: is given the codec, and how many pairs of codec and photograph are done and in
            all.
    """
    for place, number in enumerate(numbers):
        image = views[0][0].folder.names[number]
        for turn, cutter in enumerate(cutters):
            for evaluation, tables in views:
                if (cutter.name, image) not in tables[cutter.name].done:
                    tables[cutter.name].append(evaluation.rows(cutter, number))
            if turn + 1 == len(cutters):
                _append_originals(views, number, image)
            if progress is not None:
                done = place * len(cutters) + turn + 1
                progress(cutter.name, done, len(numbers) * len(cutters))


def _append_originals(
    views: Sequence[tuple[Evaluation, Mapping[str, ResultsTable]]], number: int, image: str
) -> None:
    for evaluation, tables in views:
        for table in tables.values():
            if (CLEAN, image) not in table.done:
                table.append([evaluation.original(number).row])


def chosen_images(count: int, limit: int | None) -> list[int]:
    """Numbers of the photographs to use: all, or `limit` of them evenly spaced."""
    if limit is None or limit >= count:
        return list(range(count))
    return [place * count // limit for place in range(limit)]


def shard_path(path: Path, shard: tuple[int, int]) -> Path:
    """Where a process keeps its rows; the file itself if there is only one process."""
    if shard[1] == 1:
        return path if path.suffix == ".csv" else path.with_suffix(".csv")
    return path.with_name(f"{path.stem}.shard-{shard[0] + 1}-of-{shard[1]}.csv")


def merge_shards(path: Path, shards: int) -> int:
    """Put the shards' rows into one table, ordered by image; returns the number of rows."""
    rows: list[Row] = []
    for number in range(shards):
        rows += read_rows(shard_path(path, (number, shards)))
    rows.sort(key=lambda row: (row.subject, row.image))
    write_rows(path, rows)
    return len(rows)
