"""Small pictures of the classes on one sheet."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from app.data.data_dir import about_photo, class_of_photo, photos, sample_images
from app.data.thumbnails import CELL_PX, sheet_of, sheet_of_files
from codec_plugin.data.photograph_sets.shipped import shipped_photos

TABBY = "n02123045"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIERLAB_APP_DATA", str(tmp_path))
    (tmp_path / "images" / "n01").mkdir(parents=True)
    (tmp_path / "photos").mkdir()
    return tmp_path


def paint(path: Path, colour: str, size: tuple[int, int] = (90, 60)) -> None:
    Image.new("RGB", size, colour).save(path)


def test_each_class_has_its_own_square(served: Path) -> None:
    paint(served / "images" / "n01" / "b.jpg", "red")
    paint(served / "images" / "n02_a.png", "blue", (60, 90))
    paint(served / "photos" / "n03_c.png", "lime")
    (served / "images" / "n04_broken.jpg").write_bytes(b"no picture")
    sheet = sheet_of(["n01", "n02", "n03", "n04", "n05"])
    assert set(sheet.cells) == {"n01", "n02", "n03"}
    content = base64.b64decode(sheet.src.partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        for key, colour in (("n01", (255, 0, 0)), ("n02", (0, 0, 255)), ("n03", (0, 255, 0))):
            row, column = divmod(sheet.cells[key], sheet.columns)
            middle = (column * CELL_PX + CELL_PX // 2, row * CELL_PX + CELL_PX // 2)
            seen = picture.convert("RGB").getpixel(middle)
            assert isinstance(seen, tuple)
            assert max(abs(a - b) for a, b in zip(seen, colour, strict=True)) < 40, key
    data = sheet.as_data()
    assert data is not None
    assert data["columns"] == sheet.columns


def test_no_pictures_are_no_sheet(served: Path) -> None:
    assert sheet_of(["n99"]).as_data() is None


def test_a_changed_picture_is_seen(served: Path) -> None:
    paint(served / "images" / "n02_a.png", "blue")
    before = sheet_of(["n02"]).src
    (served / "images" / "n02_a.png").unlink()
    paint(served / "images" / "n02_0.png", "red")
    assert sheet_of(["n02"]).src != before


def test_shipped_photographs_tell_their_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HIERLAB_APP_DATA", raising=False)
    known = photos()
    assert set(known.values()) == {photo.path for photo in shipped_photos().values()}
    assert sum("(a failure)" in name for name in known) == 1
    for photo in shipped_photos().values():
        assert about_photo(photo.path) == photo
        assert class_of_photo(photo.path) == photo.class_id
        if photo.class_id:
            assert photo.path in sample_images([photo.class_id])[photo.class_id]


def test_a_served_photograph_of_a_shipped_name_is_another(served: Path) -> None:
    path = served / "photos" / "chelsea.png"
    paint(path, "red")
    assert photos()["chelsea"] == path
    assert about_photo(path) is None
    assert class_of_photo(path) == "chelsea"


def test_a_sheet_of_files_leaves_out_what_is_no_picture(served: Path) -> None:
    paint(served / "a.png", "red")
    (served / "b.png").write_bytes(b"no picture")
    paint(served / "c.png", "lime")
    files = {name: served / f"{name}.png" for name in ("c", "b", "a")}
    assert sheet_of_files(files).cells == {"c": 0, "a": 1}
    assert sheet_of_files({}).as_data() is None
