"""Every builder: exactly K clusters, nested where it says so, the same for the same input."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans

from hierlab.builders import BuildInput, get_builder, register_builder, registered
from hierlab.builders.balanced import BalancedSplit
from hierlab.classes import ClassList
from hierlab.clustering.vectors import nearest_rows
from hierlab.clustering.ward import tree_of_costs, two_stage_tree, ward_tree
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.prototypes import load_prototypes
from hierlab.embeddings.resolve import resolve
from hierlab.embeddings.similarity_table import list_tables, load_table
from hierlab.errors import BuilderError
from hierlab.labelmap import canonical_labels
from hierlab.wordnet.taxonomy import Taxonomy

VECTOR_METHODS = [
    name
    for name, builder in registered().items()
    if builder.needs == "vectors" and not builder.wordnet
]
SEVEN = (
    "RN50:openai@80",
    "ViT-B-32:openai@a",
    "ViT-B-32:laion400m@a",
    "ViT-B-32:datacomp_xl_s13b_b90k@80",
    "ViT-B-16:openai@photo",
    "ViT-L-14:openai@80",
    "ViT-H-14:laion2b_s32b_b79k@80",
)


def numbered(count: int) -> ClassList:
    names = tuple(f"class {number}" for number in range(count))
    return ClassList("custom", names, names)


def random_units(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimensions))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def run(method: str, vectors: np.ndarray, k: tuple[int, ...], seed: int = 0, **own: object):
    inputs = BuildInput(numbered(len(vectors)), vectors=vectors)
    return get_builder(method)(inputs, k=k, seed=seed, **own)


def refines(fine: np.ndarray, coarse: np.ndarray) -> bool:
    return len(set(zip(fine.tolist(), coarse.tolist(), strict=True))) == len(set(fine.tolist()))


@pytest.mark.parametrize("method", VECTOR_METHODS)
class TestEveryVectorMethod:
    def test_gives_exactly_k_canonical_clusters_twice_the_same(self, method):
        vectors = random_units(120, 16)
        k = (1, 2, 7, 40, 120)
        levels = run(method, vectors, k)
        for clusters, labels, again in zip(k, levels, run(method, vectors, k), strict=True):
            assert labels.dtype == np.int32
            assert len(np.unique(labels)) == clusters
            assert np.array_equal(labels, canonical_labels(labels))
            assert np.array_equal(labels, again)
        if get_builder(method).nested:
            for coarse, fine in pairwise(levels):
                assert refines(fine, coarse)

    def test_two_classes(self, method):
        first, second = run(method, random_units(2, 3), (1, 2))
        assert first.tolist() == [0, 0]
        assert second.tolist() == [0, 1]

    def test_all_equal_vectors_still_give_k_or_say_why_not(self, method):
        vectors = np.tile(random_units(1, 4), (9, 1))
        if method == "kmeans":
            with pytest.raises(BuilderError, match="distinct"):
                run(method, vectors, (3,))
        else:
            assert [len(np.unique(labels)) for labels in run(method, vectors, (3, 9))] == [3, 9]

    def test_separates_what_is_far_apart(self, method):
        groups = np.repeat(np.arange(4), 10)
        vectors = np.eye(4)[groups] + 0.01 * np.random.default_rng(0).normal(size=(40, 4))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        assert np.array_equal(run(method, vectors, (4,))[0], groups)

    @pytest.mark.parametrize("k", [(), (0,), (-1, 4), (4, 4), (5, 3), (21,)])
    def test_refuses_impossible_k(self, method, k):
        with pytest.raises(BuilderError):
            run(method, random_units(20, 4), k)

    def test_refuses_nan(self, method):
        vectors = random_units(6, 4)
        vectors[2, 1] = np.nan
        with pytest.raises(BuilderError, match="NaN"):
            run(method, vectors, (2,))


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 40), dimensions=st.integers(1, 5), data=st.data())
def test_topdown_nests_on_anything_with_duplicates(count, dimensions, data):
    grid = st.lists(st.integers(-2, 2), min_size=dimensions, max_size=dimensions)
    raw = np.array(data.draw(st.lists(grid, min_size=count, max_size=count)), dtype=float)
    raw[:, 0] += 5
    vectors = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    k = tuple(sorted(data.draw(st.sets(st.integers(1, count), min_size=1, max_size=4))))
    levels = run("topdown", vectors, k)
    assert [len(np.unique(labels)) for labels in levels] == list(k)
    assert all(refines(fine, coarse) for coarse, fine in pairwise(levels))


@pytest.mark.parametrize("seed", [0, 5])
def test_kmeans_is_scikit_learns(seed):
    vectors = load_table("ViT-B-32").vectors
    expected = KMeans(10, n_init=10, random_state=seed).fit_predict(vectors)
    inputs = BuildInput(load_classes("imagenet-1k"), vectors=vectors)
    (labels,) = get_builder("kmeans")(inputs, k=(10,), seed=seed)
    assert np.array_equal(labels, canonical_labels(expected))


@pytest.mark.parametrize("count", [4096, 4097])
def test_many_classes_have_one_start_unless_told_and_provenance_says_so(count):
    for method in ("kmeans", "spherical"):
        builder = get_builder(method)
        assert builder.settings(count, {}) == {"n_init": 10 if count == 4096 else 1}
        assert builder.settings(count, {"n_init": 3}) == {"n_init": 3}


def test_kmeans_is_scikit_learns_on_many_classes_too():
    vectors = random_units(4200, 6)
    expected = KMeans(5, n_init=1, random_state=2).fit_predict(vectors)
    assert np.array_equal(run("kmeans", vectors, (5,), seed=2)[0], canonical_labels(expected))


@pytest.mark.parametrize("slack", [0.0, 0.5])
def test_balanced_sizes_differ_by_one_or_by_the_slack(slack):
    sizes = np.bincount(run("balanced", random_units(200, 6), (7,), slack=slack)[0])
    assert sizes.min() >= int(28 * (1 - slack))
    assert sizes.max() <= np.ceil(29 * (1 + slack))
    assert (np.ptp(sizes) > 1) == bool(slack)


def test_a_wide_balanced_split_goes_in_stages():
    vectors = random_units(120, 6)
    split = BalancedSplit(seed=0, slack=0.0, steps=100, arcs=300)
    coarse = split.partition(vectors, 36)
    fine = split.refine(vectors, coarse, 36, 119)
    assert [len(np.unique(labels)) for labels in (coarse, fine)] == [36, 119]
    assert np.ptp(np.bincount(coarse)) <= 1
    assert refines(fine, coarse)
    whole = BalancedSplit(seed=0, slack=0.0, steps=100).partition(vectors, 36)
    assert not np.array_equal(whole, coarse)  # without stages another split is found


def test_ward_tree_is_scipys():
    vectors = random_units(300, 12)
    tree, reference = ward_tree(vectors), linkage(vectors, "ward")
    assert np.allclose(np.sqrt(2 * tree.costs), reference[:, 2])
    for k in (1, 2, 17, 150, 299, 300):
        expected = canonical_labels(fcluster(reference, k, "maxclust"))
        assert np.array_equal(canonical_labels(tree.cut(k)), expected)


def test_ward_weights_stand_for_repeated_points():
    vectors, weights = random_units(40, 5), np.random.default_rng(1).integers(1, 5, 40)
    repeated = ward_tree(np.repeat(vectors, weights, axis=0)).cut(8)
    weighted = ward_tree(vectors, weights.astype(float)).cut(8)
    expected = canonical_labels(repeated)
    assert np.array_equal(canonical_labels(np.repeat(weighted, weights)), expected)


def test_ward_from_distances_only():
    vectors = random_units(60, 6)
    squared = np.square(vectors[:, None] - vectors[None]).sum(-1)
    expected = canonical_labels(ward_tree(vectors).cut(9))
    assert np.array_equal(canonical_labels(tree_of_costs(squared / 2).cut(9)), expected)


@pytest.mark.parametrize("count", [5, 63, 64, 65, 700, 2000])
def test_nearest_rows_are_those_of_a_full_sort(count):
    vectors = random_units(count, 8)
    found = nearest_rows(vectors, 20)
    expected = np.argsort(-(vectors @ vectors.T), axis=1)[:, :20]
    assert np.array_equal(found, expected)


def test_two_stage_ward_is_a_tree_and_finds_clear_groups():
    groups = np.random.default_rng(3).integers(0, 6, 200)
    vectors = np.eye(6)[groups] + 0.02 * np.random.default_rng(4).normal(size=(200, 6))
    tree = two_stage_tree(vectors, np.ones(200), most=60)
    assert tree.edges.shape == (199, 2)
    for k in (1, 6, 50, 120, 200):
        assert len(np.unique(tree.cut(k))) == k
    assert np.array_equal(canonical_labels(tree.cut(6)), canonical_labels(groups))


def test_similarity_finds_blocks_of_a_confusion_matrix():
    groups = np.repeat(np.arange(3), 5)
    confusion = 20.0 * (groups[:, None] == groups[None]) + 1 + 60 * np.eye(15)
    inputs = BuildInput(numbered(15), similarity=confusion)
    coarse, fine = get_builder("similarity")(inputs, k=(3, 15), seed=0)
    assert np.array_equal(coarse, groups)
    assert np.array_equal(fine, np.arange(15))
    assert confusion[0, 0] == 81  # the caller's matrix is left alone


def test_similarity_must_be_symmetric():
    inputs = BuildInput(numbered(2), similarity=np.array([[1.0, 0.2], [0.9, 1.0]]))
    with pytest.raises(BuilderError, match="symmetric"):
        get_builder("similarity")(inputs, k=(1,), seed=0)


class TestWordNet:
    inputs = BuildInput(load_classes("imagenet-1k"), taxonomy=Taxonomy.shipped())

    def test_k_gives_every_k_nested(self):
        levels = get_builder("wordnet-k")(self.inputs, k=(3, 10, 77, 100, 1000), seed=0)
        assert [len(np.unique(labels)) for labels in levels] == [3, 10, 77, 100, 1000]
        assert all(refines(fine, coarse) for coarse, fine in pairwise(levels))

    def test_depth_is_degenerate_as_known(self):
        levels = get_builder("wordnet-depth")(self.inputs, k=(14, 76), seed=0)
        assert [np.bincount(labels).max() for labels in levels] == [522, 398]
        assert refines(levels[1], levels[0])

    def test_depth_says_which_k_exist(self):
        with pytest.raises(BuilderError, match=r"14, 32, 76"):
            get_builder("wordnet-depth")(self.inputs, k=(15,), seed=0)

    def test_classes_that_wordnet_does_not_know_are_covered(self):
        ids = ("n02123045", "n02123159", "blorptang", "n02690373")
        inputs = BuildInput(ClassList("custom", ids, ids), taxonomy=Taxonomy.shipped())
        levels = get_builder("wordnet-k")(inputs, k=(2, 3, 4), seed=0)
        assert [len(np.unique(labels)) for labels in levels] == [2, 3, 4]
        assert levels[1][0] == levels[1][1]


def test_unknown_parameter_is_named():
    with pytest.raises(BuilderError, match="has no parameter 'colour'"):
        run("topdown", random_units(4, 2), (2,), colour=1)


@pytest.mark.parametrize(
    ("method", "own", "told"),
    [
        ("kmeans", {"n_init": 0}, "at least 1, got 0"),
        ("kmeans", {"n_init": "many"}, "'n_init' to be a whole number, got 'many'"),
        ("kmeans", {"n_init": 2.5}, "whole number, got 2.5"),
        ("kmeans", {"n_init": True}, "whole number, got True"),
        ("spherical", {"n_init": -1}, "at least 1"),
        ("bisecting", {"tries": 0}, "at least 1"),
        ("topdown", {"neighbours": 0}, "at least 1"),
        ("topdown", {"top_rounds": -1}, "at least 0"),
        ("bottomup", {"neighbours": 0}, "at least 1"),
        ("balanced", {"slack": 1.5}, "slack from 0 to 1"),
        ("balanced", {"slack": float("nan")}, "'slack' to be a number, got nan"),
        ("balanced", {"steps": 0}, "at least 1"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(method, own, told):
    with pytest.raises(BuilderError, match=told):
        run(method, random_units(4, 2), (2,), **own)


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="exists already"):
        register_builder("topdown")(lambda inputs, *, k, seed: [])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["topdown", "ward", "bottomup", "bisecting", "spherical"])
def test_tables_give_the_labels_of_the_prototypes(method, shared_data):
    classes = load_classes("imagenet-1k")
    deterministic = method in ("topdown", "ward")
    for header in list_tables() if deterministic else list_tables()[:1]:
        stem = f"{header.model}.{header.pretrained}.{header.prompts.replace('name', 'cname')}"
        own = load_prototypes(shared_data / "prototypes" / f"{stem}.npz")
        table = resolve(header.variant, classes)
        for ours, theirs in zip(
            get_builder(method)(BuildInput(classes, table.vectors), k=(10, 100), seed=0),
            get_builder(method)(BuildInput(classes, own.vectors), k=(10, 100), seed=0),
            strict=True,
        ):
            assert np.array_equal(ours, theirs), header.variant


@pytest.mark.slow
@pytest.mark.parametrize("variant", SEVEN)
def test_kmeans_follows_the_same_path_from_a_table(variant, shared_data):
    classes = load_classes("imagenet-1k")
    stem = variant.replace(":", ".").replace("@", ".")
    own = load_prototypes(shared_data / "prototypes" / f"{stem}.npz")
    table = resolve(variant, classes)
    ours = get_builder("kmeans")(BuildInput(classes, table.vectors), k=(10, 100), seed=0)
    theirs = get_builder("kmeans")(BuildInput(classes, own.vectors), k=(10, 100), seed=0)
    assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_default_method_reaches_its_consistency(shared_data):
    wup = np.load(shared_data / "wordnet" / "wup_nltk_imagenet1k.npz")["wup"]
    rows, columns = np.triu_indices(1000, 1)
    within, largest = [], 0
    for variant in SEVEN:
        inputs = BuildInput(load_classes("imagenet-1k"), load_table(variant).vectors)
        levels = get_builder("topdown")(inputs, k=(10, 100), seed=0)
        within.append([wup[rows, columns][one[rows] == one[columns]].mean() for one in levels])
        largest = max(largest, np.bincount(levels[0]).max())
    coarse, mid = np.mean(within, axis=0)
    assert coarse >= 0.610
    assert mid >= 0.705
    assert largest <= 250
