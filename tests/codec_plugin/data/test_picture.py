"""Whatever picture a user has: upright, opaque, three channels, or one clear sentence."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.picture import Picture, as_picture, read_picture, write_pixels
from codec_plugin.errors import ImageError
from tests.codec_plugin import icc

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


def png(depth: int, colour_type: int, rows: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of any depth, which Pillow does not write; `rows` holds each row's packed bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    width = rows.shape[1] * 8 // (depth * channels)
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def deep(values: np.ndarray, colour_type: int, *chunks: tuple[bytes, bytes]) -> Picture:
    rows = values.astype(">u2").reshape(len(values), -1).view(np.uint8)
    return read_picture(io.BytesIO(png(16, colour_type, rows, *chunks)))


DEEP = (np.arange(4 * 6 * 3, dtype=np.uint16) * 907).reshape(4, 6, 3)


def test_sixteen_bits_of_colour_keep_their_depth() -> None:
    picture = deep(DEEP, 2)
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels, DEEP)
    assert picture.notes == ()
    np.testing.assert_array_equal(picture.bytes_rgb, np.round(DEEP / 257).astype(np.uint8))


def test_sixteen_bits_with_opacity() -> None:
    opacity = np.array([65535, 0, 32768], np.uint16).repeat(8).reshape(4, 6, 1)
    exact = np.round(DEEP * (opacity / 65535) + 65535 * (1 - opacity / 65535)).astype(np.uint16)
    both = np.concatenate([DEEP, opacity], 2)
    picture = deep(both, 6)
    np.testing.assert_array_equal(picture.pixels, exact)
    grey = deep(both[:, :, [0, 3]], 4)
    assert abs(grey.bytes_rgb - np.repeat(exact[:, :, :1], 3, 2) / 257).max() <= 2
    assert "16 bits a channel read as 8" in grey.notes[0]
    marked = deep(DEEP, 2, (b"tRNS", DEEP[1, 1].astype(">u2").tobytes()))
    assert (marked.pixels == 65535).all(2).sum() == 1
    assert (marked.pixels[1, 1] == 65535).all()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bits_of_a_tiff(order: str, compression: str | None) -> None:
    tifffile = pytest.importorskip("tifffile")
    out = io.BytesIO()
    tifffile.imwrite(out, DEEP, byteorder=order[0], compression=compression, photometric="rgb")
    picture = read_picture(io.BytesIO(out.getvalue()))
    np.testing.assert_array_equal(picture.pixels, DEEP)


def test_lost_depth_is_told() -> None:
    ppm = b"P6 6 4 65535\n" + DEEP.astype(">u2").tobytes()
    assert "16 bits a channel read as 8" in read_picture(io.BytesIO(ppm)).notes[0]
    with Image.open(io.BytesIO(png(16, 2, DEEP.astype(">u2").reshape(4, -1).view("u1")))) as image:
        picture = as_picture(image)
    np.testing.assert_array_equal(picture.pixels, DEEP >> 8)
    assert "16 bits a channel read as 8" in picture.notes[0]


@pytest.mark.parametrize(("depth", "level"), [(8, 85), (4, 5), (2, 1), (16, 85 * 257)])
def test_a_transparent_grey(depth: int, level: int) -> None:
    """A level of grey that is called transparent, told in the range of the file's own depth."""
    if depth == 16:
        rows = (np.array([0, 85, 170, 255], ">u2") * 257).astype(">u2").view(np.uint8)[None]
    elif depth == 8:
        rows = np.array([[0, 85, 170, 255]], np.uint8)
    else:
        packed = {4: [0x05, 0xAF], 2: [0b00011011]}[depth]
        rows = np.array([packed], np.uint8)
    picture = read_picture(io.BytesIO(png(depth, 0, rows, (b"tRNS", struct.pack(">H", level)))))
    assert picture.bytes_rgb[0, :, 0].tolist() == [0, 255, 170, 255]
    assert picture.notes == ("transparency composited on white",)


COLOURS = np.stack(np.meshgrid(*[np.linspace(0, 255, 5).round()] * 3), -1).reshape(5, 25, 3)
COLOURS = COLOURS.astype(np.uint8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_another_colour_space_is_converted(kind: str) -> None:
    adobe = icc.profile(icc.ADOBE, icc.ADOBE_GAMMA, "Wide test")
    flat = np.tile(np.array([200, 60, 60], np.uint8), (16, 16, 1))
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(kind, {})
    picture = read_picture(saved(Image.fromarray(flat), kind, icc_profile=adobe, **options))
    right = icc.as_srgb(np.array([200, 60, 60]), icc.ADOBE, icc.ADOBE_GAMMA)
    assert abs(right - [200, 60, 60]).max() > 20
    assert abs(picture.pixels.mean((0, 1)) - right).max() < 2
    assert picture.notes == ("colours converted from “Wide test” to sRGB",)


def test_every_colour_of_a_profile_and_its_opacity() -> None:
    adobe = icc.profile(icc.ADOBE, icc.ADOBE_GAMMA, "Wide test")
    right = icc.as_srgb(COLOURS, icc.ADOBE, icc.ADOBE_GAMMA)
    found = read_picture(saved(Image.fromarray(COLOURS), "PNG", icc_profile=adobe)).pixels
    assert abs(found - right).mean() < 0.5
    clear = np.dstack([COLOURS, np.full((5, 25), 128, np.uint8)])
    found = read_picture(saved(Image.fromarray(clear), "PNG", icc_profile=adobe)).pixels
    assert abs(found - (right * 128 + 255 * 127) / 255).mean() < 0.5
    picture = deep(COLOURS.astype(np.uint16) * 257, 2, (b"iCCP", b"x\0\0" + zlib.compress(adobe)))
    assert abs(picture.bytes_rgb - right).mean() < 0.5
    assert "in 8 bits of 16" in picture.notes[0]


@pytest.mark.parametrize("deep_grey", [False, True])
def test_a_grey_profile(deep_grey: bool) -> None:
    linear = icc.profile(None, 1.0, "Linear grey")
    grey = np.arange(0, 256, 8, dtype=np.uint8)[None]
    right = icc.as_srgb(np.repeat(grey[:, :, None], 3, 2), icc.SRGB, 1.0)
    source = grey.astype(np.uint16) * 257 if deep_grey else grey
    picture = read_picture(saved(Image.fromarray(source), "PNG", icc_profile=linear))
    assert picture.grey
    assert abs(picture.bytes_rgb - right).max() <= 2
    assert "Linear grey" in picture.notes[0]


def test_srgb_under_any_name_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = read_picture(saved(Image.fromarray(COLOURS), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(picture.pixels, COLOURS)
    assert picture.notes == ()


def test_a_profile_that_cannot_serve_is_told() -> None:
    broken = read_picture(saved(Image.fromarray(RGB), "PNG", icc_profile=b"none"))
    assert "unreadable" in broken.notes[0]
    adobe = icc.profile(icc.ADOBE, icc.ADOBE_GAMMA, "Wide test")
    grey = read_picture(saved(Image.fromarray(RGB[:, :, 0]), "PNG", icc_profile=adobe))
    np.testing.assert_array_equal(grey.pixels[:, :, 0], RGB[:, :, 0])
    assert "not of such pixels" in grey.notes[0]
    assert "not of such pixels" in deep(DEEP, 2, (b"iCCP", b"x\0\0" + zlib.compress(
        icc.profile(None, 1.0, "Linear grey")))).notes[0]  # fmt: skip


def test_every_part_reads_a_picture_alike(tmp_path: Path) -> None:
    """Training and evaluation see what the command encodes."""
    exif = Image.Exif()
    exif[0x0112] = 6
    adobe = icc.profile(icc.ADOBE, icc.ADOBE_GAMMA, "Wide test")
    clear = np.dstack([COLOURS, np.full((5, 25), 90, np.uint8)])
    Image.fromarray((np.arange(24, dtype=np.uint16) * 2731).reshape(4, 6)).save(tmp_path / "a.png")
    Image.fromarray(clear).save(tmp_path / "b.png", exif=exif)
    Image.fromarray(COLOURS).save(tmp_path / "c.png", icc_profile=adobe)
    (tmp_path / "._c.png").write_bytes(b"\0\5\x16\7")
    folder = ImageFolder(tmp_path, {}, cache=False)
    assert folder.names == ("a.png", "b.png", "c.png")
    assert folder.skipped == 1
    for number, file in enumerate(folder.files):
        np.testing.assert_array_equal(folder.pixels(number), read_picture(file).bytes_rgb)
    assert abs(folder.pixels(0).mean() - np.arange(24).mean() * 2731 / 257) < 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_damaged_file_is_a_picture_or_a_sentence(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = saved(Image.fromarray(RGB), kind, exif=exif).getvalue()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        with suppress(ImageError):  # any other error fails
            assert read_picture(io.BytesIO(damaged)).pixels.shape[2] == 3
