"""A photograph's file, its cuts, and the conventional codecs beside it."""

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from app.codec_page.confidence_curve import sure_sentences
from app.codec_page.conventional import kept_file
from app.codec_page.photograph import cuts, damaged_stage, png_bytes, shrunk
from app.codec_page.slider import stage_levels
from codec_plugin import CodecError

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
# Nine stages of a hundred bytes, levels told by the first, fifth and seventh.
LEVELS = {"coarse": 100, "mid": 500, "fine": 700}
STAGES = tuple(range(100, 1000, 100))


@pytest.mark.parametrize("quick", [True, False])
def test_a_picture_is_shown_as_it_is(quick: bool) -> None:
    shown = np.asarray(Image.open(io.BytesIO(png_bytes(PIXELS, quick=quick))))
    np.testing.assert_array_equal(shown, PIXELS)


def test_a_file_is_made_once_and_by_another_thread() -> None:
    first = kept_file("jpeg", "a picture", 50, PIXELS)
    assert first.result(60).startswith(b"\xff\xd8")
    assert kept_file("jpeg", "a picture", 50, PIXELS) is first
    assert kept_file("jpeg", "a picture", 60, PIXELS) is not first


def test_a_codec_that_is_not_here_is_an_error_of_ours() -> None:
    with pytest.raises(CodecError):
        kept_file("no such codec", "a picture", 50, PIXELS).result(60)


def test_levels_and_stages_are_counted_apart() -> None:
    assert set(LEVELS.values()) < set(cuts(40, 900, LEVELS, 12))
    parts = stage_levels(LEVELS, 900, 40)
    assert [(one["name"], one["begin"], one["end"]) for one in parts] == [
        ("coarse", 40, 100),
        ("mid", 100, 500),
        ("fine", 500, 700),
        ("picture quality", 700, 900),
    ]
    assert [one["told"] for one in parts] == [True, True, True, False]
    assert len(stage_levels(LEVELS, 700, 40)) == 3
    assert damaged_stage(STAGES, 650, 6) is None
    assert damaged_stage(STAGES, 650, 4) == 5


def test_sixteen_bits_of_grey_are_scaled_not_clipped() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((4, 4), 40 * 257, np.uint16)).save(stream, "PNG")
    pixels, done = shrunk(stream.getvalue(), 256)
    assert (pixels == 40).all()
    assert done == ()


def test_where_a_level_becomes_sure_is_told_with_what_avif_needs() -> None:
    def seen(*shares: float, name: str = "dog") -> list[tuple[int, tuple[tuple[str, float], ...]]]:
        return [(100 * place, ((name, share),)) for place, share in enumerate(shares, 1)]

    ours, avif = seen(0.5, 0.9, 0.95), seen(0.1, 0.2, 0.3, 0.85)
    told = sure_sentences(["coarse"], ours, (("dog", 0.97),), avif)
    assert "coarse: sure of *dog* from **200 bytes**; AVIF needs 400\n" in told
    assert "AVIF" not in sure_sentences(["coarse"], ours, (("dog", 0.97),), None)
    late = sure_sentences(["coarse"], ours, (("dog", 0.97),), seen(0.9, name="cat"))
    assert "AVIF is not sure of it within 100" in late
    assert "its smallest file" in sure_sentences(["coarse"], ours, None, seen(0.9, 0.9))
    unsure = sure_sentences(["coarse"], seen(0.9, 0.4), (("dog", 0.5),), avif)
    assert "not sure within this file (*dog*, 40\u00a0%); nor of the original (50\u00a0%)" in unsure
    other = sure_sentences(["coarse"], ours, (("wolf", 0.9),), avif)
    assert "the original is called wolf" in other
