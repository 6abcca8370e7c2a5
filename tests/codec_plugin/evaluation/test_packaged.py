"""Encoders that Python packages bring along."""

import re

import numpy as np
import pytest

from codec_plugin.evaluation.codecs import packaged
from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError
from codec_plugin.evaluation.demo import demo_photo
from tests.codec_plugin.evaluation.test_conventional import codec_or_skip

PIXELS = demo_photo("coffee")


def curve(codec: BenchCodec) -> tuple[list[int], list[float]]:
    sizes, quality = [], []
    for setting in codec.settings:
        data = codec.encode(PIXELS, setting)
        error = np.square(codec.decode(data).astype(float) - PIXELS).mean()
        sizes.append(len(data))
        quality.append(float(10 * np.log10(255**2 / error)))
    return sizes, quality


def test_mozjpeg_is_worth_its_name() -> None:
    """An encoder of the same name without trellis or tables of its own would be no rival."""
    plain, moz = (codec_or_skip(f"{name}=10/20/40/70") for name in ("jpeg", "mozjpeg"))
    sizes, quality = curve(moz)
    known = np.interp(quality, *reversed(curve(plain)))  # bytes of plain JPEG for as many decibels
    assert (np.array(sizes)[:3] < 0.9 * known[:3]).all()
    assert re.fullmatch(r"mozjpeg of pyvips-binary \d[\d.]*", moz.identity())


def test_jpeg_xl_names_its_library_and_falls_back_to_the_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("imagecodecs")
    made = packaged.jpeg_xl("6/2")
    assert made.settings == ("6", "2")
    assert re.fullmatch(r"libjxl \d[\d.]* of imagecodecs \d[\d.]*", made.identity())
    sizes, quality = curve(made)
    assert sizes == sorted(sizes)
    assert quality == sorted(quality)
    monkeypatch.setattr(packaged, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        CodecAbsentError, match=r"jxl needs cjxl and djxl on the PATH: .*imagecodecs"
    ):
        packaged.jpeg_xl()


def test_mozjpeg_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "find_spec", lambda _: None)
    with pytest.raises(CodecAbsentError, match="mozjpeg needs pyvips and pyvips-binary: pip "):
        packaged.MozJpeg()
