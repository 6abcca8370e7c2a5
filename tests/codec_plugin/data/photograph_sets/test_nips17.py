"""The test photographs: a small clone of the same layout, the shipped list, and the real one."""

import csv
import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.data.photograph_sets.new_folder import pixel_digest, read_digests
from codec_plugin.data.photograph_sets.nips17 import make_nips17
from codec_plugin.errors import DataError
from hierlab.datasets.class_lists import load_classes

CLONE = "HIERLAB_NIPS17"
HEADER = "ImageId,URL,TrueLabel,TargetClass,OriginalLandingURL,License,Author"
LICENCE = "https://creativecommons.org/licenses/by/2.0/"


def compressed_twice(image: Image.Image) -> np.ndarray:
    """As the tables had them, written once more."""
    first, second = io.BytesIO(), io.BytesIO()
    small = image.resize((256, 256), Image.Resampling.LANCZOS)
    small.save(first, "JPEG", quality=92, subsampling=0)
    Image.open(first).save(second, "WEBP", quality=93, method=6)
    return np.asarray(Image.open(second).convert("RGB"))


@pytest.fixture
def clone(tmp_path: Path) -> tuple[Path, list[dict[str, str]]]:
    """Three photographs in the repository's layout, two of them wanted."""
    images = tmp_path / "clone" / "dataset" / "images"
    images.mkdir(parents=True)
    lines, digests = [HEADER], []
    for number, label in enumerate((1, 306, 1000)):
        y, x = np.mgrid[:299, :299] / 299
        planes = np.stack([x, y * (number + 1) / 3, np.sin(9 * x * y) / 2 + 0.5], 2)
        image = Image.fromarray((255 * planes).astype(np.uint8))
        name = f"{number:016x}"
        image.save(images / f"{name}.png")
        lines.append(f"{name},http://x,{label},7,https://flickr.com/{number},{LICENCE},Ann Ü.")
        source = hashlib.sha256((images / f"{name}.png").read_bytes()).hexdigest()[:16]
        pixels = pixel_digest(compressed_twice(image))
        digests.append({"image": name, "source": source, "pixels": pixels})
    (images.parent / "images.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "clone", digests[:2]


@pytest.mark.parametrize("inside", ["", "dataset"])
def test_photographs_labels_and_licences(clone, tmp_path: Path, inside: str) -> None:
    source, digests = clone
    told: list[tuple[int, int]] = []
    out = tmp_path / "test"
    made = make_nips17(source / inside, out, digests=digests,
                       show=lambda done, total: told.append((done, total)))  # fmt: skip
    assert made == (2, 2, 2, (), ())
    assert told == [(1, 2), (2, 2)]
    ids = load_classes("imagenet-1k").ids
    with (out / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["wnid"] for row in rows] == [ids[0], ids[305]]
    assert rows[1] | {"source": ""} == {
        "file": f"{ids[305]}_{1:016x}.webp", "wnid": ids[305], "class_idx": "305",
        "licence": "CC-BY-2.0", "author": "Ann Ü.", "url": "https://flickr.com/1", "source": "",
    }  # fmt: skip
    readme = (out / "README.md").read_text(encoding="utf-8")
    assert "CC BY 2.0" in readme
    assert "scaled to 256 × 256" in readme
    folder = ImageFolder(out, load_hierarchy("clip-seven-10-100-1000").lookup, cache=False)
    assert (len(folder), folder.labelled) == (2, 2)
    with Image.open(source / "dataset" / "images" / f"{1:016x}.png") as original:
        assert np.array_equal(folder.pixels(1), compressed_twice(original))


def test_other_pixels_are_told_and_other_sources_refused(run, clone, tmp_path, monkeypatch) -> None:
    source, digests = clone
    changed = [digests[0], digests[1] | {"pixels": "0" * 16}]
    made = make_nips17(source, tmp_path / "a", digests=changed)
    assert [name[-6:] for name in made.differing] == ["1.webp"]
    monkeypatch.setattr(
        "codec_plugin.data.photograph_sets.nips17.read_digests", lambda name: changed
    )
    result = run("data", "nips17", "--from", source, "-o", tmp_path / "b")
    assert (result.code, "1 of 2 are not to the pixel" in result.err) == (0, True)
    assert result.out == f"{tmp_path / 'b'}: 2 photographs, 2 with a label of 2 classes\n"
    (source / "dataset" / "images" / f"{1:016x}.png").write_bytes(b"")
    result = run("data", "nips17", "--from", source, "-o", tmp_path / "c")
    assert (result.code, "not the file that the tables were made from" in result.err) == (2, True)
    assert not [path for path in tmp_path.iterdir() if path.name == "c" or path.name[:2] == ".c"]


def test_what_is_no_clone_or_stands_already_is_refused(run, clone, tmp_path: Path) -> None:
    source, digests = clone
    result = run("data", "nips17", "--from", tmp_path, "-o", tmp_path / "out")
    assert (result.code, "git clone https://" in result.err) == (2, True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept.txt").write_text("kept")
    with pytest.raises(DataError, match="mine exists"):
        make_nips17(source, tmp_path / "mine", digests=digests)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["kept.txt"]
    (source / "dataset" / "images" / f"{1:016x}.png").unlink()
    with pytest.raises(DataError, match=r"cannot read .*clone it anew"):
        make_nips17(source, tmp_path / "out", digests=digests)
    (source / "dataset" / "images.csv").write_text("ImageId\n1\n")
    with pytest.raises(DataError, match="lacks TrueLabel"):
        make_nips17(source, tmp_path / "out", digests=digests)
    assert not (tmp_path / "out").exists()
    assert run("data", "nips17", "--from", source, "-o", "x", "--side", "64").code == 2


def test_the_shipped_list_is_that_of_the_tables_photographs(shared_data: Path) -> None:
    """And so are the labels."""
    folder = shared_data / "images" / "test"
    listed = {row["image"]: row["pixels"] for row in read_digests("nips17.csv")}
    files = sorted(folder.glob("*.webp"))
    found = {}
    for file in files:
        with Image.open(file) as image:
            found[file.stem.partition("_")[2]] = pixel_digest(np.asarray(image.convert("RGB")))
    assert found == listed
    assert len(files) == 500


@pytest.mark.skipif(CLONE not in os.environ, reason=f"needs a clone, named by {CLONE}")
@pytest.mark.slow
def test_a_clone_gives_the_tables_photographs(shared_data: Path, tmp_path: Path) -> None:
    made = make_nips17(Path(os.environ[CLONE]), tmp_path / "out")
    assert made == (500, 500, 294, (), ())
    for file in (shared_data / "images" / "test").glob("*.webp"):
        assert file.read_bytes() == (tmp_path / "out" / file.name).read_bytes()
    tables = [
        folder / "labels.csv" for folder in (tmp_path / "out", shared_data / "images" / "test")
    ]
    assert len({table.read_text(encoding="utf-8") for table in tables}) == 1
