"""From classes and likeness to a described label map."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import hierlab
from hierlab.builders import check_k
from hierlab.errors import BuilderError, HierlabError
from hierlab.hierarchy.description import level_names

WORDS = ("tabby cat", "tiger cat", "goldfish", "hammer", "screwdriver", "teapot")


@pytest.fixture
def prototypes(tmp_path: Path) -> Path:
    """Three tight pairs in five dimensions, as an npz file with names of its own."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(5)[:3], 2, axis=0)
    path = tmp_path / "mine.npz"
    vectors = centres + 0.05 * rng.normal(size=(6, 5))
    np.savez(path, vectors=vectors.astype(np.float32), classnames=np.array(WORDS))
    return path


@pytest.mark.parametrize("method", ["topdown", "ward", "bottomup", "kmeans", "bisecting"])
def test_pairs_are_found_by_every_method(method: str, prototypes: Path):
    label_map = hierlab.build(prototypes=prototypes, method=method, k=(3, 6))
    assert label_map.classes.names == WORDS
    assert label_map.levels[0].labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert label_map.levels[1].labels.tolist() == list(range(6))
    assert (
        hierlab.load_label_map(label_map.save(prototypes.with_suffix(".json"))).id == label_map.id
    )


def test_any_similarity_builds(prototypes: Path):
    vectors = np.load(prototypes)["vectors"]
    label_map = hierlab.build(
        similarity=vectors @ vectors.T,
        method="similarity",
        classes=hierlab.ClassList("mine", WORDS, WORDS),
        k=(3,),
    )
    assert label_map.levels[0].labels.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.eye(5), "shape"),
        (np.full((6, 6), np.nan), "finite"),
        (np.ones(6), "shape"),
    ],
)
def test_a_similarity_that_does_not_fit_is_refused(matrix: np.ndarray, words: str):
    classes = hierlab.ClassList("mine", WORDS, WORDS)
    with pytest.raises(BuilderError, match=words):
        hierlab.build(similarity=matrix, method="similarity", classes=classes, k=(3,))


def test_provenance_says_how_without_saying_where(prototypes: Path):
    label_map = hierlab.build(prototypes=prototypes, k=(3,), parameters={"reach": 3.0})
    assert label_map.provenance["method"] == "consensus"
    assert label_map.provenance["parameters"]["reach"] == 3
    assert str(prototypes.parent) not in label_map.encode().decode()


def test_equal_partitions_have_equal_identity_whatever_their_name(prototypes: Path):
    one = hierlab.build(prototypes=prototypes, k=(3, 6), name="one")
    two = hierlab.build(prototypes=prototypes, k=(3, 6), name="two", method="ward")
    assert one.id == two.id
    assert one.encode() != two.encode()


@pytest.mark.parametrize("k", [(), (0,), (-1, 2), (7,), (3, 3), (5, 3)])
def test_impossible_counts_are_refused(k: tuple[int, ...]):
    with pytest.raises(BuilderError):
        check_k(k, 6)


def test_level_names_fit_the_number_of_levels():
    assert level_names(3) == ("coarse", "mid", "fine")
    assert level_names(2) == ("coarse", "fine")
    assert len(set(level_names(7))) == 7
    assert level_names(2, ["kingdom", "species"]) == ("kingdom", "species")
    for given in (["one"], ["a", "a"], ["a b", "c"]):
        with pytest.raises(BuilderError):
            level_names(2, given)


def test_default_method_reaches_its_figures():
    """Wu-Palmer (nltk) within clusters, mean over the seven shipped variants, and balance."""
    from hierlab.datasets.shipped_maps import VARIANTS
    from hierlab.measures.consistency import pair_means

    found, largest = [], 0
    similarity = None
    for variant in VARIANTS:
        label_map = hierlab.build(clip=variant, k=(10, 100))
        if similarity is None:
            similarity = hierlab.wu_palmer(
                hierlab.Taxonomy.shipped(), label_map.classes.ids, "nltk"
            )
        found.append([pair_means(level.labels, similarity).within for level in label_map])
        largest = max(largest, int(label_map.levels[0].sizes.max()))
        assert label_map.nested
    coarse, mid = np.mean(np.array(found, dtype=float), axis=0)
    assert coarse >= 0.610
    assert mid >= 0.705
    assert largest <= 250


def test_public_names_are_sorted_and_there():
    assert list(hierlab.__all__) == sorted(hierlab.__all__)
    for name in hierlab.__all__:
        assert getattr(hierlab, name) is not None
    assert issubclass(BuilderError, HierlabError)


def test_as_deep_as_the_classes_allow():
    """Six groups far apart: six clusters are a level, and the classes are the last."""
    rng = np.random.default_rng(0)
    rows = np.eye(9)[np.repeat(np.arange(6), 15)] + 0.12 * rng.standard_normal((90, 9))
    classes = [f"class {number}" for number in range(90)]
    label_map = hierlab.build(prototypes=rows, classes=classes, k="auto")
    counts = [level.k for level in label_map]
    assert 6 in counts
    assert counts[-1] == 90
    assert all(fine >= 2 * coarse for coarse, fine in itertools.pairwise(counts[:-1]))
    assert hierlab.build(prototypes=rows, classes=classes, k="auto").id == label_map.id


def test_auto_needs_something_to_look_at():
    with pytest.raises(BuilderError, match="k auto looks at prototypes"):
        hierlab.build(method="wordnet-k", k="auto")


def test_more_classes_than_the_default_holds_get_topdown(monkeypatch: pytest.MonkeyPatch):
    from hierlab.builders import get_builder

    rows = np.random.default_rng(0).standard_normal((30, 4))
    classes = [f"class {number}" for number in range(30)]
    monkeypatch.setitem(get_builder("consensus").__dict__, "most", 29)
    label_map = hierlab.build(prototypes=rows, classes=classes, k=(3,))
    assert label_map.provenance["method"] == "topdown"
