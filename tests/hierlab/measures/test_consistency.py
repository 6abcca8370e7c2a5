"""Consistency: hand-worked means, exact chance, and the published figures of the paper's method."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from hierlab.errors import HierlabError
from hierlab.measures.consistency import consistency
from hierlab.measures.pair_statistics import (
    cophenetic_correlation,
    pair_means,
    random_moments,
    symmetric,
)
from hierlab.measures.report import measure
from tests.hierlab.label_maps import make_map


def _similarity(count: int, seed: int = 0) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).random((count, count))
    return (values + values.T) / 2


def test_means_over_pairs_worked_by_hand() -> None:
    similarity = np.array(
        [[9, 0.8, 0.1, 0.2], [0.8, 9, 0.3, 0.4], [0.1, 0.3, 9, 0.6], [0.2, 0.4, 0.6, 9]]
    )
    means = pair_means(np.array([0, 0, 1, 1], dtype=np.int32), similarity)
    assert means.within == pytest.approx((0.8 + 0.6) / 2)
    assert means.between == pytest.approx((0.1 + 0.2 + 0.3 + 0.4) / 4)
    assert means.pairs_within == 2


def test_every_pair_weighs_the_same_whatever_its_cluster() -> None:
    labels = np.array([0, 0, 0, 1, 1], dtype=np.int32)
    similarity = _similarity(5)
    pairs = [(i, j) for i, j in itertools.combinations(range(5), 2)]
    within = [similarity[i, j] for i, j in pairs if labels[i] == labels[j]]
    assert pair_means(labels, similarity).within == pytest.approx(np.mean(within))
    assert len(within) == 3 + 1


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 0, 0]])
def test_means_that_do_not_exist_are_none(labels: list[int]) -> None:
    means = pair_means(np.array(labels, dtype=np.int32), _similarity(3))
    assert (means.within is None) == (len(set(labels)) == 3)
    assert (means.between is None) == (len(set(labels)) == 1)


@pytest.mark.parametrize(
    "labels", [[0, 0], [0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 0, 1]]
)
def test_chance_is_the_mean_and_deviation_over_all_permutations(labels: list[int]) -> None:
    similarity = _similarity(len(labels), seed=3)
    partition = np.array(labels, dtype=np.int32)
    every = [
        pair_means(partition[list(order)], similarity).within
        for order in itertools.permutations(range(len(labels)))
    ]
    values = [value for value in every if value is not None]
    found = random_moments(np.bincount(partition), similarity)
    assert found is not None
    assert found[0] == pytest.approx(np.mean(values), abs=1e-12)
    assert found[1] == pytest.approx(np.std(values), abs=1e-9)


def test_chance_does_not_exist_where_all_stand_alone() -> None:
    assert random_moments(np.ones(4, dtype=np.int64), _similarity(4)) is None


def test_correlations_agree_with_scipy() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, (3, 40)).astype(np.int32)
    similarity = np.round(_similarity(40), 1)
    pearson, spearman = cophenetic_correlation(labels, similarity, rng)
    rows = np.triu_indices(40, 1)
    shared = (labels[:, rows[0]] == labels[:, rows[1]]).sum(axis=0)
    assert pearson == pytest.approx(stats.pearsonr(shared, similarity[rows]).statistic)
    assert spearman == pytest.approx(stats.spearmanr(shared, similarity[rows]).statistic)


def test_correlation_with_what_is_constant_is_none() -> None:
    labels = np.zeros((1, 5), dtype=np.int32)
    assert cophenetic_correlation(labels, _similarity(5), np.random.default_rng()) == (None, None)


def test_many_classes_are_compared_on_drawn_pairs() -> None:
    count = 2200
    labels = (np.arange(count) % 2).astype(np.int32)
    similarity = np.where(labels[:, None] == labels, 0.9, 0.1)
    pearson, spearman = cophenetic_correlation(labels[None], similarity, np.random.default_rng(0))
    assert pearson == pytest.approx(1)
    assert spearman == pytest.approx(1)


def test_a_perfect_hierarchy_beats_chance_and_names_nobody_twice() -> None:
    label_map = make_map([[0] * 4 + [1] * 4, [0, 0, 1, 1, 2, 2, 3, 3]])
    coarse, mid = (level.labels for level in label_map)
    similarity = 0.1 + 0.3 * (coarse[:, None] == coarse) + 0.4 * (mid[:, None] == mid)
    report = consistency(label_map, similarity, policy="toy")
    first, second = report.levels
    assert first.within == pytest.approx((4 * 0.8 + 8 * 0.4) / 12)
    assert first.between == pytest.approx(0.1)
    assert second.within == pytest.approx(0.8)
    assert first.random_mean == pytest.approx((4 * 0.8 + 8 * 0.4 + 16 * 0.1) / 28)
    assert first.lift == pytest.approx((4 * 0.8 + 8 * 0.4) / 12 - (4 * 0.8 + 8 * 0.4 + 1.6) / 28)
    assert first.z is not None
    assert first.z > 2
    assert report.cophenetic_pearson is not None
    assert report.cophenetic_pearson > 0.99
    assert report.policy == "toy"


def test_discord_names_the_worst_cluster_and_its_odd_class() -> None:
    label_map = make_map([[0, 0, 0, 1, 1, 1]], names=["cat", "dog", "bus", "red", "blue", "green"])
    similarity = np.full((6, 6), 0.9)
    similarity[2, :] = similarity[:, 2] = 0.2
    (level,) = consistency(label_map, similarity, policy="toy").levels
    worst, best = level.discords
    assert (worst.name, worst.size, worst.odd_class) == ("coarse group 0", 3, "bus")
    assert worst.within == pytest.approx((0.9 + 0.2 + 0.2) / 3)
    assert worst.odd_similarity == pytest.approx(0.2)
    assert best.within == pytest.approx(0.9)


def test_bootstrap_is_seeded_and_holds_the_mean() -> None:
    label_map = make_map([np.arange(60).tolist() and [i % 5 for i in range(60)]])
    similarity = _similarity(60)
    first = consistency(label_map, similarity, policy="toy", seed=1)
    assert first == consistency(label_map, similarity, policy="toy", seed=1)
    assert first != consistency(label_map, similarity, policy="toy", seed=2)
    level = first.levels[0]
    assert level.within_low is not None
    assert level.within is not None
    assert level.within_high is not None
    assert level.within_low < level.within < level.within_high
    bare = consistency(label_map, similarity, policy="toy", resamples=0).levels[0]
    assert bare.within_low is None
    assert bare.within == level.within


def test_an_identity_level_has_no_within() -> None:
    label_map = make_map([[0, 0, 1], [0, 1, 2]])
    level = consistency(label_map, _similarity(3), policy="toy").levels[1]
    assert (level.within, level.random_mean, level.z, level.within_low) == (None,) * 4
    assert level.discords == ()


def test_a_part_of_the_classes_can_be_measured() -> None:
    label_map = make_map([[0, 0, 1, 1, 1]])
    similarity = _similarity(4)
    report = consistency(label_map, similarity, policy="toy", positions=np.array([0, 1, 3, 4]))
    assert report.classes == 4
    assert report.levels[0].within == pytest.approx((similarity[0, 1] + similarity[2, 3]) / 2)


def test_a_similarity_that_does_not_fit_is_refused() -> None:
    with pytest.raises(HierlabError, match=r"expected a similarity of shape \(3, 3\)"):
        symmetric(np.zeros((2, 2)), 3)
    with pytest.raises(HierlabError, match="not finite"):
        symmetric(np.full((2, 2), np.nan), 2)
    lopsided = np.array([[1.0, 0.2], [0.4, 1.0]])
    np.testing.assert_allclose(symmetric(lopsided, 2), [[1, 0.3], [0.3, 1]])


def test_random_clusters_of_imagenet_have_the_published_mean(shared_data: Path) -> None:
    similarity = np.load(shared_data / "wordnet" / "wup_nltk_imagenet1k.npz")["wup"]
    labels = np.arange(1000, dtype=np.int32) % 10
    mean, deviation = random_moments(np.bincount(labels), similarity) or (0.0, 0.0)
    assert mean == pytest.approx(0.445, abs=0.001)
    drawn = [
        pair_means(np.random.default_rng(seed).permutation(labels), similarity).within or 0.0
        for seed in range(40)
    ]
    assert np.mean(drawn) == pytest.approx(mean, abs=4 * deviation / 40**0.5)
    assert 0.6 < np.std(drawn) / deviation < 1.5


def test_measure_says_what_it_left_out() -> None:
    label_map = make_map([[0, 0, 1, 1]])
    report = measure(label_map)
    assert report.consistency == ()
    assert report.left_out == (
        "consistency: no WordNet was given",
        "silhouette: no prototypes were given",
    )
    assert report.shape.levels[0].silhouette is None


def test_measure_covers_the_classes_that_wordnet_knows() -> None:
    from hierlab.wordnet.taxonomy import Taxonomy

    ids = ["n02123045", "n02123159", "n02084071", "qwertz", "n02958343"]
    label_map = make_map([[0, 0, 1, 1, 1]], ids)
    taxonomy = Taxonomy.shipped()
    vectors = np.eye(5)
    report = measure(label_map, taxonomy=taxonomy, vectors=vectors)
    assert [one.policy for one in report.consistency] == ["nltk", "textbook"]
    known = len(taxonomy.resolve(label_map.classes).known)
    assert report.consistency[0].classes == known < 5
    assert report.left_out[0] == f"consistency covers the {known} of 5 classes that are in WordNet"
    unknown = make_map([[0, 0, 1]], ["qwertz", "asdf", "yxcv"])
    assert measure(unknown, taxonomy=taxonomy).left_out[0] == (
        "consistency: 0 of the 3 classes are in WordNet"
    )


def test_the_documents_worked_example(repository: Path) -> None:
    from hierlab.wordnet.taxonomy import Taxonomy

    ids = ["n02123045", "n02123159", "n02099601", "n03417042"]
    report = measure(make_map([[0, 0, 1, 1]], ids), taxonomy=Taxonomy.shipped())
    level = report.consistency[1].levels[0]
    assert report.consistency[1].policy == "textbook"
    assert level.within == pytest.approx((2 * 15 / (16 + 16) + 2 * 4 / (18 + 13)) / 2)
    assert level.between == pytest.approx((2 * 12 / (16 + 18) + 2 * 4 / (16 + 13)) / 2)
    assert level.discords[0].cluster == 1
    text = (repository / "docs" / "measures.md").read_text(encoding="utf-8")
    for value in (level.within, level.between):
        assert f"= {value:.4f}" in text


def test_by_class_worked_by_hand_and_unlike_the_mean_over_pairs() -> None:
    """Four classes alike at 0.9 in one cluster, two at 0.1 in another, one alone."""
    similarity = np.full((7, 7), 0.5)
    similarity[:4, :4] = 0.9
    similarity[4:6, 4:6] = 0.1
    label_map = make_map([[0, 0, 0, 0, 1, 1, 2]])
    level = consistency(label_map, similarity, policy="mine", resamples=100).levels[0]
    assert level.by_class == pytest.approx((4 * 0.9 + 2 * 0.1) / 6)
    assert level.within == pytest.approx((6 * 0.9 + 1 * 0.1) / 7)
    assert level.lift == pytest.approx(level.by_class - level.random_mean)
    assert level.by_class_low is not None
    assert level.by_class_low <= level.by_class <= level.by_class_high


def test_uniting_two_dense_families_pays_over_pairs_and_costs_by_class() -> None:
    """Dogs, birds, and two loose families: what made a goal over pairs wrong."""
    families = np.repeat([0, 1, 2, 3], [40, 40, 60, 60])
    between = np.array(
        [[0.9, 0.6, 0.3, 0.3], [0.6, 0.9, 0.3, 0.3], [0.3, 0.3, 0.5, 0.45], [0.3, 0.3, 0.45, 0.5]]
    )
    similarity = between[np.ix_(families, families)]
    united, apart = (
        consistency(
            make_map([np.array(groups)[families].tolist()]), similarity, policy="m", resamples=0
        ).levels[0]
        for groups in ([0, 0, 1, 2], [0, 1, 2, 2])
    )
    assert united.within > apart.within
    assert united.by_class < apart.by_class
