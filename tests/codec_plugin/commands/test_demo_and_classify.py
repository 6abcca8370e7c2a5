"""`c2f demo` and `c2f classify`: the shipped codec and classifier on a shipped photograph."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec_plugin.bitstream.container import read_header
from codec_plugin.data.photograph_sets.shipped import shipped_photos
from codec_plugin.evaluation.demo import DEMO_CODECS, LABEL_HEIGHT, DemoRow, picture_strip

LEVELS = ("coarse", "mid", "fine")


def test_the_demo_shows_each_stage_beside_others_of_as_many_bytes(run, tmp_path: Path) -> None:
    strip = tmp_path / "strip.png"
    shown = run("demo", "coffee", "-o", strip, "--json")
    assert shown.code == 0, shown.err
    rows = json.loads(shown.out)
    per_stage = 2 + len(DEMO_CODECS)
    names = [row["name"] for row in rows[:per_stage]]
    assert names == ["half-way", "stage 1", *DEMO_CODECS]
    stages = [row for row in rows if row["name"].startswith("stage ")]
    assert len(rows) == per_stage * len(stages)
    assert [row["name"] for row in stages] == ["stage 1", "stage 5", "stage 7", "stage 9"]
    assert [row["bytes"] for row in stages] == sorted(row["bytes"] for row in stages)
    assert [row["psnr_db"] for row in stages] == sorted(row["psnr_db"] for row in stages)
    for row in rows:
        assert row["rate_bpp"] == pytest.approx(8 * row["bytes"] / 256**2)
        assert len(row["names"]) == len(row["confidences"]) == 3
    last = rows[-len(DEMO_CODECS) :]
    assert all(row["bytes"] <= stages[-1]["bytes"] for row in last)  # the largest that fit
    with Image.open(strip) as picture:
        assert picture.size == (256 * (per_stage + 1), (256 + LABEL_HEIGHT) * len(stages))


def test_the_strip_is_what_its_name_says(run, tmp_path: Path) -> None:
    strip = tmp_path / "strip.webp"
    assert run("demo", "coffee", "-o", strip).code == 0
    with Image.open(strip) as picture:
        assert picture.format == "WEBP"
    refused = run("demo", "coffee", "-o", tmp_path / "strip.gif")
    assert (refused.code, "drawn as .png or .webp, not .gif" in refused.err) == (2, True)
    assert not (tmp_path / "strip.gif").exists()


def test_the_demo_names_the_author_and_what_may_be_asked_for(run, tmp_path: Path) -> None:
    [(name, failure)] = [
        (name, photo) for name, photo in shipped_photos().items() if photo.example == "failure"
    ]
    told = run("demo", name, "-o", tmp_path / "strip.webp").out
    credit = f"{failure.title}, by {failure.author}, CC-BY-2.0, {failure.url}"
    assert told.splitlines()[:2] == [
        credit,
        "A failure: the first stage does not tell this class.",
    ]
    refused = run("demo", "nothing", "-o", tmp_path / "other.webp")
    assert refused.code == 2
    known = ", ".join(shipped_photos())
    assert f"no file 'nothing', and no shipped photograph of that name: {known}" in refused.err
    assert not (tmp_path / "other.webp").exists()


def test_the_strip_says_what_is_wrong() -> None:
    grey = np.full((256, 256, 3), 128, np.uint8)
    row = DemoRow("stage 1", 500, 0.06, 30.0, ("dog", "hound"), (0.9, 0.5), grey)
    unknown = picture_strip(grey, [[row], [row], [row]])
    right = picture_strip(grey, [[row], [row], [row]], ("dog", "hound"))
    wrong = picture_strip(grey, [[row], [row], [row]], ("dog", "terrier"))
    height = 256 + LABEL_HEIGHT
    assert unknown.shape == (3 * height, 512, 3)
    levels = [slice(level * height, (level + 1) * height) for level in range(3)]
    # The whole file's row tells the finest level, as the one before it does.
    assert [bool((right[part] == wrong[part]).all()) for part in levels] == [True, False, False]
    assert (unknown[:height, 256:] != right[:height, 256:]).any()  # green, not black
    reds = [wrong[part, 256:].astype(int) for part in levels]
    assert [bool((red[..., 0] - red[..., 1] > 100).any()) for red in reds] == [False, True, True]


@pytest.fixture(scope="module")
def cat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from codec_plugin.codec import Codec
    from codec_plugin.evaluation.demo import demo_photo

    path = tmp_path_factory.mktemp("cat") / "cat.c2f"
    path.write_bytes(Codec.load().encode(demo_photo("chelsea")))
    return path


@pytest.mark.parametrize("level", LEVELS)
def test_reading_ends_where_the_level_is_sure(run, cat: Path, level: str) -> None:
    asked = ("classify", cat, "--until", level, "--confidence", "0.4", "--chunk", "1000")
    looks = json.loads(run(*asked, "--json").out)
    shares = [look["confidences"][LEVELS.index(level)] for look in looks]
    assert all(share < 0.4 for share in shares[:-1])
    assert [look["sure"] for look in looks] == [share >= 0.4 for share in shares]
    begin, size = read_header(cat.read_bytes()).size_bytes, cat.stat().st_size
    ends = [min(begin + 1000 * (n + 1), size) for n in range(len(looks))]
    assert [look["bytes"] for look in looks] == ends
    assert looks[-1]["sure"] or ends[-1] == size
    told = run(*asked).out.splitlines()
    sure = f"sure after {ends[-1]} of {size} bytes"
    assert told[-1] == (sure if looks[-1]["sure"] else f"not sure after all {size} bytes")
    assert len(told) == len(looks) + 1


def test_surer_takes_longer_and_a_temperature_calibrates(run, cat: Path) -> None:
    def read(*options: str) -> int:
        shown = run("classify", cat, "--until", "coarse", "--chunk", "800", "--json", *options)
        return int(json.loads(shown.out)[-1]["bytes"])

    easy, hard = read("--confidence", "0.2"), read("--confidence", "1.0")
    assert easy < hard == cat.stat().st_size
    # Twice as doubtful: the raw share must be the square's odds.
    odds = (0.6 / 0.4) ** 2
    same = (read("--confidence", "0.6", "--temperature", "2"),
            read("--confidence", f"{odds / (1 + odds):.6f}"))  # fmt: skip
    assert same[0] == same[1]


def test_a_level_that_is_not_there_is_one_sentence(run, cat: Path) -> None:
    refused = run("classify", cat, "--until", "family")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "coarse, mid, fine" in refused.err


def test_the_answer_is_of_the_bytes_that_were_read(run, cat: Path, tmp_path: Path) -> None:
    looks = json.loads(run("classify", cat, "--chunk", "1500", "--confidence", "1", "--json").out)
    first = looks[0]
    cut = tmp_path / "cut.c2f"
    cut.write_bytes(cat.read_bytes()[: first["bytes"]])
    (alone,) = json.loads(run("classify", cut, "--chunk", "9000", "--json").out)
    assert alone["names"] == first["names"]
    np.testing.assert_allclose(alone["confidences"], first["confidences"], atol=1e-6)
