"""Statistics of partitions against independent computations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from hierlab.errors import StudyError
from hierlab.measures.bootstrap import bootstrap_ari, class_weights, interval
from hierlab.study.statistics import holm, partial_correlation, variance_shares


def _labels(count, clusters, seed):
    return np.random.default_rng(seed).integers(0, clusters, count).astype(np.int32)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=2, max_size=40))
def test_ari_equals_scikit_learn(pairs):
    first, second = (np.array(column, dtype=np.int32) for column in zip(*pairs, strict=True))
    found = bootstrap_ari(first, second, np.ones((1, len(first))))[0]
    assert found == pytest.approx(adjusted_rand_score(first, second), abs=1e-9)


def test_weights_of_zero_and_one_are_a_choice_of_classes():
    first, second = _labels(50, 4, 0), _labels(50, 5, 1)
    chosen = np.random.default_rng(2).random(50) < 0.6
    found = bootstrap_ari(first, second, chosen[None].astype(float))[0]
    assert found == pytest.approx(adjusted_rand_score(first[chosen], second[chosen]))


def test_classes_that_were_not_drawn_do_not_count():
    first, second = _labels(50, 4, 0), _labels(50, 4, 0)
    second[::3] = -1
    assert bootstrap_ari(first, second, np.ones((1, 50)))[0] == 1


def test_a_class_drawn_twice_does_not_agree_with_itself():
    first, second = _labels(300, 6, 3), _labels(300, 6, 4)
    found = bootstrap_ari(first, second, class_weights(300, 300, 0))
    assert found[1:].mean() == pytest.approx(found[0], abs=0.002)


def test_labels_of_other_lengths_are_refused():
    with pytest.raises(StudyError, match="over the same 5 classes"):
        bootstrap_ari(np.zeros(4, np.int32), np.zeros(5, np.int32), np.ones((1, 5)))


def test_the_interval_of_a_bootstrap_holds_the_estimate():
    first = _labels(400, 8, 0)
    second = np.where(np.random.default_rng(1).random(400) < 0.8, first, _labels(400, 8, 2))
    values = bootstrap_ari(first, second, class_weights(400, 200, 0))
    found = interval(values[0], values[1:])
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.2


def test_weights_start_with_the_classes_as_they_are():
    weights = class_weights(7, 3, 0)
    assert weights.shape == (4, 7)
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 7).all()


def test_a_factor_that_explains_all_has_share_one():
    groups = np.repeat([0, 1, 2], 4)
    distances = (groups[:, None] != groups[None, :]).astype(float)
    shares = variance_shares(distances, [groups, np.tile([0, 1], 6)])
    assert shares == pytest.approx([1, 0])


def test_a_factor_without_effect_has_share_near_zero():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((40, 5))
    distances = ((points[:, None] - points[None]) ** 2).sum(-1)
    levels = np.tile(np.arange(4), 10)
    plain = 3 / 39  # what four levels explain of nothing, on average
    assert variance_shares(distances, [levels])[0] < plain


def test_shares_match_one_way_analysis_of_variance():
    values = np.array([1.0, 2, 3, 5, 6, 7])
    groups = np.array([0, 0, 0, 1, 1, 1])
    distances = (values[:, None] - values[None]) ** 2
    between = 2 * 3 * (4 / 2) ** 2
    within = 2 * (1 + 0 + 1)
    error = within / 4
    expected = (between - error) / (between + within + error)
    assert variance_shares(distances, [groups])[0] == pytest.approx(expected)


def test_equal_partitions_have_no_variance():
    assert variance_shares(np.zeros((4, 4)), [[0, 0, 1, 1]])[0] == 0


def _symmetric(rng, count):
    matrix = rng.standard_normal((count, count))
    return (matrix + matrix.T) / 2


def test_correlation_equals_scipy_over_the_pairs():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    first, second = _symmetric(rng, 30), _symmetric(rng, 30)
    upper = np.triu_indices(30, 1)
    found = partial_correlation(first, second, [], np.ones((1, 30)))[0]
    assert found == pytest.approx(spearmanr(first[upper], second[upper]).statistic)


def test_a_shared_cause_held_fixed_leaves_nothing():
    rng = np.random.default_rng(1)
    cause = _symmetric(rng, 80)
    first = cause + 0.5 * _symmetric(rng, 80)
    second = cause + 0.5 * _symmetric(rng, 80)
    weights = np.ones((1, 80))
    assert partial_correlation(first, second, [], weights)[0] > 0.6
    assert abs(partial_correlation(first, second, [cause], weights)[0]) < 0.1


def test_a_constant_has_no_correlation():
    rng = np.random.default_rng(1)
    found = partial_correlation(np.ones((9, 9)), _symmetric(rng, 9), [], np.ones((1, 9)))
    assert np.isnan(found[0])


def test_holm_by_hand():
    # sorted 0.01 0.02 0.04 → 3·0.01, max(2·0.02, ·), max(0.04, ·)
    assert holm([0.04, 0.01, 0.02]) == pytest.approx((0.04, 0.03, 0.04))
    assert holm([0.9, 0.8]) == (1, 1)
