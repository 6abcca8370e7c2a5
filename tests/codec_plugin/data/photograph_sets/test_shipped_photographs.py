"""The photographs that come with the codec: each is told of, may be shipped, and is small."""

import re
from pathlib import PurePosixPath

import pytest
from PIL import Image

from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.data.photograph_sets.new_folder import read_digests
from codec_plugin.data.photograph_sets.shipped import PHOTOS, ShippedPhoto, shipped_photos
from hierlab.datasets.class_lists import load_classes

OLD = ("chelsea", "coffee", "astronaut")
MAX_BYTES = 40_000


def test_the_table_tells_of_each_file_and_no_other() -> None:
    told = [photo.path for photo in shipped_photos().values()]
    here = [path for path in PHOTOS.iterdir() if path.suffix in (".png", ".webp")]
    assert sorted(told) == sorted(here)
    titles = [photo.title for photo in shipped_photos().values()]
    assert len(set(titles)) == len(titles)
    # The first is what opens; the failure is after those that make the point.
    examples = [photo.example for photo in shipped_photos().values()]
    assert 8 <= examples.count("success") <= 12
    assert examples == [*["success"] * examples.count("success"), "failure", *[""] * 3]


@pytest.mark.parametrize("photo", shipped_photos().values(), ids=shipped_photos())
def test_each_has_an_author_a_licence_and_an_address(photo: ShippedPhoto) -> None:
    assert photo.author
    assert photo.url.startswith(("http://www.flickr.com/", "https://"))
    page = (PHOTOS / "README.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if f"`{photo.path.name}`" in line)
    assert f"[{photo.author}]({photo.url}) | {photo.licence} |" in line
    with Image.open(photo.path) as picture:
        assert picture.size == (256, 256)
    if photo.path.stem not in OLD:
        assert photo.licence == "CC-BY-2.0"
        assert photo.path.stat().st_size <= MAX_BYTES
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", photo.path.stem)  # it is typed
    if photo.class_id:
        assert photo.class_id in load_classes("imagenet-1k").index


def test_none_is_one_that_the_tables_were_measured_on() -> None:
    tested = {entry["image"] for entry in read_digests("nips17.csv")}
    text = (PHOTOS / "labels.csv").read_text(encoding="utf-8")
    sources = re.findall(r"dataset/images/\w+\.png$", text, re.MULTILINE)
    assert len(sources) == len(shipped_photos()) - len(OLD)
    assert not tested & {PurePosixPath(source).stem for source in sources}


def test_the_folder_is_labelled_as_c2f_eval_reads_it() -> None:
    hierarchy = load_hierarchy("clip-seven-10-100-1000")
    folder = ImageFolder(PHOTOS, hierarchy.lookup, cache=False)
    assert folder.labelled == len(folder) - 1  # the astronaut is none of ImageNet's classes
    for name, label in zip(folder.names, folder.labels, strict=True):
        photo = shipped_photos()[PurePosixPath(name).stem]
        assert (hierarchy.class_ids[label] if label >= 0 else "") == photo.class_id
