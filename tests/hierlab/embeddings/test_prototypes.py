"""Prototype files: what they must hold, and that their order is checked."""

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.prototypes import Prototypes, load_prototypes, save_prototypes
from hierlab.embeddings.resolve import resolve
from hierlab.errors import HierlabError, PrototypeError

CLASSES = ClassList("custom", ("cat", "dog", "car"), ("cat", "dog", "car"))
VECTORS = np.array([[1.0, 0], [0.6, 0.8], [0, 2]])


def npz(tmp_path, **fields):
    path = tmp_path / "x.npz"
    np.savez(path, **fields)
    return path


def test_rows_are_made_unit_and_come_back(tmp_path):
    found = load_prototypes(npz(tmp_path, vectors=VECTORS.astype(np.float16)))
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-15)
    assert found.vectors.dtype == np.float64
    assert found.classes is None


def test_saved_files_are_equal_and_keep_their_classes(tmp_path):
    made = Prototypes(VECTORS / [[1], [1], [2]], CLASSES, "m", "p", "80", "here")
    paths = [save_prototypes(made, tmp_path / name) for name in ("a.npz", "b.npz")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    found = load_prototypes(paths[0])
    assert found.classes == CLASSES
    assert (found.model, found.pretrained, found.prompts, found.source) == ("m", "p", "80", "here")


BAD = {
    "nan": {"vectors": np.array([[1, np.nan]])},
    "inf": {"vectors": np.array([[1, np.inf]])},
    "zero": {"vectors": np.zeros((2, 3))},
    "flat": {"vectors": np.ones(4)},
    "empty": {"vectors": np.ones((0, 4))},
    "text": {"vectors": np.array([["a", "b"]])},
    "absent": {"other": np.ones((2, 2))},
    "names": {"vectors": np.ones((2, 2)), "names": np.array(["a"])},
    "twice": {"vectors": np.ones((2, 2)), "ids": np.array(["a", "a"])},
    "objects": {"vectors": np.array([{}, {}], dtype=object)},
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_refused(kind, tmp_path):
    with pytest.raises(PrototypeError, match=r"x\.npz"):
        load_prototypes(npz(tmp_path, **BAD[kind]))


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"not a zip")
    with pytest.raises(PrototypeError, match="not an npz"):
        load_prototypes(path)
    with pytest.raises(HierlabError, match="cannot read"):
        load_prototypes(tmp_path / "missing.npz")


def test_wrong_order_names_the_row(tmp_path):
    path = npz(tmp_path, vectors=VECTORS, names=np.array(["cat", "car", "dog"]))
    with pytest.raises(PrototypeError, match="row 1 is 'car' where 'dog'"):
        resolve(path, CLASSES)


def test_wrong_order_of_imagenet_is_seen(tmp_path):
    classes = load_classes("imagenet-1k")
    order = [1, 0, *range(2, 1000)]
    made = Prototypes(np.eye(1000, 4) + 1, classes)
    names = np.array(classes.names)[order]
    ids = np.array(classes.ids)[order]
    for fields in ({"names": names}, {"ids": ids, "names": names, "class_set": classes.set}):
        with pytest.raises(PrototypeError, match="row 0"):
            resolve(npz(tmp_path, vectors=made.vectors, **fields), classes)


def test_wrong_count(tmp_path):
    with pytest.raises(PrototypeError, match="3 vectors for 1000 classes"):
        resolve(npz(tmp_path, vectors=VECTORS), load_classes("imagenet-1k"))


def test_names_of_sources_are_known(shared_data):
    classes = load_classes("imagenet-1k")
    for path in sorted((shared_data / "prototypes").glob("*.npz")):
        assert load_prototypes(path).classes == classes
    other = load_prototypes(next((shared_data / "prototypes" / "other").glob("*.npz")))
    assert other.classes is not None
    assert len(other.classes) == 1203


def test_a_table_is_of_its_own_classes_only():
    with pytest.raises(PrototypeError, match="1000 classes"):
        resolve("ViT-B-32", CLASSES, "table")
    with pytest.raises(PrototypeError, match="expected source"):
        resolve("ViT-B-32", CLASSES, "guess")


def test_origin_of_a_table_does_not_depend_on_rounding():
    found = resolve("ViT-B-32", load_classes("imagenet-1k"))
    assert found.origin["kind"] == "table"
    assert found.origin["variant"] == "ViT-B-32:openai"
    assert found.sha256.startswith(found.origin["sha256"])


def test_a_part_of_the_table_serves_a_part_of_its_classes():
    whole = load_classes("imagenet-1k")
    rows = [7, 3, 999, 500]
    part = ClassList("custom", [whole.ids[r] for r in rows], [whole.names[r] for r in rows])
    found = resolve("ViT-B-32", part)
    assert found.classes == part
    assert np.array_equal(found.vectors, resolve("ViT-B-32", whole).vectors[rows])
