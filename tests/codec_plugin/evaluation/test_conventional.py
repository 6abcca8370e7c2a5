"""Conventional codecs: files, containers, versions, and smaller pictures in fewer bytes."""

import os

import numpy as np
import pytest

from codec_plugin.errors import BitstreamError, ConfigError
from codec_plugin.evaluation.codecs.base import BenchCodec, CodecAbsentError
from codec_plugin.evaluation.codecs.conventional import SWEEPS, encoder_version
from codec_plugin.evaluation.codecs.registry import make_codec
from codec_plugin.evaluation.demo import demo_photo
from codec_plugin.evaluation.reports.tables import bd_table, budget_table, scale_table
from codec_plugin.evaluation.results_table import Row
from codec_plugin.evaluation.statistics.budget import area, presence, scale_of, steps

WHOLE = ("jpeg", "mozjpeg", "webp", "avif", "avif-speed0", "jxl", "vvc")


def codec_or_skip(text: str) -> BenchCodec:
    try:
        return make_codec(text)[1]
    except CodecAbsentError as error:
        pytest.skip(str(error))


def psnr_db(first: np.ndarray, second: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.square(first.astype(float) - second).mean()))


@pytest.mark.parametrize("name", [*WHOLE, "jpeg-progressive", "jpeg2000"])
def test_files_decode_and_their_containers_are_told(name: str) -> None:
    made = codec_or_skip(name)
    pixels = demo_photo("chelsea")
    data = made.encode(pixels, made.settings[len(made.settings) // 2])
    assert made.decode(data).shape == pixels.shape
    assert psnr_db(made.decode(data), pixels) > 24
    least = 0 if name in ("jxl", "vvc") else 10  # a bare code stream has no container
    assert least <= made.container_bytes(data) < len(data) / 2
    if made.progressive:
        short = made.decode(data[: len(data) // 4])
        assert psnr_db(short, pixels) < psnr_db(made.decode(data), pixels)


def test_a_progressive_jpeg_grows_better_wherever_it_is_cut() -> None:
    """Cut inside a marker segment it was decoded to a black picture."""
    made = codec_or_skip("jpeg-progressive")
    pixels = demo_photo("chelsea")[:96, :96]
    data = made.encode(pixels, "75")
    first = next(n for n in range(len(data)) if made.container_bytes(data[:n]) < n)
    quality = [psnr_db(made.decode(data[:n]), pixels) for n in range(first, len(data) + 1)]
    best = np.maximum.accumulate(quality)
    assert (quality >= best - 3).all()
    assert quality[-1] > 30


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_avif_files_are_the_same_on_one_core_as_on_many() -> None:
    """Left alone, aom takes the idle cores, and a file of one thread is another."""
    made = codec_or_skip("avif")
    pixels = demo_photo("chelsea")
    cores = os.sched_getaffinity(0)
    files = set()
    try:
        for allowed in ({min(cores)}, range(os.cpu_count() or 1)):
            os.sched_setaffinity(0, allowed)
            files.add(made.encode(pixels, "0"))
        assert len(files) == 1
    finally:
        os.sched_setaffinity(0, cores)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("shape", [(256, 256), (93, 70)])
def test_smaller_pictures_take_fewer_bytes_and_come_back_whole(
    name: str, shape: tuple[int, int]
) -> None:
    made = codec_or_skip(f"{name}-shrunk")
    pixels = demo_photo("coffee")[: shape[0], : shape[1]]
    lowest = made.settings[len(made.settings) // 3 // 2]
    sizes = []
    for setting in (lowest, f"{lowest}-half", f"{lowest}-quarter"):
        data = made.encode(pixels, setting)
        decoded = made.decode(data)
        assert decoded.shape == pixels.shape
        assert psnr_db(decoded, pixels) > 15
        sizes.append(len(data))
    assert sizes == sorted(sizes, reverse=True)
    assert len(made.settings) == 3 * len(make_codec(name)[1].settings)
    whole = make_codec(name)[1].encode(pixels, lowest)
    assert made.encode(pixels, lowest) == whole + b"\x01"  # a byte tells the scale
    assert made.container_bytes(whole + b"\x01") == make_codec(name)[1].container_bytes(whole) + 1
    assert "halved and quartered" in made.identity()
    with pytest.raises(BitstreamError, match="no encoder writes that"):
        made.decode(whole + b"\x07")


def test_qualities_of_shrinking_codecs_may_be_named() -> None:
    assert make_codec("webp-shrunk=0/50")[1].settings == (
        "0", "50", "0-half", "50-half", "0-quarter", "50-quarter",
    )  # fmt: skip


def test_each_setting_may_be_given_its_scale() -> None:
    made = make_codec("webp-shrunk=0/50-half/20-quarter")[1]
    assert made.settings == ("0", "50-half", "20-quarter")
    pixels = demo_photo("coffee")
    assert made.encode(pixels, "50-half") == make_codec("webp-shrunk")[1].encode(pixels, "50-half")
    with pytest.raises(ConfigError, match="qualities are numbers"):
        make_codec("webp-shrunk=0/fast-half")


@pytest.mark.parametrize("name", ["jxl", "vvc", "jpeg2000"])
def test_settings_of_programs_may_be_named(name: str) -> None:
    codec_or_skip(name)
    if name != "jpeg2000":
        assert make_codec(f"{name}=4/2.5")[1].settings == ("4", "2.5")
    with pytest.raises(ConfigError, match="settings are numbers, such as 40/30/22; got 4/best"):
        make_codec(f"{name}=4/best")


@pytest.mark.parametrize("shape", [(64, 96), (63, 97)])
def test_vvc_keeps_odd_sides(shape: tuple[int, int]) -> None:
    made = codec_or_skip("vvc")
    pixels = demo_photo("coffee")[: shape[0], : shape[1]]
    data = made.encode(pixels, "22")
    assert made.decode(data).shape == pixels.shape
    assert psnr_db(made.decode(data), pixels) > 32
    assert made.identity().startswith("vvencapp 1.")


def test_the_slowest_speed_is_worth_its_bytes() -> None:
    pixels = demo_photo("astronaut")
    default, slowest = codec_or_skip("avif"), codec_or_skip("avif-speed0")
    sizes = [len(one.encode(pixels, "30")) for one in (default, slowest)]
    assert sizes[0] != sizes[1]
    assert abs(sizes[1] / sizes[0] - 1) < 0.1
    assert (default.identity() == slowest.identity()) is False


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_encoders_are_named_with_their_versions(name: str) -> None:
    import re

    told = encoder_version(name)
    assert re.fullmatch(
        r"[a-z_]+ \d[\w.]* (\([a-z]+ \d[\w.]*, speed 4, 2 threads\) )?of Pillow \d[\w.]*", told
    )
    assert ("speed" in told) == (name == "avif")


def point(image: int, cut: str, bpp: float, right: int) -> Row:
    measures = {"correct_coarse": right, "agree_coarse": right, "psnr_db": 20.0}
    return Row("s", f"{image}", cut, round(bpp * 8192), bpp, measures)


def test_the_best_scale_counts_within_each_budget() -> None:
    rows = []
    for image in range(10):
        rows.append(point(image, "quality-0", 0.2, int(image < 8)))
        rows.append(point(image, "quality-0-half", 0.1, int(image < 5)))
        rows.append(point(image, "quality-50-half", 0.3, int(image < 7)))
        if image:  # a photograph without this file takes nothing smaller
            rows.append(point(image, "quality-0-quarter", 0.05, int(image < 3)))
    found = steps(rows, "s", "correct_coarse", [0.04, 0.05, 0.1, 0.2, 0.4])
    assert found.scales == ("full", "quarter", "half", "full", "full")
    assert found.values.mean(0).tolist() == pytest.approx([0, 0.2, 0.5, 0.8, 0.8])
    assert found.present.mean(0).tolist() == pytest.approx([0, 0.9, 1, 1, 1])
    (told,) = scale_table(rows, ["s"])
    assert list(told.values())[1:] == ["quarter", "half", "full", "full", "full"]
    assert budget_table(rows, ["s"])[0]["0.1 bpp"].startswith("50.0")
    assert steps(rows[:1], "s", "correct_coarse", [0.1]).scales == ("full",)
    assert bd_table(rows, ["s", "t"], "t", {}) == []  # points of several scales are no curve


def test_a_budget_without_a_file_of_the_best_scale_takes_the_next_smaller() -> None:
    rows = [point(n, "quality-9", 0.2, 1) for n in range(3)]
    rows += [point(3, "quality-9", 0.3, 1), point(3, "quality-9-half", 0.1, 0)]
    rows += [point(4, "quality-9", 0.3, 1), point(4, "quality-9-half", 0.1, 1)]
    found = steps(rows, "s", "correct_coarse", [0.2])
    assert found.scales == ("full",)
    assert found.values[:, 0].tolist() == [1, 1, 1, 0, 1]


def test_areas_over_common_budgets_charge_nobody_for_files_that_cannot_be() -> None:
    rows = [point(n, "quality-9", 0.2, 1) for n in range(3)]
    assert area(rows, "s", "correct_coarse", (0.2, 0.8)).mean == 1.0
    assert presence(rows, "s", "correct_coarse", (0.2, 0.8)) == 1.0
    assert area(rows, "s", "correct_coarse").mean == pytest.approx(0.5, abs=0.01)
    assert presence(rows, "s", "correct_coarse") == pytest.approx(0.5, abs=0.01)


def test_names_of_cuts_tell_the_scale() -> None:
    cuts = ("quality-10-half", "quality-10-quarter", "quality-10", "stage-1", "bpp-0.0250")
    assert [scale_of(cut) for cut in cuts] == ["half", "quarter", "full", "full", "full"]
