"""Similarity tables: exact to half a step, recovered as vectors, refused when damaged."""

import numpy as np
import pytest

from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.model_spec import parse_variant
from hierlab.embeddings.similarity_table import (
    encode_table,
    find_table,
    list_tables,
    load_table,
    read_table,
)
from hierlab.errors import PrototypeError
from hierlab.regenerate.tables import regenerate_tables

FACTS = dict.fromkeys(
    (
        *("model", "pretrained", "prompts", "prompts_told", "pretrained_told"),
        *("class_set", "class_hash", "source", "licence", "made"),
    ),
    "x",
)


@pytest.mark.parametrize("shape", [(30, 8), (5, 9), (2, 1), (1, 4)])
def test_cosines_and_vectors_come_back(shape, tmp_path):
    vectors = np.random.default_rng(0).normal(size=shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    path = tmp_path / "x.table"
    path.write_bytes(encode_table(7 * vectors, FACTS))
    table = read_table(path)
    assert np.abs(table.similarity - vectors @ vectors.T).max() <= 1.01 * 2 / 2**24
    assert table.vectors.shape == shape
    assert np.abs(table.vectors @ table.vectors.T - vectors @ vectors.T).max() < 1e-6


def test_equal_classes_have_cosine_one(tmp_path):
    path = tmp_path / "x.table"
    path.write_bytes(encode_table(np.array([[1.0, 2], [1, 2], [2, -1]]), FACTS))
    assert read_table(path).similarity[0, 1] == pytest.approx(1, abs=1e-12)


def damaged(content: bytes) -> dict[str, bytes]:
    header, _, payload = content.partition(b"\n")
    return {
        "cut": content[:-1],
        "changed": content[:-1] + bytes([content[-1] ^ 1]),
        "no header": payload,
        "empty": b"",
        "newer": content.replace(b'"version":1', b'"version":2'),
        "huge": header.replace(b'"count":6', b'"count":9000000') + b"\n" + payload,
        "unknown field": header.replace(b'{"', b'{"zzz":1,"', 1) + b"\n" + payload,
    }


@pytest.mark.parametrize("kind", damaged(b"..").keys())
def test_damaged_files_are_refused(kind, tmp_path):
    content = encode_table(np.random.default_rng(0).normal(size=(6, 4)), FACTS)
    path = tmp_path / "x.table"
    path.write_bytes(damaged(content)[kind])
    with pytest.raises(PrototypeError):
        read_table(path)


def test_what_ships_is_of_imagenet():
    tables = list_tables()
    assert not any(".py" in table.about or "commit" in table.about for table in tables)
    assert any("(mean of un-normalised embeddings, then normalised)" in one.about for one in tables)
    assert len(tables) == 14
    assert {table.class_hash for table in tables} == {load_classes("imagenet-1k").hash}
    assert all(table.source and table.licence for table in tables)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ViT-B-32", "ViT-B-32:openai@a"),
        ("vit-b-32:openai", "ViT-B-32:openai@a"),
        ("ViT-B-32:laion400m", "ViT-B-32:laion400m@a"),
        ("RN50", "RN50:openai@80"),
        ("RN50@photo", "RN50:openai@photo"),
        ("ViT-B-16", "ViT-B-16:openai@photo"),
        ("ViT-H-14", "ViT-H-14:laion2b_s32b_b79k@80"),
    ],
)
def test_names_have_defaults(asked, found):
    header = find_table(asked)
    assert header is not None
    assert header.variant == found


def test_missing_table_lists_what_there_is():
    with pytest.raises(PrototypeError, match="RN50:openai@80"):
        load_table("ViT-Z-99")


@pytest.mark.parametrize("text", ["", "a b", "a:b:c", "a@", ":openai"])
def test_odd_variants_are_refused(text):
    with pytest.raises(PrototypeError, match="MODEL"):
        parse_variant(text)


def test_tables_are_regenerated_byte_for_byte(shared_data, tmp_path):
    from hierlab.utils.files import data_path

    for path in regenerate_tables(shared_data / "prototypes", tmp_path):
        assert path.read_bytes() == data_path("tables", path.name).read_bytes()


def test_regenerating_from_nothing_is_refused(tmp_path):
    with pytest.raises(PrototypeError, match="found none"):
        regenerate_tables(tmp_path)
