"""The conventional codecs beside the codec's picture."""

import numpy as np
import pytest

from app.codec_page.decoding import png_bytes

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("quick", [True, False])
def test_a_picture_is_shown_as_it_is(quick: bool) -> None:
    import io

    from PIL import Image

    shown = np.asarray(Image.open(io.BytesIO(png_bytes(PIXELS, quick=quick))))
    np.testing.assert_array_equal(shown, PIXELS)


def test_a_file_is_made_once_and_by_another_thread() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")
    from app.codec_page.beside import _file

    first = _file("jpeg", "a picture", 50, PIXELS)
    assert first.result(60).startswith(b"\xff\xd8")
    assert _file("jpeg", "a picture", 50, PIXELS) is first
    assert _file("jpeg", "a picture", 60, PIXELS) is not first


def test_a_codec_that_is_not_here_is_an_error_of_ours() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")
    from app.codec_page.beside import _file
    from codec_plugin import CodecError

    with pytest.raises(CodecError):
        _file("no such codec", "a picture", 50, PIXELS).result(60)
