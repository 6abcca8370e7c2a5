"""Run the benchmark: codecs times photographs, resumable, one table at the end.

bench/rows/NAME.csv     appended photograph by photograph; what stands there is not done again
bench/protocol.json     what was asked: photographs, classifier, label map, cuts
bench/results.parquet   all rows, and results.csv the same for people
bench/also/CLASSIFIER/  the same for another classifier that looked at the same pictures
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from codec_plugin.errors import ConfigError
from codec_plugin.evaluation.cuts import Cutter, benchmark_plan
from codec_plugin.evaluation.identity import classifier_identity, photograph_identity, plural
from codec_plugin.evaluation.measurement import chosen_images, measure
from codec_plugin.evaluation.results_table import CLEAN, ResultsTable, Row, read_rows, write_rows
from hierlab.utils.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from codec_plugin.evaluation.codecs.base import BenchCodec
    from codec_plugin.evaluation.measurement import Evaluation

__all__ = ["Protocol", "other_benches", "read_bench", "read_protocol", "run_bench"]


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


def run_bench(
    codecs: Sequence[tuple[str, BenchCodec]],
    evaluation: Evaluation,
    folder: Path,
    *,
    cuts: int,
    low_cuts: int = 0,
    limit: int | None = None,
    first: int | None = None,
    also: Sequence[Evaluation] = (),
    progress: Callable[[str, int, int], None] | None = None,
    notify: Callable[[str], None] | None = None,
) -> list[Row]:
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
        progress: is given the codec, and how many pairs of codec and photograph are done and in
            all.
        notify: is given a sentence on whose rows are measured anew, as the codec has changed.
    Raises:
        ConfigError: the folder holds a benchmark of another protocol.
    """
    places = {folder: evaluation} | {folder / "also" / _short(other): other for other in also}
    for place, view in places.items():
        _keep_protocol(place, _protocol(view, cuts, low_cuts, limit))
        (place / "rows").mkdir(parents=True, exist_ok=True)
    plan = benchmark_plan(cuts, low_cuts)
    cutters = [Cutter(name, codec, plan) for name, codec in codecs]
    views = []
    for place, view in places.items():
        tables = {c.name: _table(place / "rows" / f"{c.name}.csv", c) for c in cutters}
        views.append((view, tables))
        for name, table in tables.items():
            if table.stale and notify is not None:
                notify(
                    f"{plural(len(table.stale), 'photograph')} of {name} in {place} belong to "
                    "another model or version of it: measured anew"
                )
    # In an order that says nothing: a run that is stopped has a fair sample of the photographs.
    numbers = chosen_images(len(evaluation.folder), limit)
    order = np.random.default_rng(0).permutation(len(numbers))[:first]
    measure(cutters, [numbers[place] for place in order.tolist()], views, progress)
    return {place: read_bench(place) for place in places}[folder]


def other_benches(folder: Path) -> dict[str, list[Row]]:
    """Rows of the further classifiers of a benchmark, by their names."""
    places = sorted(path.parent for path in (folder / "also").glob("*/protocol.json"))
    return {place.name: read_bench(place) for place in places}


def read_bench(folder: Path) -> list[Row]:
    """All rows of a benchmark's folder, the originals' once; writes the merged tables beside.

    Raises:
        ConfigError: no rows there.
    """
    rows: list[Row] = []
    seen: set[str] = set()
    for path in sorted((folder / "rows").glob("*.csv")):
        own = read_rows(path)
        rows += [row for row in own if row.subject != CLEAN or row.image not in seen]
        seen |= {row.image for row in own if row.subject == CLEAN}
    if not rows:
        raise ConfigError(f"{folder} holds no rows of a benchmark; run c2f bench -o {folder}")
    write_rows(folder / "results.csv", rows)
    write_rows(folder / "results.parquet", rows)
    return rows


def read_protocol(folder: Path) -> Protocol:
    """What the rows of a benchmark's folder share.

    Raises:
        ConfigError: no protocol there, or not one.
    """
    path = folder / "protocol.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Protocol)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} is not a benchmark's protocol: {error}") from error


def _table(path: Path, cutter: Cutter) -> ResultsTable:
    """A codec's rows; those of a changed codec are dropped."""

    def fits(fields: Mapping[str, str]) -> bool:
        made_with = fields.get("model"), fields.get("cuts")
        return fields["subject"] == CLEAN or made_with == (cutter.model, cutter.cuts)

    return ResultsTable(path, fits)


def _short(evaluation: Evaluation) -> str:
    """A classifier's name without folders and ending."""
    name = evaluation.recogniser.classifier.name.rpartition("/")[2]
    return name.rpartition(":")[2].removesuffix(".npz").removesuffix(".tflite")


def _protocol(evaluation: Evaluation, cuts: int, low_cuts: int, limit: int | None) -> Protocol:
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
    path = folder / "protocol.json"
    if path.exists():
        before = read_protocol(folder)
        if not before.classifier_id:
            raise ConfigError(
                f"{folder} holds a benchmark of a former version, which did not record with what "
                "it was measured: choose another -o"
            )
        for name in protocol.__struct_fields__:
            old, new = getattr(before, name), getattr(protocol, name)
            if old != new:
                raise ConfigError(
                    f"{folder} holds a benchmark with {name} {old}, this one has {new}: "
                    "choose another -o, or ask for the same"
                )
    write_atomic(path, msgspec.json.format(msgspec.json.encode(protocol), indent=1) + b"\n")
