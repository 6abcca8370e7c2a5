"""Squares of one's own photographs, and their labels."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec_plugin.data.photograph_sets.own_folder import centre_square, make_own
from codec_plugin.data.picture import read_picture
from codec_plugin.errors import DataError


def test_the_middle_is_cut_and_scaled() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (32, 51, 3), dtype=np.uint8)
    assert np.array_equal(centre_square(pixels, 32), pixels[:, 9:41])
    assert np.array_equal(centre_square(pixels[:, :32].transpose(1, 0, 2), 32),
                          pixels[:, :32].transpose(1, 0, 2))  # fmt: skip
    flat = np.full((64, 96, 3), 200, np.uint8)
    flat[:, :16] = flat[:, 80:] = 0  # what lies outside the middle leaves no trace
    assert np.array_equal(centre_square(flat, 16), np.full((16, 16, 3), 200, np.uint8))
    with pytest.raises(DataError, match="51 × 32 pixels, smaller than 33"):
        centre_square(pixels, 33)


def save(path: Path, value: int, size: tuple[int, int] = (48, 40)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)


def rows(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        return [(r["file"], r["label"], r["source"]) for r in csv.DictReader(stream)]


def test_labels_come_from_sub_folders(run, tmp_path: Path) -> None:
    source, out = tmp_path / "photos", tmp_path / "squares"
    save(source / "tabby" / "1.png", 10)
    save(source / "tabby" / "1.bmp", 20)
    save(source / "vans" / "minivan" / "2.png", 30)
    save(source / "top.png", 40)
    save(source / "small.png", 50, (48, 20))
    (source / "broken.png").write_bytes(b"no picture")
    result = run("data", "folder", "--from", source, "-o", out, "--side", 32)
    assert result.out == f"{out}: 4 photographs, 3 with a label of 2 classes\n"
    assert "left out: small.png: 48 × 20 pixels, smaller than 32" in result.err
    assert "left out: broken.png" in result.err
    assert rows(out) == [
        ("tabby/1.png", "tabby", "tabby/1.bmp"),
        ("tabby/1.png.png", "tabby", "tabby/1.png"),
        ("top.png", "", "top.png"),
        ("vans/minivan/2.png", "minivan", "vans/minivan/2.png"),
    ]
    for file, _, name in rows(out):
        made, original = read_picture(out / file).pixels, read_picture(source / name).pixels
        assert made.shape == (32, 32, 3)
        assert np.array_equal(made[0, 0], original[0, 0])
    again = run("data", "folder", "--from", source, "-o", out, "--side", 32)
    assert (again.code, "squares exists" in again.err) == (2, True)


def test_a_table_of_labels_goes_before_sub_folders(tmp_path: Path) -> None:
    source = tmp_path / "photos"
    save(source / "set1" / "1.png", 10)
    save(source / "set1" / "2.png", 10)
    (source / "labels.csv").write_text("file,class\nset1/1.png,beagle\n")
    made = make_own(source, tmp_path / "out", side_px=16)
    assert (made.photographs, made.labelled) == (2, 2)
    assert [row[1] for row in rows(tmp_path / "out")] == ["beagle", "set1"]


def test_nothing_to_make_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no photographs"):
        make_own(tmp_path, tmp_path / "out")
    with pytest.raises(DataError, match="there is no folder"):
        make_own(tmp_path / "none", tmp_path / "out")
    save(tmp_path / "a.png", 1)
    with pytest.raises(DataError, match="none of 1 photographs can be used"):
        make_own(tmp_path, tmp_path / "out", side_px=64)
    assert not (tmp_path / "out").exists()
