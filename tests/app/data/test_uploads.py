"""Hostile uploads: one sentence each, and nothing else."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.data.uploads import UploadError, class_list_of, label_map_of, picture_of
from hierlab.labelmap import LabelMap


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes do not hold."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    parts = (header, data, b"IEND")
    chunks = b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in parts
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_a_sound_label_map_is_taken(nested: LabelMap) -> None:
    assert label_map_of(nested.encode()).id == nested.id


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 50,
        b"[" * 100_000,
        b'{"format": "hierlab-label-map", "version": 1}',
        b'{"format": "../../etc/passwd", "version": 1}',
        '{"format": "hierlab-label-map"'.encode("utf-16"),
    ],
)
def test_a_bad_label_map_is_one_sentence(content: bytes) -> None:
    with pytest.raises(UploadError) as caught:
        label_map_of(content)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_label_out_of_range_names_the_field(nested: LabelMap) -> None:
    broken = nested.encode().replace(b'"labels":[0,0,0,0,1', b'"labels":[7,0,0,0,1')
    with pytest.raises(UploadError, match=r"levels\[0\]\.labels"):
        label_map_of(broken)


def test_an_image_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(UploadError, match="million"):
        picture_of(png_of(60_000, 60_000))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff" + b"\0" * 200, b"C2F\x01"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UploadError):
        picture_of(content)


def test_a_cut_picture_is_refused() -> None:
    stream = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(stream, "PNG")
    with pytest.raises(UploadError):
        picture_of(stream.getvalue()[:400])


def test_a_photograph_is_read_as_the_command_reads_it() -> None:
    image = Image.new("RGBA", (6, 4), (255, 0, 0, 128))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    stream = io.BytesIO()
    image.save(stream, "PNG", exif=exif)
    taken = picture_of(stream.getvalue())
    assert (taken.width_px, taken.height_px) == (4, 6)
    assert taken.pixels[0, 0].tolist() == [255, 127, 127]
    assert taken.notes == (
        "turned upright (EXIF orientation 6)",
        "transparency composited on white",
    )


def test_class_lists_are_read_and_refused() -> None:
    assert class_list_of(b"tabby\nteapot\n", ".txt").names == ("tabby", "teapot")
    assert class_list_of(b"names:\n  0: cat\n", ".yaml").names == ("cat",)
    assert class_list_of(b"a\na\n", ".txt").ids == ("a", "a (2)")
    for content, suffix in ((b"", ".txt"), (b"id\n1\n1\n", ".csv"), (b"{", ".json"), (b"a", ".x")):
        with pytest.raises(UploadError) as caught:
            class_list_of(content, suffix)
        assert "/tmp" not in str(caught.value)
