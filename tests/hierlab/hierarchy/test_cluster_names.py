"""Names of clusters: against a search by hand, and where names clash."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import HierlabError
from hierlab.hierarchy.cluster_names import MOST, medoids, name_clusters
from hierlab.labelmap import canonical_labels
from hierlab.wordnet.kinds import kinds
from hierlab.wordnet.taxonomy import Taxonomy

DATA = Path(__file__).parents[1] / "data"


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


def test_a_group_gets_the_kind_that_most_of_it_is(tiny: Taxonomy) -> None:
    classes = custom("wolf", "puppy", "cat", "car", "lapdog")
    groups = name_clusters(labels(0, 0, 1, 1, 0), classes, tiny)
    assert groups[0].synset == "canine.n.01"  # precision 3 / 3, recall 3 / 3; dog: 2 / 2, 2 / 3
    assert (groups[0].name, groups[0].size, groups[0].coverage) == ("canine", 3, 1.0)
    # Cat and car share the entity alone: 2 / 5 × 2 / 2 < 3 / 4 of 1 × 1.
    assert (groups[1].synset, groups[1].coverage) == (None, 1.0)
    assert set(groups[1].name.split(", ")) == {"cat", "car"}


def test_precision_coverage_and_score_by_formula(tiny: Taxonomy) -> None:
    classes = custom("wolf", "puppy", "lapdog", "car", "nothing")
    best = kinds(labels(0, 1, 1, 0, 1), tiny, tiny.resolve(classes), most=0.6)[1][0]
    assert tiny.nouns.synset(best.synsets[0]).name == "puppy.n.01"  # deeper than the dog, as good
    assert (best.precision, best.coverage) == (2 / 2, 2 / 3)
    assert best.score == pytest.approx(2 / 2 * 2 / 3)
    stricter = kinds(labels(0, 1, 1, 0, 1), tiny, tiny.resolve(classes), most=0.7)[1][0]
    assert stricter.score == pytest.approx(2 / 2 * 2 / 3 / 2)  # for less than most of the cluster


def test_no_one_or_two_kinds_say_it_better() -> None:
    """Against a search through every synset and every pair of synsets apart in the cluster."""
    shipped, classes = Taxonomy.shipped(), load_classes("imagenet-1k")
    above = [{up.wnid for up in shipped.ancestors(wnid)} for wnid in classes.ids]
    partition = random_partition(3, 120)
    found = kinds(partition, shipped, shipped.resolve(classes), most=MOST)
    size = {s.wnid: sum(s.wnid in a for a in above) for s in shipped}
    plain = {wnid for wnid in size if shipped.max_depth(wnid) > 6}  # no umbrella among them
    for number in range(0, 120, 15):
        members = np.flatnonzero(partition == number)
        held = {
            wnid: frozenset(m for m in members if wnid in above[m])
            for wnid in plain & set().union(*(above[m] for m in members))
        }
        held = {wnid: inside for wnid, inside in held.items() if 10 * len(inside) >= len(members)}
        best = 0.0
        for words in (1, 2):
            for chosen in itertools.combinations(held, words):
                inside = [held[wnid] for wnid in chosen]
                if words == 2 and inside[0] & inside[1]:
                    continue
                count = sum(map(len, inside))
                score = count**2 / (len(members) * sum(size[wnid] for wnid in chosen))
                whole = count >= MOST * len(members)
                best = max(best, score * (0.75 if whole else 0.9) ** (words - 1) / (2 - whole))
        assert found[number][0].score >= best - 1e-12


@pytest.mark.parametrize("partition", [random_partition(5, 60), np.arange(1000) // 12])
def test_a_name_holds_for_most_of_its_cluster_or_says_that_there_are_others(partition) -> None:
    shipped, classes = Taxonomy.shipped(), load_classes("imagenet-1k")
    found = kinds(partition.astype(np.int32), shipped, shipped.resolve(classes), most=MOST)
    for number, cluster in enumerate(name_clusters(partition, classes, shipped)):
        if cluster.name.startswith("like "):
            continue
        assert (cluster.coverage >= MOST) == ("and others" not in cluster.name)
        members = set(np.flatnonzero(partition == number).tolist())
        ways = [one for one in found[number] if round(one.coverage, 4) == cluster.coverage]
        assert ways
        for one in ways:
            held = [
                set(shipped.below(shipped.nouns.synset(n).wnid, classes.ids)) for n in one.synsets
            ]
            assert len(members & set().union(*held)) == round(cluster.coverage * cluster.size)


def test_dogs_and_birds_are_not_called_dogs() -> None:
    shipped, classes = Taxonomy.shipped(), load_classes("imagenet-1k")
    both = np.zeros(1000, dtype=np.int32)
    for wnid in ("n02084071", "n01503061"):  # dog, bird
        both[shipped.below(wnid, classes.ids)] = 1
    _, group = name_clusters(both, classes, shipped)
    assert (group.name, group.coverage, group.synset) == ("dog, bird", 1.0, None)


def test_mammals_beside_dogs_are_the_other_mammals() -> None:
    shipped, classes = Taxonomy.shipped(), load_classes("imagenet-1k")
    three = np.zeros(1000, dtype=np.int32)
    three[shipped.below("n01861778", classes.ids)] = 1  # mammal
    three[shipped.below("n02084071", classes.ids)] = 2
    names = [cluster.name for cluster in name_clusters(three, classes, shipped)]
    assert names[1:] == ["other mammal", "dog"]


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
    assert group.name != "canine"
    assert group.coverage == 1


def test_a_word_for_few_of_a_group_says_so(tiny: Taxonomy) -> None:
    classes = custom("cat", "x1", "x2", "x3")
    (group,) = name_clusters(labels(0, 0, 0, 0), classes, tiny, similarity=np.eye(4))
    assert (group.name, group.synset, group.coverage) == ("cat and others", "cat.n.01", 1 / 4)


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
