"""Pictures to bytes and back: every prefix, every size, every promise of the file's length."""

import math

import numpy as np
import pytest
import torch

from codec_plugin.bitstream.container import Header, pack_file, read_header
from codec_plugin.bitstream.segments import split_segments
from codec_plugin.codec import Codec, Decoded
from codec_plugin.errors import (
    BitstreamError,
    BlockDamagedError,
    CheckpointError,
    ConfigError,
    HierarchyMismatchError,
)
from codec_plugin.latent_codec.symbol_order import put_block, put_hyper, take_block, take_hyper
from codec_plugin.models.tiled import analyse
from codec_plugin.streaming import StreamingDecoder
from tests.codec_plugin.tiny import CONFIG, stored_codec, tiny_codec, tiny_picture


@pytest.fixture(scope="module")
def codec() -> Codec:
    return stored_codec()


@pytest.fixture(scope="module")
def blob(codec: Codec) -> bytes:
    return codec.encode(tiny_picture())


def psnr_db(decoded: Decoded, picture: np.ndarray) -> float:
    mse = np.square(decoded.pixels.astype(float) - picture).mean()
    return 10 * math.log10(255**2 / mse)


def test_segments_are_the_file(blob: bytes) -> None:
    header = read_header(blob)
    segments = split_segments(blob, header)
    assert len(blob) == header.size_bytes + sum(len(s.payload) + 4 for s in segments)
    assert header.size_bytes <= 32


@pytest.mark.parametrize("shape", [(16, 16), (40, 33), (64, 64)])
def test_every_prefix_is_a_picture_of_the_encoders_symbols(
    codec: Codec, shape: tuple[int, int]
) -> None:
    picture = tiny_picture(*shape)
    blob = codec.encode(picture)
    header = read_header(blob)
    whole = codec.latents.decode(split_segments(blob, header), (4, 4))
    before = (0.0,) * 4
    for length in range(header.size_bytes, len(blob) + 1):
        decoded = codec.decode(blob[:length])
        assert decoded.pixels.shape == picture.shape
        assert decoded.bytes_used == length
        received = codec.latents.decode(split_segments(blob[:length], header), (4, 4))
        shares = (received.hyper_fraction, *received.fractions)
        assert all(now >= then for now, then in zip(shares, before, strict=True))
        before = shares
        start = 0
        if received.hyper_fraction < 1:
            continue  # parameters are guesses until z is whole, and nothing of y is known
        for k, width in enumerate(CONFIG.blocks):
            if received.fractions[k] == 1:
                part = slice(start, start + width)
                assert torch.equal(received.y_hat[:, part], whole.y_hat[:, part])
            start += width
    assert before == (1, 1, 1, 1)


def test_known_symbols_of_a_cut_block_are_the_encoders(codec: Codec, blob: bytes) -> None:
    header = read_header(blob)
    grid = (8, 8)
    whole = codec.latents.decode(split_segments(blob, header), grid)
    first = slice(0, CONFIG.blocks[0])
    for length in range(header.size_bytes, header.ends[0], 3):
        cut = codec.latents.decode(split_segments(blob[:length], header), grid)
        if cut.hyper_fraction == 1:
            same = (cut.y_hat[:, first] == whole.y_hat[:, first]).float().mean(1)
            assert bool((same + 1e-6 >= cut.known[:, 0]).all())


def test_a_header_alone_is_a_picture(codec: Codec, blob: bytes) -> None:
    decoded = codec.decode(blob[: read_header(blob).size_bytes])
    assert decoded.pixels.shape == (70, 90, 3)
    assert (decoded.stage, decoded.stages_complete) == (-1, 0)
    assert decoded.fractions == (0, 0, 0)


def test_less_than_the_header_is_refused_in_a_sentence(codec: Codec, blob: bytes) -> None:
    for length in range(read_header(blob).size_bytes):
        with pytest.raises(BitstreamError, match=r"header|\.c2f file starts"):
            codec.decode(blob[:length])


def test_quality_grows_with_bytes(codec: Codec) -> None:
    sizes = np.linspace(0, 1, 9)
    curves = []
    for shape in [(70, 90), (128, 64), (100, 100), (64, 130)]:
        picture = tiny_picture(*shape)
        blob = codec.encode(picture)
        start = read_header(blob).size_bytes
        lengths = (start + sizes * (len(blob) - start)).astype(int)
        curves.append([psnr_db(codec.decode(blob[:n]), picture) for n in lengths])
    mean = np.mean(curves, 0)
    assert mean[-1] > mean[0] + 1
    assert np.diff(mean).min() > -0.1


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 200), (200, 1), (63, 65), (64, 64), (65, 127), (16, 1100)]
)
def test_any_size(codec: Codec, shape: tuple[int, int]) -> None:
    picture = tiny_picture(*shape)
    decoded = codec.decode(codec.encode(picture))
    assert decoded.pixels.shape == (*shape, 3)
    assert decoded.stages_complete == 3


def test_grey_comes_back_grey(codec: Codec) -> None:
    grey = tiny_picture()[:, :, 0]
    blob = codec.encode(grey)
    assert read_header(blob).grey
    assert codec.decode(blob).pixels.shape == grey.shape
    assert codec.decode(blob).image.mode == "L"


def test_types_of_pictures_agree(codec: Codec, blob: bytes) -> None:
    from PIL import Image

    picture = tiny_picture()
    planes = torch.from_numpy(picture.transpose(2, 0, 1).copy())
    for same in (Image.fromarray(picture), planes, planes[None], planes / 255, picture / 255.0):
        assert codec.encode(same) == blob
    decoded = codec.decode(blob)
    assert decoded.tensor.shape == planes.shape
    assert np.array_equal(np.asarray(decoded.image), decoded.pixels)


@pytest.mark.parametrize("size", [25, 60, 200, 10_000])
def test_max_bytes_is_a_prefix(codec: Codec, blob: bytes, size: int) -> None:
    assert codec.encode(tiny_picture(), max_bytes=size) == blob[:size]
    assert np.array_equal(
        codec.decode(blob, max_bytes=size).pixels, codec.decode(blob[:size]).pixels
    )


def test_bits_per_pixel_is_a_prefix(codec: Codec, blob: bytes) -> None:
    cut = codec.encode(tiny_picture(), bpp=0.25)
    assert cut == blob[: int(0.25 * 70 * 90 / 8)]
    assert codec.decode(blob, bpp=0.25).rate_bpp <= 0.25


def test_fewer_stages(codec: Codec, blob: bytes) -> None:
    two = codec.encode(tiny_picture(), stages=2)
    header = read_header(two)
    assert header.payload_bytes == read_header(blob).payload_bytes[:2]
    decoded = codec.decode(two)
    assert (decoded.stage, decoded.stages_complete) == (1, 2)
    assert np.array_equal(decoded.pixels, codec.decode(blob, level="mid").pixels)


def test_levels(codec: Codec, blob: bytes) -> None:
    ends = read_header(blob).ends
    for number, name in enumerate(("coarse", "mid", "fine")):
        decoded = codec.decode(blob, level=name)
        assert decoded.bytes_used == ends[number]
        assert np.array_equal(decoded.pixels, codec.decode(blob, level=number).pixels)
    with pytest.raises(ConfigError, match="coarse, mid, fine"):
        codec.decode(blob, level="species")


@pytest.mark.parametrize("stage", [1, 2])
def test_a_flipped_bit_leaves_the_stages_before(codec: Codec, blob: bytes, stage: int) -> None:
    ends = read_header(blob).ends
    bad = bytearray(blob)
    bad[ends[stage - 1] + 7] ^= 16
    decoded = codec.decode(bytes(bad))
    assert np.array_equal(decoded.pixels, codec.decode(blob[: ends[stage - 1]]).pixels)
    assert decoded.stages_complete == stage
    assert f"stage {stage + 1}" in decoded.warnings[0]


def test_a_damaged_first_stage_is_an_error(codec: Codec, blob: bytes) -> None:
    bad = bytearray(blob)
    bad[read_header(blob).size_bytes + 2] ^= 1
    with pytest.raises(BlockDamagedError, match="stage 1"):
        codec.decode(bytes(bad))


def test_extra_bytes_are_told(codec: Codec, blob: bytes) -> None:
    decoded = codec.decode(blob + b"tail")
    assert decoded.bytes_used == len(blob)
    assert decoded.warnings == ("4 bytes after the last stage ignored",)


def test_the_wrong_checkpoint_is_named(blob: bytes) -> None:
    other = tiny_codec(seed=1)
    mine, theirs = read_header(blob).model_id.hex(), other.model_id.hex()
    with pytest.raises(CheckpointError, match=f"{mine}.*{theirs}"):
        other.decode(blob)


def test_the_wrong_label_map_is_named(codec: Codec, blob: bytes) -> None:
    header = read_header(blob)
    payloads = [s.payload for s in split_segments(blob, header)]
    foreign = Header(
        header.height_px, header.width_px, header.model_id, b"\1\2\3\4", header.payload_bytes
    )
    with pytest.raises(HierarchyMismatchError, match=r"01020304.*abababab"):
        codec.decode(pack_file(foreign, payloads))


def test_too_many_pixels_are_refused_first(codec: Codec, blob: bytes) -> None:
    with pytest.raises(BitstreamError, match="limit of 6299"):
        codec.decode(blob, max_pixels=70 * 90 - 1)


@pytest.mark.parametrize(
    "options", [{"stages": 0}, {"stages": 4}, {"effort": -1}, {"max_bytes": -1}, {"bpp": -0.1}]
)
def test_options_out_of_range(codec: Codec, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        codec.encode(tiny_picture(16, 16), **options)


def test_too_few_bytes_for_the_header(codec: Codec) -> None:
    with pytest.raises(BitstreamError, match="does not hold the header"):
        codec.encode(tiny_picture(16, 16), max_bytes=10)
    blob = codec.encode(tiny_picture(16, 16))
    for limit in ({"max_bytes": read_header(blob).size_bytes - 1}, {"bpp": 0.0}):
        with pytest.raises(BitstreamError, match="does not hold the header"):
            codec.decode(blob, **limit)


def test_the_file_is_as_long_as_the_model_says(codec: Codec) -> None:
    """Whole-file bytes at most 1 % + 40 above -log2 of the float model's likelihood."""
    model = codec.checkpoint.model
    for height in range(64, 64 * 13, 64):
        picture = tiny_picture(height, 128)
        x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            ideal_bytes = float(model(x).stage_bits.sum()) / 8
        assert len(codec.encode(picture)) <= 1.01 * ideal_bytes + 40


def test_symbols_of_one_stage_do_not_depend_on_the_others(codec: Codec, blob: bytes) -> None:
    header = read_header(blob)
    short = codec.encode(tiny_picture(), stages=1)
    own = split_segments(short, read_header(short))[0]
    assert own.payload == split_segments(blob, header)[0].payload


@pytest.mark.parametrize(
    "switches",
    [
        {"use_sort": False},
        {"use_delta": False},
        {"use_context": False},
        {"fill": "zero"},
        {"stage_conditioning": False},
        {"blocks": (12,), "steps": (0.2,)},
    ],
)
def test_ablations_code_too(switches: dict[str, object]) -> None:
    import msgspec

    config = msgspec.structs.replace(CONFIG, **switches)
    from codec_plugin.checkpointing.checkpoint import Checkpoint, CheckpointMeta
    from codec_plugin.entropy.cdf_tables import CodingTables
    from codec_plugin.entropy.integer_model import ExactEntropy
    from codec_plugin.models.progressive import ProgressiveModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = ProgressiveModel(config).eval()
    exact, tables = ExactEntropy.from_model(model), CodingTables.from_prior(model.entropy.prior)
    codec = Codec(Checkpoint(model, exact, tables, CheckpointMeta(), "00" * 32))
    blob = codec.encode(tiny_picture(64, 64))
    header = read_header(blob)
    y, _ = analyse(model, torch.from_numpy(tiny_picture(64, 64)).permute(2, 0, 1)[None])
    whole = codec.latents.decode(split_segments(blob, header), (4, 4))
    assert float((whole.y_hat - y).abs().max()) <= 0.5 + 1e-3
    for length in range(header.size_bytes, len(blob), 11):
        codec.decode(blob[:length])


def test_unsorted_runs_come_back() -> None:
    from codec_plugin.bitstream.range_coder import StageReader, StageWriter

    rows = stored_codec().latents.rows
    rng = np.random.default_rng(0)
    index = rng.integers(0, 64, (2, 3, 4)).astype(np.uint8)
    symbols = rng.integers(-9, 9, (2, 3, 4)).astype(np.int32)
    z = rng.integers(-3, 3, (2, 1, 1)).astype(np.int32)
    for sort in (True, False):
        writer = StageWriter()
        put_hyper(writer, z, rows)
        put_block(writer, symbols, index, rows, sort=sort)
        reader = StageReader(writer.finish(), whole=True)
        assert np.array_equal(take_hyper(reader, (2, 1, 1), rows).values, z)
        assert np.array_equal(take_block(reader, index, rows, sort=sort).values, symbols)


def test_a_stream_in_chunks(codec: Codec, blob: bytes) -> None:
    decoder = StreamingDecoder(codec)
    with pytest.raises(BitstreamError, match="inside the header"):
        decoder.decode()
    steps = []
    for start in range(0, len(blob) + 30, 7):
        if decoder.feed((blob + b"\0" * 30)[start : start + 7]):
            steps.append((decoder.bytes_received, decoder.decode().stages_complete))
    assert [complete for _, complete in steps] == [0, 1, 2, 3]
    assert decoder.finished
    assert decoder.bytes_received == len(blob)
    assert np.array_equal(decoder.decode().pixels, codec.decode(blob).pixels)


def test_a_stream_that_is_none_fails_at_its_first_byte(codec: Codec) -> None:
    with pytest.raises(BitstreamError, match="starts with"):
        StreamingDecoder(codec).feed(b"\x89PNG")


def test_effort_never_loses(codec: Codec) -> None:
    picture = tiny_picture(64, 64)
    lambdas = codec.checkpoint.meta.lambdas

    def objective(blob: bytes) -> float:
        total = 0.0
        for level, weight in enumerate(lambdas):
            decoded = codec.decode(blob, level=level)
            mse = float(np.square(decoded.pixels.astype(float) - picture).mean())
            total += decoded.rate_bpp + weight * mse
        return total

    plain, refined = codec.encode(picture), codec.encode(picture, effort=30)
    # Rates of files move in whole bytes: 8 bits on 4096 pixels, in three stages.
    assert objective(refined) <= objective(plain) + 3 * 8 / 4096
    assert refined != plain
