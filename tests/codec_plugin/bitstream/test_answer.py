"""The answer in the file: every path of every map comes back, and every prefix tells no lie."""

from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from codec_plugin.bitstream.answer import FileAnswer, LabelPath, answer_of, pack_answer, read_answer
from codec_plugin.bitstream.container import MAX_ANSWER_BYTES, read_header
from codec_plugin.bitstream.label_tree import LabelTree, load_label_tree
from codec_plugin.classifiers.base import Classifier
from codec_plugin.codec import Codec
from codec_plugin.errors import ConfigError, HierarchyMismatchError
from codec_plugin.evaluation.recognition import Recogniser
from codec_plugin.streaming import StreamingDecoder
from hierlab.labelmap import canonical_labels
from hierlab.utils.files import hierarchies_path
from tests.codec_plugin.semantic import CLASS_IDS, small_hierarchy
from tests.codec_plugin.tiny import ANSWER, DATA, TREE, stored_codec, tiny_picture

SHIPPED = sorted(path.stem for path in hierarchies_path().glob("*.json"))


def tree_of(*labels: list[int], id: str = "ab" * 32) -> LabelTree:
    rows = np.stack([canonical_labels(row) for row in labels])
    names = [[f"{level}.{cluster}" for cluster in range(row.max() + 1)] for level, row in
             enumerate(rows)]  # fmt: skip
    return LabelTree(id, "made", [f"l{level}" for level in range(len(rows))], rows, names)


@st.composite
def trees(draw: st.DrawFn) -> LabelTree:
    """Maps of one to five levels, nested or not, of one to eighty classes."""
    count, depth = draw(st.integers(1, 80)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    row = rng.integers(0, draw(st.integers(1, 40)), count)
    rows = [row]
    for _ in range(depth - 1):
        above = canonical_labels(rows[-1])
        split = rng.integers(0, draw(st.integers(1, 30)), count)
        rows.append(above * 100 + split if draw(st.booleans()) else split)
    return tree_of(*[list(r) for r in rows])


def a_path(tree: LabelTree, rng: np.random.Generator) -> LabelPath:
    clusters: list[int] = []
    for level in range(tree.n_levels):
        clusters.append(int(rng.choice(tree.siblings(level, clusters[-1] if clusters else 0))))
    confidences = (rng.random(tree.n_levels) ** 0.2).tolist()
    for level in range(1, tree.n_levels):
        if tree.sizes[level] == 1 and not tree.refines(level):
            confidences[level] = 1.0
        elif tree.refines(level):  # inside the cluster above, and all of it where it is alone
            alone = len(tree.siblings(level, clusters[level - 1])) == 1
            share = 1 if alone else confidences[level]
            confidences[level] = share * confidences[level - 1]
    return LabelPath(tuple(clusters), tuple(confidences))


def held(told: FileAnswer, path: LabelPath) -> None:
    """What is told is the beginning of the truth, and never says more than it."""
    assert told.clusters == path.clusters[: len(told.clusters)]
    assert len(told.at_least) == len(told.clusters)
    for bound, confidence in zip(told.at_least, path.confidences, strict=False):
        assert 0 <= bound <= confidence


@given(trees(), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_any_path_of_any_map_comes_back(tree: LabelTree, seed: int) -> None:
    path = a_path(tree, np.random.default_rng(seed))
    data = pack_answer(path, tree)
    assert 2 <= len(data) <= MAX_ANSWER_BYTES
    told = read_answer(data, len(data), tree)
    assert (told.state, told.clusters) == ("whole", path.clusters)
    held(told, path)
    again = pack_answer(LabelPath(told.clusters, told.at_least), tree)
    assert read_answer(again, len(again), tree).clusters == path.clusters
    before = 0
    for length in range(len(data)):
        cut = read_answer(data[:length], len(data), tree)
        assert cut.state == "cut"
        held(cut, path)
        assert len(cut.clusters) >= before
        before = len(cut.clusters)
    assert read_answer(data[:-1], len(data), tree).clusters == path.clusters


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_maps_take_four_bytes_and_the_first_tells_the_coarse_class(name: str) -> None:
    tree = load_label_tree(name)
    assert tree.sizes == (10, 100, 1000)
    rng = np.random.default_rng(0)
    for _ in range(200):
        path = a_path(tree, rng)
        data = pack_answer(path, tree)
        assert len(data) <= 4
        assert read_answer(data[:1], len(data), tree).clusters[0] == path.clusters[0]
        assert read_answer(data[:1], len(data)).clusters == path.clusters[:1]  # without the map


def test_every_class_of_a_shipped_map_has_its_own_bytes() -> None:
    tree = load_label_tree("vit-b-32-topdown-10-100-1000")
    found = set()
    for coarse in range(10):
        for mid in tree.siblings(1, coarse):
            for fine in tree.siblings(2, mid):
                path = LabelPath((coarse, mid, fine), (0.9, 0.7, 0.5))
                data = pack_answer(path, tree)
                assert read_answer(data, 4, tree).clusters == path.clusters
                found.add(data)
    assert len(found) == 1000


def test_the_bytes_are_pinned() -> None:
    """Worked by hand from docs/format.md, section 8: steps 12 of 16; width 2^16 / (3·16), …"""
    tree = tree_of([0] * 3 + [1] * 3, [0, 1, 2, 3, 4, 5], id="00" * 32)
    # Level 2: 3 siblings, P = 3; 3 · 3 = 9 ≤ 256: one byte; q = 16: 3 · 16 = 48, unit 5.
    body = bytes([1 << 4 | 12, (2 * 16 + 8) * 5])
    data = pack_answer(LabelPath((1, 5), (0.94, 0.76)), tree)
    assert data[:2] == body
    assert read_answer(data, 3, tree).at_least == (1 - (4 / 16) ** 2, 1 - (8 / 16) ** 2)


def test_maps_of_many_clusters_and_levels() -> None:
    rng = np.random.default_rng(1)
    wide = tree_of(list(range(20_000)))
    path = LabelPath((19_999,), (1.0,))
    data = pack_answer(path, wide)
    assert (len(data), read_answer(data, len(data), wide).clusters) == (5, (19_999,))
    assert read_answer(data[:3], 5, wide).clusters == ()  # its number goes on
    rows = [rng.integers(0, 3000 + level, 40_000).tolist() for level in range(16)]
    deep = tree_of(*rows)
    path = a_path(deep, rng)
    data = pack_answer(path, deep)
    assert len(data) <= MAX_ANSWER_BYTES
    assert read_answer(data, len(data), deep).clusters == path.clusters


def test_every_flipped_bit_is_noticed() -> None:
    tree = load_label_tree("wordnet-k-10-100-1000")
    rng = np.random.default_rng(2)
    for _ in range(40):
        data = pack_answer(a_path(tree, rng), tree)
        for bit in range(8 * len(data)):
            bad = bytearray(data)
            bad[bit // 8] ^= 1 << bit % 8
            assert read_answer(bytes(bad), len(data), tree) == FileAnswer("damaged")


def sealed(body: bytes) -> bytes:
    """A body with the check that belongs to it, by the table-free form of CRC-16."""
    register = 0xFFFF
    for bit in (byte >> place & 1 for byte in body for place in range(7, -1, -1)):
        register = (register << 1 & 0xFFFF) ^ (0x1021 if (register >> 15) ^ bit else 0)
    return body + bytes([register & 0xFF])


def test_right_checks_do_not_make_wrong_numbers_right() -> None:
    tree = tree_of([0] * 3 + [1] * 3, [0, 1, 2, 3, 4, 5])
    good = pack_answer(LabelPath((1, 5), (0.94, 0.76)), tree)  # its second byte is 40 · 5
    assert sealed(good[:-1]) == good
    for body in (
        bytes([good[0], good[1] + 1]),  # something is left at the end
        bytes([good[0], 255]),  # the quotient is 51, of 48
        bytes([0x2C, good[1]]),  # cluster 2 of two
        good[:1],  # too short
        good[:-1] + b"\0",  # too long
        b"\xf0\x80\x00",  # a number padded with zeros
        b"\xf0",  # a number that does not end
        b"",
    ):
        data = sealed(body)
        assert read_answer(data, len(data), tree) == FileAnswer("damaged"), body.hex()
    assert read_answer(bytes([good[0], 255]), 3, tree) == FileAnswer("damaged")  # cut, and wrong


@pytest.mark.parametrize(
    ("clusters", "confidences", "sentence"),
    [
        ((0, 0), (1.0, 1.0), "each of the 3 levels coarse, mid, fine; got 2 and 2"),
        ((0, 0, 0), (1.0, 1.0), "got 3 and 2"),
        ((2, 0, 0), (1.0, 1.0, 1.0), "level coarse must be 0 to 1; got 2"),
        ((0, -1, 0), (1.0, 1.0, 1.0), "level mid must be 0 to 2; got -1"),
        ((0, 2, 5), (1.0, 1.0, 1.0), "cluster 2 of level mid does not lie inside cluster 0"),
        ((0, 0, 0), (1.0, 1.0, 1.01), r"level fine must lie in 0\.\.1"),
        ((0, 0, 0), (float("nan"), 1.0, 1.0), r"level coarse must lie in 0\.\.1"),
    ],
)
def test_what_is_no_path_is_refused(
    clusters: tuple[int, ...], confidences: tuple[float, ...], sentence: str
) -> None:
    found = small_hierarchy()
    tree = LabelTree("ab" * 32, "t", found.level_names, found.labels.numpy(), found.cluster_names)
    with pytest.raises(ConfigError, match=sentence):
        pack_answer(LabelPath(clusters, confidences), tree)


@pytest.fixture(scope="module")
def codec() -> Codec:
    return stored_codec()


def test_the_answer_stands_behind_the_header_and_the_rest_stays(codec: Codec) -> None:
    plain, blob = codec.encode(tiny_picture()), codec.encode(tiny_picture(), answer=ANSWER)
    assert plain == (DATA / "tiny-v1.c2f").read_bytes()
    assert blob == (DATA / "tiny-v2.c2f").read_bytes()
    header = read_header(blob)
    assert (header.version, header.answer_bytes, len(blob)) == (2, 3, len(plain) + 3)
    assert blob[header.first_stage :] == plain[read_header(plain).size_bytes :]
    told = answer_of(blob, header, TREE)
    assert told is not None
    assert (told.state, told.clusters) == ("whole", ANSWER.clusters)
    assert answer_of(plain, read_header(plain), TREE) is None
    assert np.array_equal(codec.decode(blob).pixels, codec.decode(plain).pixels)


def test_every_prefix_of_a_file_with_an_answer_decodes(codec: Codec) -> None:
    picture = tiny_picture(16, 16)
    plain, blob = codec.encode(picture), codec.encode(picture, answer=ANSWER)
    old, new = read_header(plain), read_header(blob)
    stream = StreamingDecoder(codec)
    for length in range(len(blob) + 1):
        if length:
            stream.feed(blob[length - 1 : length])
        assert (stream.header is None) == (length < new.size_bytes)
        if length < new.size_bytes:
            continue
        decoded = codec.decode(blob[:length])
        assert decoded.bytes_used == length == stream.decode().bytes_used
        assert decoded.warnings == ()
        same = plain[: max(old.size_bytes, length - new.first_stage + old.size_bytes)]
        assert np.array_equal(decoded.pixels, codec.decode(same).pixels)
        told = answer_of(blob[:length], new, TREE)
        assert told is not None
        assert told.state == ("whole" if length >= new.first_stage else "cut")
    assert stream.finished
    assert codec.encode(picture, answer=ANSWER, max_bytes=new.size_bytes + 1) == blob[
        : new.size_bytes + 1
    ]  # fmt: skip


def test_a_damaged_answer_costs_no_picture(codec: Codec) -> None:
    blob = bytearray(codec.encode(tiny_picture(), answer=ANSWER))
    blob[read_header(bytes(blob)).size_bytes] ^= 4
    decoded = codec.decode(bytes(blob))
    assert decoded.stages_complete == 3
    assert "answer behind the header is damaged" in decoded.warnings[0]


def test_an_answer_of_another_map_is_refused(codec: Codec) -> None:
    other = LabelPath((0, 0, 0), (1.0, 1.0, 1.0), load_label_tree(SHIPPED[0]))
    with pytest.raises(HierarchyMismatchError, match=other.tree.id[:16]):  # type: ignore[union-attr]
        codec.encode(tiny_picture(16, 16), answer=other)
    with pytest.raises(HierarchyMismatchError, match="tiny map"):  # no such file
        codec.encode(tiny_picture(16, 16), answer=LabelPath((0,), (1.0,)))


class FirstRow(nn.Module):
    """Logits are the first pixels, so that levels often disagree."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0, 0, : len(CLASS_IDS)]


@lru_cache
def recogniser() -> Recogniser:
    classifier = Classifier(
        "pixels", FirstRow(), CLASS_IDS, input_size=64, mean=(0.0,) * 3, std=(0.2,) * 3
    )
    return Recogniser(classifier, small_hierarchy())


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_a_classifiers_answer_is_one_path(seed: int) -> None:
    image = torch.from_numpy(np.random.default_rng(seed).random((3, 64, 64), np.float32))
    found, asked = recogniser(), small_hierarchy()
    path = found.path(image)
    posterior = found.posterior(image)
    above = 0
    for level, cluster in enumerate(path.clusters):
        sums = [float(posterior[asked.labels[level] == k].sum()) for k in range(asked.sizes[level])]
        inside = [
            k
            for k in range(asked.sizes[level])
            if not level or bool((asked.labels[level - 1][asked.labels[level] == k] == above).any())
        ]
        assert cluster == max(inside, key=sums.__getitem__)
        assert path.confidences[level] == pytest.approx(sums[cluster], abs=1e-6)
        above = cluster
    assert path.clusters[0] == found.answer(image).clusters[0]
    pack_answer(path, found.hierarchy.tree)
