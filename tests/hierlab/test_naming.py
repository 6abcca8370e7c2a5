"""Names of clusters: against a search by hand, and where names clash."""

from pathlib import Path

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.classlists import load_classes
from hierlab.errors import HierlabError
from hierlab.labelmap import canonical_labels
from hierlab.naming import covers, medoids, name_clusters
from hierlab.taxonomy import Taxonomy

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def tiny() -> Taxonomy:
    return Taxonomy.wordnet(DATA / "tiny-wordnet")


def custom(*names: str) -> ClassList:
    return ClassList("custom", names, names)


def labels(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def random_partition(seed: int, k: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return canonical_labels(np.concatenate([np.arange(k), rng.integers(0, k, 1000 - k)]))


def test_a_group_gets_the_synset_that_covers_it_best(tiny: Taxonomy) -> None:
    classes = custom("wolf", "puppy", "cat", "car", "lapdog")
    groups = name_clusters(labels(0, 0, 1, 1, 0), classes, tiny)
    assert groups[0].synset == "canine.n.01"  # precision 3 / 3, recall 3 / 3; dog: 2 / 2, 2 / 3
    assert (groups[0].name, groups[0].size) == ("canine", 3)
    # Cat and car share the entity alone: 2 / 5 × 2 / 2 < 1 / 1 × 1 / 2 of the cat, the car and
    # what stands above either alone; the deepest wins.
    assert groups[1].synset == "cat.n.01"
    assert groups[1].name == "cat"


def test_precision_and_recall_by_formula(tiny: Taxonomy) -> None:
    classes = custom("wolf", "puppy", "lapdog", "car", "nothing")
    best = covers(labels(0, 1, 1, 0, 1), tiny, tiny.resolve(classes))[1][0]
    assert tiny.synset_at(best.synset).name == "puppy.n.01"  # deeper than the dog, as good
    assert (best.precision, best.recall) == (2 / 2, 2 / 3)
    assert best.score == 2 / 2 * 2 / 3


def test_best_covers_are_those_of_a_search_by_hand() -> None:
    shipped, classes = Taxonomy.shipped(), load_classes("imagenet-1k")
    above = [{up.wnid for up in shipped.ancestors(wnid)} for wnid in classes.ids]
    partition = random_partition(3, 40)
    clusters = name_clusters(partition, classes, shipped)
    size = {s.wnid: sum(s.wnid in a for a in above) for s in shipped}
    for number in range(0, 40, 8):
        members = np.flatnonzero(partition == number)
        found = {}
        for wnid in set().union(*(above[member] for member in members)):
            shared = sum(wnid in above[member] for member in members)
            score = shared**2 / (size[wnid] * len(members))
            found[wnid] = (-score, -shipped.max_depth(wnid), shipped[wnid].name)
        best = min(found, key=lambda wnid: found[wnid])
        assert clusters[number].synset == shipped[best].name


@pytest.mark.parametrize("k", [1, 2, 10, 100, 400, 999, 1000])
def test_no_name_stands_twice_and_every_medoid_is_a_member(k: int) -> None:
    classes = load_classes("imagenet-1k")
    partition = random_partition(k, k)
    vectors = np.random.default_rng(1).normal(size=(1000, 16))
    clusters = name_clusters(partition, classes, Taxonomy.shipped(), vectors=vectors)
    assert len({cluster.name.casefold() for cluster in clusters}) == len(clusters) == k
    for number, cluster in enumerate(clusters):
        assert partition[classes.index[cluster.medoid]] == number
        assert cluster.size == int((partition == number).sum())


def test_a_single_class_keeps_its_name() -> None:
    classes = load_classes("imagenet-1k")
    clusters = name_clusters(np.arange(1000), classes, Taxonomy.shipped())
    assert tuple(cluster.name for cluster in clusters) == classes.names
    assert tuple(cluster.medoid for cluster in clusters) == classes.ids
    assert clusters[281].synset == "tabby.n.01"


def test_a_word_that_is_taken_gives_way_to_one_nearly_as_good(tiny: Taxonomy) -> None:
    keys = ("dog.n.01", "puppy.n.01", "wolf.n.01", "rex.n.01")
    classes = ClassList("custom", keys, ("canine", "whelp", "wolf", "Rex"))
    # The single class is called canine, and so is the best synset of the group: 3/4 × 3/3.
    single, group = name_clusters(labels(0, 1, 1, 1), classes, tiny, similarity=np.eye(4))
    assert single.name == "canine"
    assert group.synset == "canine.n.01"
    assert group.name == "carnivore"  # 3/4 × 3/3 as well, one step higher


def test_a_word_that_is_taken_is_qualified_by_the_medoid(tiny: Taxonomy) -> None:
    keys = ("dog.n.01", "puppy.n.01", "wolf.n.01", "rex.n.01", "feline.n.01", "cat.n.01")
    classes = ClassList("custom", keys, ("canine", "whelp", "wolf", "Rex", "feline", "cat"))
    clusters = name_clusters(labels(0, 1, 1, 1, 2, 2), classes, tiny, similarity=np.eye(6))
    # With the cats the carnivore is down to 3/6 × 3/3, two thirds of the canine's 3/4 × 3/3.
    assert [cluster.name for cluster in clusters] == ["canine", "canine (whelp)", "feline"]


def test_a_word_for_few_of_a_group_says_so(tiny: Taxonomy) -> None:
    classes = custom("cat", "x1", "x2", "x3")
    (group,) = name_clusters(labels(0, 0, 0, 0), classes, tiny, similarity=np.eye(4))
    assert (group.name, group.synset) == ("cat and others", "cat.n.01")


def test_names_without_a_taxonomy_come_from_the_medoids() -> None:
    vectors = np.array([[1.0, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]])
    first, last = name_clusters(labels(0, 0, 0, 1), custom(*"abcd"), vectors=vectors)
    assert (first.name, first.medoid, first.synset) == ("like b", "b", None)
    assert (last.name, last.medoid) == ("d", "d")


def test_classes_of_one_name_are_told_apart_by_their_keys() -> None:
    classes = ClassList("custom", ("7", "8", "9", "10"), ("missile",) * 4)
    clusters = name_clusters(labels(0, 1, 2, 2), classes)
    assert [cluster.name for cluster in clusters] == ["missile", "missile (8)", "like missile"]
    clusters = name_clusters(labels(0, 0, 1, 1), classes)
    assert [cluster.name for cluster in clusters] == ["like missile", "like missile (9)"]


def test_a_list_that_wordnet_does_not_know(tiny: Taxonomy) -> None:
    clusters = name_clusters(labels(0, 0, 1), custom("p", "q", "r"), tiny)
    assert [(cluster.name, cluster.synset) for cluster in clusters] == [
        ("like p", None),
        ("r", None),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_medoid_is_the_class_of_greatest_mean_similarity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(60, 5))
    partition = canonical_labels(rng.integers(0, 7, 60))
    similarity = vectors @ vectors.T
    found = medoids(partition, vectors=vectors)
    assert np.array_equal(found, medoids(partition, similarity=similarity))
    for number, medoid in enumerate(found):
        members = np.flatnonzero(partition == number)
        means = [
            np.mean([similarity[one, other] for other in members if other != one])
            for one in members
        ]
        assert medoid == members[int(np.argmax(means))]


def test_of_two_classes_the_first_is_the_medoid() -> None:
    """Their mean similarity is the same number; rounding must not choose."""
    vectors = np.random.default_rng(0).normal(size=(400, 64))
    pairs = np.repeat(np.arange(200), 2)
    assert np.array_equal(medoids(pairs, vectors=vectors), np.arange(0, 400, 2))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (np.array([0, 1]), "one whole number per class"),
        (np.array([0.0, 1.0, 1.0]), "one whole number per class"),
        (np.array([0, 2, 2]), "none empty"),
        (np.array([-1, 0, 1]), r"numbered 0\.\.K-1"),
        (np.array([0, 1, 9]), r"numbered 0\.\.K-1"),
    ],
)
def test_labels_that_do_not_fit(values: np.ndarray, told: str) -> None:
    with pytest.raises(HierlabError, match=told):
        name_clusters(values, custom("a", "b", "c"))
