"""The Kodak photographs are told by their pixels, whatever they are called."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec_plugin.data.photograph_sets.kodak import make_kodak
from codec_plugin.data.photograph_sets.new_folder import pixel_digest, read_digests
from codec_plugin.data.picture import read_picture
from codec_plugin.errors import DataError


def test_photographs_get_their_names_and_others_stay_behind(tmp_path: Path) -> None:
    source = tmp_path / "photos"
    (source / "more").mkdir(parents=True)
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (12, 16, 3), dtype=np.uint8) for _ in range(3)]
    for array, name in zip(arrays, ("IMG1.png", "more/a.webp", "other.bmp"), strict=True):
        Image.fromarray(array).save(source / name, lossless=True)
    (source / "broken.png").write_bytes(b"no picture")
    names = ("kodim01", "kodim02")
    digests = [{"image": n, "pixels": pixel_digest(a)} for n, a in zip(names, arrays, strict=False)]
    assert make_kodak(source, tmp_path / "out", digests=digests).photographs == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "README.md", "kodim01.png", "kodim02.png",
    ]  # fmt: skip
    for name, array in zip(names, arrays, strict=False):
        assert np.array_equal(read_picture(tmp_path / "out" / f"{name}.png").pixels, array)
    (source / "IMG1.png").unlink()
    with pytest.raises(DataError, match=r"1 of the 2 photographs to the pixel, not kodim01;"):
        make_kodak(source, tmp_path / "new", digests=digests)
    assert not (tmp_path / "new").exists()


def test_the_command(run, tmp_path: Path) -> None:
    result = run("data", "kodak", "--from", tmp_path / "none", "-o", tmp_path / "out")
    assert (result.code, "there is no folder" in result.err) == (2, True)
    assert len(read_digests("kodak.csv")) == 24


@pytest.mark.slow
def test_the_real_ones(run, shared_data: Path, tmp_path: Path) -> None:
    result = run(
        "data", "kodak", "--from", shared_data / "images" / "kodak", "-o", tmp_path / "out"
    )
    assert result.out == f"{tmp_path / 'out'}: 24 photographs\n"
    same = [
        np.array_equal(read_picture(file).pixels, read_picture(tmp_path / "out" / file.name).pixels)
        for file in (shared_data / "images" / "kodak").glob("*.png")
    ]
    assert same == [True] * 24
