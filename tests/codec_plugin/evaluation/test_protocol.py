"""Rows that say what files of those bytes look like, tables that sum them up, and resuming."""

import gzip
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from codec_plugin.checkpointing.checkpoint import pack_checkpoint, unpack_checkpoint
from codec_plugin.codec import Codec
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.errors import ConfigError, DataError
from codec_plugin.evaluation.codecs.conventional import (
    SWEEPS,
    encode_conventional,
    fit_conventional,
)
from codec_plugin.evaluation.codecs.own_codec import OwnCodec
from codec_plugin.evaluation.codecs.registry import make_codec
from codec_plugin.evaluation.cuts import Cutter, evaluation_plan
from codec_plugin.evaluation.identity import Identity
from codec_plugin.evaluation.measurement import (
    Evaluation,
    chosen_images,
    merge_shards,
    shard_path,
)
from codec_plugin.evaluation.metrics import ms_ssim, psnr_db
from codec_plugin.evaluation.recognition import Recogniser
from codec_plugin.evaluation.reports.curves import panels, save_curves
from codec_plugin.evaluation.results_table import Row, read_rows, write_rows
from codec_plugin.evaluation.statistics.bootstrap import bootstrap_mean, paired_difference
from codec_plugin.evaluation.statistics.summary import (
    Mean,
    SummaryRow,
    bytes_to_reach,
    summarise,
)
from tests.codec_plugin.semantic import small_classifier, small_hierarchy, write_photographs
from tests.codec_plugin.tiny import DATA, stored_codec, tiny_codec, tiny_picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ImageFolder:
    photographs = write_photographs(tmp_path_factory.mktemp("photographs"), 4)
    return ImageFolder(photographs, small_hierarchy().index, cache=False)


def cutters(*names: str, codec: Codec | None = None, cuts: int = 3) -> list[Cutter]:
    own = Cutter("tiny", OwnCodec(codec or stored_codec()), evaluation_plan(cuts))
    return [own, *(Cutter(name, make_codec(name)[1], own.plan) for name in names)]


def evaluate(folder: ImageFolder, path: Path, **options: object) -> None:
    view = Evaluation(Recogniser(small_classifier(), small_hierarchy()), folder)
    view.run(cutters("webp"), path, **options)


@pytest.fixture(scope="module")
def rows(folder: ImageFolder, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    path = tmp_path_factory.mktemp("results") / "results.csv"
    evaluate(folder, path)
    return read_rows(path)


def test_a_row_is_a_file_of_that_many_bytes(folder: ImageFolder, rows: list[Row]) -> None:
    codec = stored_codec()
    for row in rows:
        assert row.rate_bpp == pytest.approx(8 * row.bytes / 72**2, abs=1e-5)
        if row.subject != "tiny":
            continue
        pixels = folder.pixels(folder.names.index(row.image))
        decoded = codec.decode(codec.encode(pixels)[: row.bytes]).pixels
        error = np.square(decoded.astype(float) - pixels).mean()
        assert row.value("psnr_db") == pytest.approx(10 * math.log10(255**2 / error), abs=1e-3)


def test_labels_count_only_where_there_are_some(rows: list[Row]) -> None:
    labelled = {row.image: row.value("correct_fine") is not None for row in rows}
    assert labelled == {"0.png": True, "1.png": False, "2.png": True, "3.png": False}
    clean = [row for row in rows if row.subject == "clean"]
    assert len(clean) == 4
    assert all(row.value("agree_coarse") == row.value("agree_fine") == 1 for row in clean)
    for row in rows:
        if row.value("correct_fine") == 1:
            assert row.value("correct_mid") == row.value("correct_coarse") == 1
            assert (
                row.measures["wu_palmer"] >= 0.9
            )  # of a class with itself; nltk's policy may be below 1


@pytest.mark.parametrize("ending", ["", "\ntiny,2", "\ntiny,2.png,stage-1,300", "\n\n"])
def test_a_stopped_evaluation_goes_on(
    folder: ImageFolder, rows: list[Row], tmp_path: Path, ending: str
) -> None:
    path = tmp_path / "results.csv"
    evaluate(folder, path, limit=2)
    lines = path.read_text().splitlines()
    text = "\n".join(lines[:20])
    path.write_text(text + ending if ending else text[:-40])  # killed in the middle of a row
    evaluate(folder, path)
    again = read_rows(path)

    def key(row: Row) -> tuple[str, str, str]:
        return row.subject, row.image, row.cut

    # As text: what is not a number does not equal itself.
    assert str(sorted(again, key=key)) == str(sorted(rows, key=key))


def test_shards_make_the_whole(folder: ImageFolder, rows: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    for number in range(2):
        shard = (number, 2)
        evaluate(folder, shard_path(path, shard), shard=shard)
    assert merge_shards(path, 2) == len(rows)
    keys = {(r.subject, r.image, r.cut) for r in read_rows(path)}
    assert keys == {(r.subject, r.image, r.cut) for r in rows}


def test_gzip_holds_the_same_in_equal_bytes(rows: list[Row], tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz", "c.csv"):
        write_rows(tmp_path / name, rows)
    assert str(read_rows(tmp_path / "a.csv.gz")) == str(rows)  # as text: NaN is not NaN
    first, second = ((tmp_path / name).read_bytes() for name in ("a.csv.gz", "b.csv.gz"))
    assert first == second
    assert first[:2] == b"\x1f\x8b"
    assert first[4:8] == bytes(4)  # no time in it
    assert gzip.decompress(first) == (tmp_path / "c.csv").read_bytes()
    pandas = pytest.importorskip("pandas")
    assert len(pandas.read_csv(tmp_path / "a.csv.gz")) == len(rows)
    for broken in (first[:-9], first[:40] + b"x" * 40 + first[80:], b"no gzip"):
        (tmp_path / "a.csv.gz").write_bytes(broken)
        with pytest.raises(DataError, match=r"a\.csv\.gz cannot be read"):
            read_rows(tmp_path / "a.csv.gz")


def test_parquet_holds_the_same(rows: list[Row], tmp_path: Path) -> None:
    write_rows(tmp_path / "a.parquet", rows)
    again = read_rows(tmp_path / "a.parquet")
    assert str(again) == str(rows)  # as text: what is not a number does not equal itself


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "\xff\xfe\x00"])
def test_what_is_no_table_of_results_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"x\.csv"):
        read_rows(path)


def test_photographs_are_evenly_spaced() -> None:
    assert chosen_images(10, None) == list(range(10))
    assert chosen_images(10, 5) == [0, 2, 4, 6, 8]
    assert chosen_images(3, 9) == [0, 1, 2]


def test_a_summary_holds_means_with_intervals(rows: list[Row]) -> None:
    table = summarise(rows)
    entry = next(e for e in table if (e.subject, e.cut) == ("tiny", "stage-3"))
    own = [r.measures["psnr_db"] for r in rows if (r.subject, r.cut) == ("tiny", "stage-3")]
    assert entry.images == 4
    mean, low, high = entry.means["psnr_db"]
    assert mean == pytest.approx(np.mean(own), abs=1e-4)
    assert low <= mean <= high
    assert entry.to_json()["psnr_db"] == {"mean": mean, "low": low, "high": high}


def test_bytes_to_reach_are_those_of_a_measured_cut() -> None:
    table = [
        SummaryRow("a", f"{size}", 9, {"bytes": Mean(size, size, size), "correct_coarse": share})
        for size, share in (
            (100, Mean(0.6, 0.5, 0.7)), (400, Mean(0.9, 0.8, 1)), (900, Mean(0.7, 0.6, 0.8)),
            (50, Mean(None, None, None)),
        )
    ]  # fmt: skip
    assert bytes_to_reach(table, "a", "correct_coarse", 0.65) == 400  # nothing between the cuts
    assert bytes_to_reach(table, "a", "correct_coarse", 0.95) is None
    assert bytes_to_reach(table, "a", "correct_coarse", 0.6) == 100
    assert bytes_to_reach(table, "a", "correct_coarse", 0.0) == 100  # not where nothing is known


def test_metrics_of_known_pictures() -> None:
    image = torch.zeros(3, 200, 200)
    assert psnr_db(image, image) == 100
    assert psnr_db(image, image + 0.1) == pytest.approx(20)
    assert ms_ssim(image, image) == pytest.approx(1)
    assert math.isnan(ms_ssim(image[:, :100], image[:, :100]))


def test_intervals_hold_the_mean_and_shrink_with_photographs() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.random(20), rng.random(2000)
    wide, narrow = bootstrap_mean(few), bootstrap_mean(many)
    assert wide.low < few.mean() < wide.high
    assert narrow.high - narrow.low < wide.high - wide.low
    assert paired_difference(many + 1, many).low == pytest.approx(1)
    assert math.isnan(bootstrap_mean([math.nan]).mean)


@pytest.mark.parametrize("shape", ["normal", "yes or no"])
def test_intervals_hold_95_percent(shape: str) -> None:
    """Their width is that of the mean's own distribution: 2 · 1.96 · σ / √N."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=900) if shape == "normal" else (rng.random(900) < 0.8).astype(float)
    found = bootstrap_mean(values)
    for bound, sign in ((found.low, -1), (found.high, 1)):
        expected = values.mean() + sign * 1.96 * values.std() / np.sqrt(len(values))
        assert bound - found.mean == pytest.approx(expected - found.mean, rel=0.08)
    gap = paired_difference(values + rng.normal(size=900), values)
    assert gap.high - gap.low == pytest.approx(2 * 1.96 / np.sqrt(900), rel=0.1)


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_conventional_files_fit_a_budget(name: str) -> None:
    pixels = tiny_picture(128, 128)
    smallest = len(encode_conventional(name, pixels, SWEEPS[name][0]))
    data = fit_conventional(name, pixels, 3 * smallest)
    least = 0.8 if name == "jpeg2000" else 1  # by its ratio, not searched
    assert least * smallest <= len(data) <= 3.3 * smallest
    with pytest.raises(ConfigError, match="is not one of"):
        encode_conventional("gif", pixels, 1)


@pytest.mark.parametrize("suffix", [".png", ".html"])
def test_curves_are_drawn(rows: list[Row], suffix: str, tmp_path: Path) -> None:
    drawn = panels(rows)
    assert [p.title for p in drawn] == [
        "coarse accuracy", "mid accuracy", "fine accuracy", "PSNR",
    ]  # fmt: skip
    told = panels(
        [replace(r, measures={**r.measures, "ms_ssim": 0.5}) for r in rows]
    )  # tiny pictures have none
    assert (told[-1].title, set(told[-1].curves[0].values)) == ("MS-SSIM", {0.5})
    save_curves(rows, tmp_path / f"curves{suffix}")
    assert (tmp_path / f"curves{suffix}").stat().st_size > 10_000
    with pytest.raises(ConfigError, match="png or"):
        save_curves(rows, tmp_path / "curves.pdf")
    with pytest.raises(ConfigError, match="empty"):
        panels([])


def measured(path: Path, folder: ImageFolder, *, codec=None, seed: int = 0, cuts: int = 1,
             hierarchy=None, peers: tuple[str, ...] = ()) -> list[str]:  # fmt: skip
    """Evaluate into a table; what was told."""
    recogniser = Recogniser(small_classifier(seed=seed), hierarchy or small_hierarchy())
    told: list[str] = []
    chosen = cutters(*peers, codec=codec, cuts=cuts)
    Evaluation(recogniser, folder).run(chosen, path, notify=told.append)
    return told


def numbers(path: Path) -> list[str]:
    return sorted(str(row) for row in read_rows(path) if row.subject == "tiny")


@pytest.fixture
def two(tmp_path: Path) -> ImageFolder:
    return ImageFolder(
        write_photographs(tmp_path / "photographs", 2), small_hierarchy().index, cache=False
    )


def test_another_checkpoint_of_the_same_name_is_measured_anew(
    two: ImageFolder, tmp_path: Path
) -> None:
    path, other = tmp_path / "r.csv", tiny_codec(seed=4)
    assert measured(path, two, peers=("jpeg",)) == []
    first = path.read_text()
    assert measured(path, two) == []
    assert sorted(path.read_text().splitlines()) == sorted(first.splitlines())
    (told,) = measured(path, two, codec=other)
    assert "rows of tiny" in told
    assert "measured anew" in told
    measured(tmp_path / "right.csv", two, codec=other)
    assert numbers(path) == numbers(tmp_path / "right.csv")
    assert {row.subject for row in read_rows(path)} == {"tiny", "jpeg", "clean"}


def test_networks_alone_tell_two_models_apart(two: ImageFolder, tmp_path: Path) -> None:
    """The synthesis is no part of the model's id, yet it makes the pixels."""
    one = unpack_checkpoint((DATA / "tiny-v1.safetensors").read_bytes())
    with torch.no_grad():
        one.model.synthesis_net.linear.weight.mul_(0.5)
    two_ = unpack_checkpoint(pack_checkpoint(one.model, one.exact, one.tables, one.meta))
    assert two_.model_id == stored_codec().checkpoint.model_id
    measured(tmp_path / "r.csv", two)
    assert measured(tmp_path / "r.csv", two, codec=Codec(two_)) != []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"seed": 1}, "classifier"),
        ({"cuts": 2}, "cuts"),
        (
            {"hierarchy": replace(small_hierarchy(), id="ef" * 32, level_names=("a", "b", "c"))},
            "label map",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    two: ImageFolder, tmp_path: Path, changed: dict, sentence: str
) -> None:
    path = tmp_path / "r.csv"
    measured(path, two)
    before = sorted(path.read_text().splitlines())
    with pytest.raises(ConfigError, match=f"{sentence}.*choose another -o, or --force"):
        measured(path, two, **changed)
    assert sorted(path.read_text().splitlines()) == before


def test_a_changed_photograph_is_measured_anew(two: ImageFolder, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    measured(path, two, peers=("jpeg",))
    Image.fromarray(tiny_picture(72, 72)[::-1].copy()).save(two.files[1])
    again = ImageFolder(two.files[0].parent, small_hierarchy().index, cache=False)
    with pytest.raises(ConfigError, match="rows of jpeg: measure these too"):
        measured(path, again)
    (told,) = measured(path, again, peers=("jpeg",))
    assert "rows of jpeg, tiny" in told
    measured(tmp_path / "right.csv", again)
    assert numbers(path) == numbers(tmp_path / "right.csv")


def test_another_label_is_another_measurement(two: ImageFolder, tmp_path: Path) -> None:
    path, table = tmp_path / "r.csv", two.files[0].parent / "labels.csv"
    measured(path, two)
    table.write_text("file,wnid\n")
    again = ImageFolder(two.files[0].parent, small_hierarchy().index, cache=False)
    assert measured(path, again) != []
    assert {row.value("correct_fine") for row in read_rows(path)} == {None}


def test_a_table_of_a_former_version_is_read_but_not_added_to(
    rows: list[Row], two: ImageFolder, tmp_path: Path
) -> None:
    write_rows(tmp_path / "old.csv", [replace(row, identity=None) for row in rows])
    assert summarise(read_rows(tmp_path / "old.csv")) == summarise(rows)
    with pytest.raises(ConfigError, match="former version"):
        measured(tmp_path / "old.csv", two)


def test_identities_stay_text(tmp_path: Path) -> None:
    identity = Identity("", "", "", "", photograph="12345678901234e5")
    row = Row("a", "b", "c", 5, 1.0, identity=identity)
    write_rows(tmp_path / "r.csv", [row, replace(row, identity=identity._replace(model="7"))])
    again = [row.identity for row in read_rows(tmp_path / "r.csv")]
    assert again == [identity, identity._replace(model="7")]
