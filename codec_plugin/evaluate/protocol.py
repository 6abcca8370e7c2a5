"""Evaluate photographs one by one: every cut's bytes, quality and answers, as rows of a table."""

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from codec_plugin.evaluate.metrics import ms_ssim, psnr_db
from codec_plugin.evaluate.recognition import Answer, Recogniser, true_clusters
from codec_plugin.evaluate.rows import CLEAN, Row, read_rows, write_rows
from codec_plugin.evaluate.subjects import Cut, Pixels, Subject
from codec_plugin.train.data import ImageFolder

__all__ = ["Evaluation", "merge_shards", "shard_path"]


@dataclass(frozen=True)
class Evaluation:
    """Subjects times photographs, seen by one classifier.

        photograph ─► subject.cuts ─► (bytes, pixels) ─► PSNR, MS-SSIM
                                                   └──► classifier ─► answers per level ─► row

    A row has: subject, image, cut, bytes, rate_bpp, psnr_db, ms_ssim; for each level LEVEL:
    correct_LEVEL (0, 1 or empty without a label) and agree_LEVEL (with the clean photograph);
    wu_palmer (of the fine answer with the label), answer (class key), confidence_LEVEL.

    Args:
        subjects: what is compared.
        recogniser: the classifier through the hierarchy.
        folder: photographs and labels; labels count within the hierarchy's classes.
        labels: class key of each photograph by name, where known.
    """

    subjects: Sequence[Subject]
    recogniser: Recogniser
    folder: ImageFolder

    def run(
        self,
        path: Path,
        *,
        limit: int | None = None,
        shard: tuple[int, int] = (0, 1),
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Append the rows of every photograph that `path` (CSV) does not hold yet.

        Args:
            limit: photographs, evenly spaced over the folder.
            shard: this process's number and the number of processes.
            progress: told photographs done and in all.
        Returns:
            Number of photographs in this shard.
        """
        numbers = chosen_images(len(self.folder), limit)[shard[0] :: shard[1]]
        finished = _finished(path, [subject.name for subject in self.subjects])
        for count, number in enumerate(numbers):
            name = self.folder.names[number]
            for subject in self.subjects:
                if (subject.name, name) not in finished:
                    rows = list(self.rows(subject, number))
                    _append(path, rows)
            clean = (CLEAN, name)
            if clean not in finished:
                _append(path, [self._clean_row(number)])
            if progress is not None:
                progress(count + 1, len(numbers))
        return len(numbers)

    def rows(self, subject: Subject, number: int) -> Iterator[Row]:
        """Rows of one subject for one photograph."""
        pixels = self.folder.pixels(number)
        original = _tensor(pixels)
        clean = self.recogniser.answer(original)
        for cut in subject.cuts(pixels, self.folder.names[number]):
            decoded = _tensor(cut.pixels)
            answer = self.recogniser.answer(decoded)
            quality = {"psnr_db": psnr_db(original, decoded), "ms_ssim": ms_ssim(original, decoded)}
            yield self._row(subject.name, number, cut, quality, answer, clean)

    def _clean_row(self, number: int) -> Row:
        pixels = self.folder.pixels(number)
        answer = self.recogniser.answer(_tensor(pixels))
        cut = Cut(CLEAN, self.folder.files[number].stat().st_size, pixels)
        none = {"psnr_db": math.nan, "ms_ssim": math.nan}
        return self._row(CLEAN, number, cut, none, answer, answer)

    def _row(
        self,
        subject: str,
        number: int,
        cut: Cut,
        quality: dict[str, float],
        answer: Answer,
        clean: Answer,
    ) -> Row:
        hierarchy = self.recogniser.hierarchy
        height, width = cut.pixels.shape[:2]
        row: Row = {
            "subject": subject,
            "image": self.folder.names[number],
            "cut": cut.name,
            "bytes": cut.bytes,
            "rate_bpp": round(8 * cut.bytes / (height * width), 6),
            **{key: round(value, 5) for key, value in quality.items()},
        }
        label = self.folder.labels[number]
        truth = true_clusters(hierarchy, hierarchy.class_ids[label]) if label >= 0 else None
        for level, name in enumerate(hierarchy.level_names):
            row[f"correct_{name}"] = (
                "" if truth is None else int(answer.clusters[level] == truth[level])
            )
            row[f"agree_{name}"] = int(answer.clusters[level] == clean.clusters[level])
            row[f"confidence_{name}"] = round(answer.confidences[level], 4)
        similarity = self.recogniser.similarity
        row["wu_palmer"] = ""
        if similarity is not None and label >= 0:
            row["wu_palmer"] = round(float(similarity[answer.fine_class, label]), 4)
        row["answer"] = hierarchy.class_ids[answer.fine_class]
        return row


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
    rows.sort(key=lambda row: (row["subject"], row["image"]))
    write_rows(path, rows)
    return len(rows)


def _append(path: Path, rows: Sequence[Row]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerows(rows)


def _finished(path: Path, subjects: Sequence[str]) -> set[tuple[str, str]]:
    """Pairs of subject and image whose rows stand in the file.

    Rows are appended an image at a time; the last image's may be cut off where a run was killed,
    so a subject's last image is dropped from the file and done again.
    """
    if not path.exists():
        return set()
    rows = read_rows(path)
    if rows:
        last = (rows[-1]["subject"], rows[-1]["image"])
        rows = [row for row in rows if (row["subject"], row["image"]) != last]
        if rows:
            write_rows(path, rows)
        else:
            path.unlink()
    return {(row["subject"], row["image"]) for row in rows}


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
