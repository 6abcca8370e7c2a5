"""Whatever picture a user has: upright, opaque, three channels, or one clear sentence."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from codec_plugin.errors import ImageError
from codec_plugin.images import Picture, as_picture, read_picture, write_pixels

RGB = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def saved(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = saved(Image.fromarray(RGB), "PNG", exif=exif)
    picture = read_picture(source)
    upright = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB, -1),
        7: RGB[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(RGB),
    }[orientation]
    np.testing.assert_array_equal(picture.pixels, upright)
    assert bool(picture.notes) == (orientation > 1)


def test_transparency_is_composited_on_white() -> None:
    rgba = np.dstack([RGB, np.full((4, 6), 128, np.uint8)])
    rgba[0, 0, 3], rgba[0, 1, 3] = 0, 255
    picture = read_picture(saved(Image.fromarray(rgba), "PNG"))
    exact = RGB * (rgba[:, :, 3:] / 255) + 255 * (1 - rgba[:, :, 3:] / 255)
    np.testing.assert_array_equal(picture.pixels, np.round(exact).astype(np.uint8))
    assert (picture.pixels[0, 0] == 255).all()
    assert (picture.pixels[0, 1] == RGB[0, 1]).all()
    assert picture.notes == ("transparency composited on white",)


def test_opaque_alpha_says_nothing() -> None:
    rgba = np.dstack([RGB, np.full((4, 6), 255, np.uint8)])
    picture = as_picture(rgba)
    np.testing.assert_array_equal(picture.pixels, RGB)
    assert picture.notes == ()


def test_palette_with_and_without_transparency() -> None:
    image = Image.fromarray(RGB).quantize(8)
    np.testing.assert_array_equal(
        read_picture(saved(image, "PNG")).pixels, np.asarray(image.convert("RGB"))
    )
    clear = read_picture(saved(image, "PNG", transparency=0))
    assert clear.notes == ("transparency composited on white",)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey(mode: str) -> None:
    image = Image.fromarray(RGB).convert(mode)
    picture = read_picture(saved(image, "PNG"))
    assert picture.grey
    np.testing.assert_array_equal(picture.pixels[:, :, 0], np.asarray(image.convert("L")))
    assert (picture.pixels == picture.pixels[:, :, :1]).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_grey_keep_their_depth(kind: str) -> None:
    values = (np.arange(24, dtype=np.uint16) * 2731).reshape(4, 6)
    picture = read_picture(saved(Image.fromarray(values), kind))
    assert picture.grey
    np.testing.assert_array_equal(picture.pixels[:, :, 0], values)
    padded = picture.padded(8)
    assert padded.dtype == torch.float32
    np.testing.assert_allclose(padded[0, 0, :4, :6].numpy(), values / 65535, atol=1e-6)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "LAB", "RGBX", "RGBa", "La", "LA", "PA"])
def test_every_mode_of_pillow_is_read(mode: str) -> None:
    via = {"RGBa": "RGBA", "La": "LA"}.get(mode)
    image = Image.fromarray(RGB)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    elif mode == "PA":
        image = image.convert("P").convert("PA")
    else:
        image = (image.convert(via) if via else image).convert(mode)
    picture = as_picture(image)
    assert picture.pixels.shape == RGB.shape
    assert picture.pixels.dtype == np.uint8


def test_a_colour_profile_is_noted() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = read_picture(saved(Image.fromarray(RGB), "PNG", icc_profile=profile))
    assert "ICC profile" in picture.notes[0]
    assert "sRGB" in picture.notes[0]
    broken = read_picture(saved(Image.fromarray(RGB), "PNG", icc_profile=b"none"))
    assert "unreadable" in broken.notes[0]


def test_the_first_frame_of_a_film() -> None:
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    source = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    picture = read_picture(source)
    np.testing.assert_array_equal(picture.pixels, RGB)
    assert picture.notes == ("first of 2 frames",)


@pytest.mark.parametrize(
    "values",
    [
        RGB,
        RGB.astype(np.uint16) * 257,
        RGB / 255,
        (RGB / 255).astype(np.float32),
        torch.from_numpy(RGB).permute(2, 0, 1),
        torch.from_numpy(RGB).permute(2, 0, 1)[None] / 255,
    ],
)
def test_arrays_and_tensors_mean_the_same(values: object) -> None:
    picture = as_picture(values)
    top = np.iinfo(picture.pixels.dtype).max
    np.testing.assert_array_equal(picture.pixels.astype(np.uint32) * 255 // top, RGB)
    assert as_picture(picture) is picture


def test_boolean_arrays_are_black_and_white() -> None:
    picture = as_picture(np.array([[True, False]]))
    np.testing.assert_array_equal(picture.pixels[0, :, 0], [255, 0])
    assert picture.grey


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((0, 3, 3), np.uint8), "1 to 8192"),
        (np.zeros((3, 8193, 3), np.uint8), "8193 × 3"),
        (np.zeros((3, 3, 2), np.uint8), "shape"),
        (np.zeros(3, np.uint8), "shape"),
        (np.zeros((3, 3), np.int64), "int64"),
        (np.full((3, 3), np.nan), "nan"),
        (np.full((3, 3), 255.0), "0..1"),
        (torch.zeros(2, 3, 4, 4), "shape"),
        ("photo.jpg", "got str"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_refused(values: object, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        as_picture(values)


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot read"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(ImageError, match="not an image"):
        read_picture(io.BytesIO(b"hello"))
    noise = np.random.default_rng(0).integers(0, 256, (50, 50, 3)).astype(np.uint8)
    whole = saved(Image.fromarray(noise), "PNG").getvalue()
    with pytest.raises(ImageError, match="cannot read"):
        read_picture(io.BytesIO(whole[: len(whole) // 2]))


def test_padding_repeats_the_edge() -> None:
    padded = Picture(RGB).padded(8)
    assert padded.shape == (1, 3, 8, 8)
    np.testing.assert_array_equal(padded[0, :, :4, :6].numpy(), RGB.transpose(2, 0, 1))
    assert (padded[0, :, 4:, :6] == padded[0, :, 3:4, :6]).all()
    assert (padded[0, :, :, 6:] == padded[0, :, :, 5:6]).all()


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff", ".bmp"])
def test_pixels_are_written_without_loss(suffix: str) -> None:
    data = write_pixels(RGB, suffix)
    np.testing.assert_array_equal(read_picture(io.BytesIO(data)).pixels, RGB)


@pytest.mark.parametrize("suffix", ["", ".txt", ".xyz"])
def test_a_type_that_is_not_written_is_refused(suffix: str) -> None:
    with pytest.raises(ImageError, match=r"use \.png"):
        write_pixels(RGB, suffix)
