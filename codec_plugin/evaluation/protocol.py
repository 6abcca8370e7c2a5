"""Evaluate photographs one by one: every cut's bytes, quality and answers, as rows of a table."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.codecs.base import Cut, Pixels, Subject
from codec_plugin.evaluation.identity import (
    Identity,
    classifier_identity,
    photograph_identity,
    plural,
    refuse_others,
)
from codec_plugin.evaluation.metrics import ms_ssim, psnr_db
from codec_plugin.evaluation.recognition import Answer, Recogniser, true_clusters
from codec_plugin.evaluation.results_table import CLEAN, Row, append_rows, read_rows, write_rows

__all__ = ["Evaluation", "merge_shards", "shard_path"]


@dataclass(frozen=True)
class Evaluation:
    """Subjects times photographs, seen by one classifier.

        photograph ─► subject.cuts ─► (bytes, pixels) ─► PSNR, MS-SSIM
                                                   └──► classifier ─► answers per level ─► row

    A row has: subject, image, cut, bytes, rate_bpp, psnr_db, ms_ssim; for each level LEVEL:
    correct_LEVEL (0, 1 or empty without a label) and agree_LEVEL (with the clean photograph);
    wu_palmer (of the fine answer with the label), answer (class key), confidence_LEVEL; and what
    it was measured with (see `identity`).

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
        told: Callable[[str], None] | None = None,
    ) -> int:
        """Append the rows of every photograph that `path` (CSV) does not hold yet.

        Rows of a subject's former model, and of photographs that have changed, are measured anew.

        Args:
            limit: photographs, evenly spaced over the folder.
            shard: this process's number and the number of processes.
            progress: told photographs done and in all.
            told: told in a sentence what is measured anew.
        Returns:
            Number of photographs in this shard.
        Raises:
            ConfigError: the table was measured with another classifier, label map or other cuts.
        """
        numbers = chosen_images(len(self.folder), limit)[shard[0] :: shard[1]]
        finished = self._finished(path, told)
        for count, number in enumerate(numbers):
            name = self.folder.names[number]
            for subject in self.subjects:
                if (subject.name, name) not in finished:
                    rows = list(self.rows(subject, number))
                    append_rows(path, rows)
            clean = (CLEAN, name)
            if clean not in finished:
                append_rows(path, [self._clean_row(number)])
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
            yield self._row(subject, number, cut, quality, answer, clean)

    def _finished(self, path: Path, told: Callable[[str], None] | None) -> set[tuple[str, str]]:
        """Pairs of subject and image whose rows stand in the file, after stale ones are dropped.

        Rows are appended an image at a time; the last image's may be cut off where a run was
        killed, so a subject's last image is dropped from the file and done again.
        """
        rows = read_rows(path) if path.exists() else []
        if not rows:
            return set()
        last = (rows[-1]["subject"], rows[-1]["image"])
        whole = [row for row in rows if (row["subject"], row["image"]) != last]
        kept = self._comparable(path, whole, told)
        if kept:
            write_rows(path, kept)
        else:
            path.unlink()
        return {(row["subject"], row["image"]) for row in kept}

    def _comparable(
        self, path: Path, rows: Sequence[Row], told: Callable[[str], None] | None
    ) -> list[Row]:
        """Rows that may stand beside those to be made; see `identity`."""
        asked: dict[str, Subject | None] = {subject.name: subject for subject in self.subjects}
        refuse_others(path, rows, self._seen_by, {row["subject"] for row in rows})
        for name, subject in asked.items():
            assert subject is not None
            refuse_others(path, rows, {"cuts": subject.points}, {name})
        places = {name: number for number, name in enumerate(self.folder.names)}
        asked[CLEAN] = None

        def sound(row: Row) -> bool:
            subject = asked.get(row["subject"])
            number = places.get(row["image"])
            now = "" if number is None else self._photograph(number)
            return row["photograph"] == now and (subject is None or row["model"] == subject.model)

        kept = [row for row in rows if sound(row)]
        lost = sorted({str(row["subject"]) for row in rows if not sound(row)})
        if others := [name for name in lost if name not in asked]:
            raise ConfigError(
                f"photographs have changed since {path} got its rows of {', '.join(others)}: "
                "measure these too, choose another -o, or --force to begin the table anew"
            )
        if lost and told is not None:
            told(
                f"{plural(len(rows) - len(kept), 'row')} of {', '.join(lost)} in {path} belong to "
                "another model or to photographs that have changed: measured anew"
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

    @cached_property
    def _photographs(self) -> dict[int, str]:
        return {}

    def _clean_row(self, number: int) -> Row:
        pixels = self.folder.pixels(number)
        answer = self.recogniser.answer(_tensor(pixels))
        cut = Cut(CLEAN, self.folder.files[number].stat().st_size, pixels)
        none = {"psnr_db": math.nan, "ms_ssim": math.nan}
        return self._row(None, number, cut, none, answer, answer)

    def _row(
        self,
        subject: Subject | None,
        number: int,
        cut: Cut,
        quality: dict[str, float],
        answer: Answer,
        clean: Answer,
    ) -> Row:
        """A row; no subject is the photograph itself."""
        hierarchy = self.recogniser.hierarchy
        height, width = cut.pixels.shape[:2]
        row: Row = {
            "subject": CLEAN if subject is None else subject.name,
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
        made = {"model": "", "cuts": ""}
        if subject is not None:
            made = {"model": subject.model, "cuts": subject.points}
        photograph = {"photograph": self._photograph(number)}
        return row | Identity(**self._seen_by, **made, **photograph)._asdict()


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


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
