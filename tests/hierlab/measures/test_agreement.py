"""Agreement: equal to scikit-learn's scores, and every move is a real one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from hierlab.errors import HierlabError, UnknownClassError
from hierlab.measures.agreement import NMI_WARNING, compare
from hierlab.measures.partition_scores import contingency, partition_agreement
from tests.hierlab.label_maps import make_map


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    count = draw(st.integers(1, 40))
    top = draw(st.integers(0, 40))
    labels = st.lists(st.integers(0, top), min_size=count, max_size=count)
    return draw(labels), draw(labels)


@settings(deadline=None)
@given(partitions())
def test_scores_are_those_of_scikit_learn(pair: tuple[list[int], list[int]]) -> None:
    first, second = pair
    found = partition_agreement(first, second)
    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(first, second)
    assert found.ari == pytest.approx(metrics.adjusted_rand_score(first, second), abs=1e-9)
    assert found.homogeneity == pytest.approx(homogeneity, abs=1e-9)
    assert found.completeness == pytest.approx(completeness, abs=1e-9)
    assert found.v_measure == pytest.approx(v_measure, abs=1e-9)
    nmi = metrics.normalized_mutual_info_score(first, second)
    if len(set(first)) > 1 or len(set(second)) > 1:
        assert found.nmi == pytest.approx(nmi, abs=1e-9)
    mine, theirs = found.ami, metrics.adjusted_mutual_info_score(first, second)
    room = (1 - found.nmi_random) * max(found.nmi, found.nmi_random)
    if room > 1e-6:
        assert mine == pytest.approx(theirs, abs=1e-6)


def test_scores_at_the_size_of_imagenet() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 10, 1000), rng.integers(0, 100, 1000)
    found = partition_agreement(first, second)
    assert found.ami == pytest.approx(metrics.adjusted_mutual_info_score(first, second), abs=1e-9)
    assert found.ari == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(("k", "at_least"), [(100, 0.4), (500, 0.7), (900, 0.95)])
def test_nmi_of_unrelated_partitions_is_what_chance_says(k: int, at_least: float) -> None:
    rng = np.random.default_rng(k)
    labels = [rng.permutation(np.arange(1000) % k) for _ in range(2)]
    found = partition_agreement(*labels)
    assert found.nmi > at_least
    assert found.nmi == pytest.approx(found.nmi_random, abs=0.02)
    assert abs(found.ari) < 0.02


@pytest.mark.parametrize("labels", [[0], [0, 0, 0], [0, 1, 2], [0, 0, 1]])
def test_a_partition_agrees_with_itself(labels: list[int]) -> None:
    found = partition_agreement(labels, [9 - label for label in labels])
    assert (found.ari, found.ami, found.v_measure) == (1, 1, 1)


def test_one_cluster_tells_nothing_of_singletons() -> None:
    found = partition_agreement([0, 0, 0, 0], [0, 1, 2, 3])
    assert found.ari == 0
    assert found.completeness == 0
    assert found.ami == 0


def test_arrays_over_different_classes_are_refused() -> None:
    with pytest.raises(HierlabError, match="over the same classes"):
        contingency([0, 1], [0, 1, 2])
    with pytest.raises(HierlabError, match="over the same classes"):
        contingency([], [])


def test_who_moved_where() -> None:
    first = make_map(
        [[0, 0, 0, 1, 1, 1]], list("abcdef"), ["ant", "bee", "cow", "dog", "elk", "fox"]
    )
    second = make_map([[0, 0, 1, 1, 1, 1]], list("abcdef"))
    (level,) = compare(first, second).levels
    (move,) = level.moves
    assert (move.id, move.name) == ("c", "cow")
    assert (move.source, move.expected, move.target) == (
        "coarse group 0",
        "coarse group 0",
        "coarse group 1",
    )
    assert [(flow.first[-1], flow.second[-1], flow.classes) for flow in level.flows] == [
        ("1", "1", 3),
        ("0", "0", 2),
        ("0", "1", 1),
    ]


def test_moves_follow_names_when_fewer_classes_are_shared() -> None:
    # The shared classes meet the clusters in another order than the maps number them.
    first = make_map([[0, 1, 1, 2, 2]], ["x", "a", "b", "c", "d"])
    second = make_map([[0, 0, 1, 1]], ["c", "d", "a", "b"])
    report = compare(first, second)
    assert (report.shared, report.only_first, report.only_second) == (4, 1, 0)
    (level,) = report.levels
    assert level.ari == 1
    assert level.moves == ()
    assert {(flow.first, flow.second) for flow in level.flows} == {
        ("coarse group 1", "coarse group 1"),
        ("coarse group 2", "coarse group 0"),
    }


def test_clusters_that_are_united_or_split_move_nobody() -> None:
    apart, united = make_map([[0, 0, 0, 1, 1, 2, 2, 2]]), make_map([[0, 0, 0, 0, 0, 1, 1, 1]])
    for first, second in ((apart, united), (united, apart)):
        (level,) = compare(first, second).levels
        assert level.moves == ()
    # One class of the last cluster goes over: it alone has moved.
    (level,) = compare(apart, make_map([[0, 0, 0, 0, 0, 0, 1, 1]])).levels
    assert [
        (move.id, move.source[-1], move.expected[-1], move.target[-1]) for move in level.moves
    ] == [("k5", "2", "1", "0")]


def test_levels_pair_with_their_like_in_size() -> None:
    labels = [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 2, 2], [0, 1, 2, 3, 4, 5]]
    first = make_map(labels, name="first")
    second = make_map(labels[:2], titles=["top", "low"], name="second")
    report = compare(first, second)
    assert [(level.first, level.second) for level in report.levels] == [
        ("coarse", "top"),
        ("mid", "low"),
    ]
    assert report.unpaired == ("first: fine",)
    assert report.nmi_warning == NMI_WARNING
    assert all(level.ari == 1 and not level.moves for level in report.levels)


def test_maps_without_a_shared_class_are_refused() -> None:
    with pytest.raises(UnknownClassError, match="share no class"):
        compare(make_map([[0, 0]], ["a", "b"]), make_map([[0, 0]], ["c", "d"]))
