"""An independent reader, written from docs/format.md alone: stages, lengths, checks, symbols.

It imports nothing of the package; the tests below hold it against the package's own files.
"""

from pathlib import Path

import numpy as np
import pytest

from codec_plugin.codec import Codec
from codec_plugin.data.picture import read_picture
from tests.codec_plugin.tiny import DATA, stored_codec, tiny_picture

# --- the reader: section 1 -------------------------------------------------------------------


def crc(data: bytes, width: int, polynomial: int, *, reflected: bool, final: int) -> int:
    """Section 1, bit by bit."""
    top, mask = 1 << (width - 1), (1 << width) - 1
    register = mask
    for byte in data:
        for position in range(8):
            bit = byte >> (position if reflected else 7 - position) & 1
            carry = (register >> (width - 1) & 1) ^ bit
            register = (register << 1 & mask) ^ (polynomial if carry else 0)
    if reflected:
        register = int(f"{register:0{width}b}"[::-1], 2)
    assert top <= mask
    return register ^ final


def varint(data: bytes, at: int) -> tuple[int, int]:
    value, place = 0, 0
    while True:
        value |= (data[at] & 127) << 7 * place
        place, at = place + 1, at + 1
        if data[at - 1] < 128:
            assert data[at - 1] or place == 1
            return value, at


def read_file(data: bytes) -> dict[str, object]:
    """Header and stages of a file or of a prefix: (state, payload) a stage."""
    assert data[:3] == b"C2F"
    version, flags = data[3], data[12]
    assert version in (1, 2)
    assert version == 2 or flags < 32
    height, at = varint(data, 13)
    width, at = varint(data, at)
    answer_bytes = flags // 32 + 1 if version == 2 else 0
    if answer_bytes == 8:
        answer_bytes, at = varint(data, at)
        assert 8 <= answer_bytes <= 64
    lengths = []
    for _ in range(flags % 16 + 1):
        length, at = varint(data, at)
        lengths.append(length)
    assert crc(data[:at], 16, 0x1021, reflected=False, final=0) == int.from_bytes(data[at : at + 2])
    answer = data[at + 2 : at + 2 + answer_bytes]
    stages, at = [], at + 2 + answer_bytes
    for length in lengths:
        payload, check = data[at : at + length], data[at + length : at + length + 4]
        state = "missing" if not payload + check else "cut"
        if len(check) == 4:
            right = crc(payload, 32, 0x04C11DB7, reflected=True, final=0xFFFFFFFF)
            state = "complete" if right == int.from_bytes(check) else "damaged"
        stages.append((state, payload))
        at += length + 4
    return {
        "model": data[4:8].hex(),
        "label map": data[8:12].hex(),
        "grey": flags & 16 != 0,
        "answer": answer,
        "answer bytes": answer_bytes,
        "size": (height, width),
        "lengths": lengths,
        "stages": stages,
        "bytes": at,
    }


# --- the reader: section 8 -------------------------------------------------------------------


def read_answer(segment: bytes, levels: list[list[int]]) -> list[tuple[int, float]]:
    """(cluster, least probability) a level of a whole answer; `levels`: labels a level."""
    body = segment[:-1]
    assert crc(body, 16, 0x1021, reflected=False, final=0) & 255 == segment[-1]
    c, at = body[0] >> 4, 1
    if c == 15:
        beyond, at = varint(body, 1)
        c += beyond
    found = [(c, least(body[0] & 15, 16))]

    def siblings(level: int, above: int) -> list[int]:
        pairs = set(zip(levels[level - 1], levels[level], strict=True))
        if len(pairs) == len(set(levels[level])):  # refines
            return sorted(fine for coarse, fine in pairs if coarse == above)
        return sorted(set(levels[level]))

    def product(level: int, above: int) -> int:
        if level == len(levels):
            return 1
        beside = siblings(level, above)
        return len(beside) * max(product(level + 1, cluster) for cluster in beside)

    p, e = product(1, c), len(levels) - 1
    size = 0
    while p > 1 and p * 3**e > 256**size:
        size += 1
    assert len(body) == at + size
    q = max(q for q in range(1, 17) if p == 1 or p * q**e <= 256**size)
    point, width = int.from_bytes(body[at:]), 256**size
    for level in range(1, len(levels)):
        beside = siblings(level, found[-1][0])
        if len(beside) == 1:
            found.append((beside[0], found[-1][1]))
            continue
        width //= len(beside) * q
        number, step = divmod(point // width, q)
        point -= (number * q + step) * width
        found.append((beside[number], least(step, q)))
    assert point == 0
    return found


def least(step: int, steps: int) -> float:
    return 1 - (1 - step / steps) ** 2


# --- the reader: sections 3 and 4 ------------------------------------------------------------


class Decoder:
    """Section 4 in integers."""

    def __init__(self, payload: bytes) -> None:
        self.data = payload
        self.at, self.width = 8, 2**64 - 1
        self.point = int.from_bytes(payload[:8].ljust(8, b"\0"))

    def entry(self, frequencies: list[int]) -> int:
        unit = self.width >> 24
        q, i = self.point // unit, 0
        assert q < 2**24
        before = 0
        while q >= before + frequencies[i]:
            before += frequencies[i]
            i += 1
        self.point -= unit * before
        self.width = unit * frequencies[i]
        if self.width < 2**32:
            word = self.data[self.at : self.at + 4].ljust(4, b"\0")
            self.point, self.at = (self.point << 32) + int.from_bytes(word), self.at + 4
            self.width <<= 32
        return i

    def run(self, frequencies: list[int], low: int, count: int) -> list[int]:
        n = len(frequencies) - 1
        entries = [self.entry(frequencies) for _ in range(count)]
        places = [i for i, entry in enumerate(entries) if entry == n]
        values = [low + entry for entry in entries]
        lengths = [self.entry([*(2**k for k in range(23, 0, -1)), 2]) for _ in places]
        for place, length in zip(places, lengths, strict=True):
            number = 1
            for _ in range(length):
                number = 2 * number + self.entry([2**23, 2**23])
            u = number - 1
            values[place] = low - (u + 1) // 2 if u % 2 else low + n + u // 2
        return values


# --- held against the package's files --------------------------------------------------------


@pytest.fixture(scope="module")
def codec() -> Codec:
    return stored_codec()


def test_the_stored_file_is_read() -> None:
    data = (DATA / "tiny-v1.c2f").read_bytes()
    found = read_file(data)
    assert found["size"] == (70, 90)
    assert found["label map"] == "abababab"
    assert [state for state, _ in found["stages"]] == ["complete"] * 3  # type: ignore[attr-defined]
    assert found["bytes"] == len(data)


def test_the_stored_file_with_an_answer_is_read() -> None:
    data = (DATA / "tiny-v2.c2f").read_bytes()
    found, old = read_file(data), read_file((DATA / "tiny-v1.c2f").read_bytes())
    assert found["bytes"] == len(data)
    assert found["stages"] == old["stages"]
    told = read_answer(found["answer"], [[0, 0, 0, 0, 0, 1], [0, 0, 1, 1, 1, 2], [*range(6)]])  # type: ignore[arg-type]
    assert [cluster for cluster, _ in told] == [0, 1, 3]


@pytest.mark.parametrize("name", ["vit-b-32-topdown-10-100-1000", "rn50-kmeans-10-100-1000"])
@pytest.mark.parametrize("column", [0, 281, 999])
def test_answers_are_read(name: str, column: int) -> None:
    """Nested and not, against the package's writer."""
    from codec_plugin.bitstream.answer import LabelPath, pack_answer
    from codec_plugin.bitstream.answer import read_answer as read
    from codec_plugin.bitstream.label_tree import load_label_tree
    from hierlab.labelmap import load_label_map

    levels = [level.labels.tolist() for level in load_label_map(name).levels]
    path = tuple(labels[column] for labels in levels)
    tree = load_label_tree(name)
    data = pack_answer(LabelPath(path, (0.97, 0.9, 0.4)), tree)
    found = read_answer(data, levels)
    assert tuple(cluster for cluster, _ in found) == path
    told = read(data, len(data), tree)
    assert told.at_least[-1] == pytest.approx(found[-1][1])


@pytest.mark.parametrize("shape", [(1, 1), (64, 200), (33, 129)])
def test_real_files_are_read_at_every_length(codec: Codec, shape: tuple[int, int]) -> None:
    data = codec.encode(tiny_picture(*shape)[:, :, 0])
    whole = read_file(data)
    assert whole["size"] == shape
    assert whole["grey"]
    assert whole["model"] == codec.model_id.hex()
    assert whole["bytes"] == len(data)
    ends = np.cumsum([length + 4 for length in whole["lengths"]])  # type: ignore[attr-defined]
    start = len(data) - ends[-1]
    for length in range(start, len(data), 5):
        states = [state for state, _ in read_file(data[:length])["stages"]]  # type: ignore[attr-defined]
        assert states.count("complete") == int(np.sum(start + ends <= length))
        assert states == sorted(states, key=["complete", "cut", "missing"].index)


def test_damage_is_found_where_it_is(codec: Codec) -> None:
    data = bytearray(codec.encode(tiny_picture()))
    data[-10] ^= 2
    states = [state for state, _ in read_file(bytes(data))["stages"]]  # type: ignore[attr-defined]
    assert states == ["complete", "complete", "damaged"]


def test_symbols_are_read(codec: Codec) -> None:
    """Stage 1 by the integers of section 4, against ŷ and the tables of the checkpoint."""
    picture = tiny_picture(64, 64)
    _, payload = read_file(codec.encode(picture))["stages"][0]  # type: ignore[index]
    tables, exact = codec.checkpoint.tables, codec.checkpoint.exact
    decoder = Decoder(payload)
    z = [decoder.run(tables.hyper(c).frequencies.tolist(), tables.hyper(c).low, 1) for c in (0, 1)]
    import torch

    state = exact.hyper(torch.tensor(z).reshape(1, 2, 1, 1))
    parameters = exact.block(0, state, [])
    mean, index = parameters.mean, parameters.index
    flat = index.flatten().tolist()
    order = sorted(range(len(flat)), key=lambda place: -flat[place])
    symbols = [0] * len(flat)
    while order:
        run = [place for place in order if flat[place] == flat[order[0]]]
        row = tables.scale(flat[order[0]])
        values = decoder.run(row.frequencies.tolist(), row.low, len(run))
        for place, value in zip(run, values, strict=True):
            symbols[place] = value
        order = order[len(run) :]
    y_hat = (torch.tensor(symbols).reshape(mean.shape) * 2**9 + mean) / 2**9
    from codec_plugin.bitstream.container import read_header
    from codec_plugin.bitstream.segments import split_segments

    blob = codec.encode(picture)
    received = codec.latents.decode(split_segments(blob, read_header(blob)), (4, 4))
    assert torch.equal(received.y_hat[:, :3], y_hat)


def test_the_page_names_what_the_package_uses(repository: Path) -> None:
    page = (repository / "docs" / "format.md").read_text()
    from codec_plugin.bitstream import container

    for field in container.HEADER_FIELDS:
        assert f"| {field.name} |" in page
    assert f"0–{container.MAX_PAYLOAD_BYTES}" in page
    assert f"1–{container.MAX_SIDE_PX}" in page


def test_a_photograph_is_read(codec: Codec) -> None:
    from skimage import data as photographs

    source = Path(photographs.__file__).parent / "chelsea.png"
    if not source.exists():
        pytest.skip("this scikit-image carries no chelsea.png")
    picture = read_picture(source)
    found = read_file(codec.encode(picture))
    assert found["size"] == picture.pixels.shape[:2]
    assert {state for state, _ in found["stages"]} == {"complete"}  # type: ignore[attr-defined]
