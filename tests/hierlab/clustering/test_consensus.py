"""The consensus method: ranks, diffusion, nested levels, confidence."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hierlab.builders import BuildInput, get_builder
from hierlab.builders.consensus import consensus
from hierlab.classes import ClassList
from hierlab.clustering import (
    MAX_CLASSES,
    ConsensusSettings,
    class_confidence,
    closeness,
    coarsest_level,
    diffused,
    mean_cosines,
    neighbour_ranks,
    nested_levels,
    rank_affinity,
)
from hierlab.clustering.dendrogram import grow
from hierlab.clustering.exchange import regrouped
from hierlab.clustering.vectors import lloyd
from hierlab.errors import BuilderError
from hierlab.measures.partition_scores import partition_agreement


def _blobs(groups=4, each=12, noise=0.15, seed=0):
    """Unit rows around orthogonal directions, and the group of each row."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), each)
    rows = np.eye(groups + 3)[labels] + noise * rng.standard_normal((len(labels), groups + 3))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), labels


def _classes(count):
    names = tuple(f"class {number}" for number in range(count))
    return ClassList("custom", names, names)


def test_ranks_are_permutations_that_start_with_the_class_itself():
    ranks = neighbour_ranks(_blobs()[0])
    assert (np.sort(ranks, axis=1) == np.arange(48)).all()
    assert (np.diag(ranks) == 0).all()


def test_equal_rows_rank_in_class_order():
    rows = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    assert neighbour_ranks(rows)[2].tolist() == [1, 2, 0, 3]


def test_ranks_do_not_depend_on_a_shared_offset_or_on_rotation():
    rows = _blobs()[0]
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((7, 7)))[0]
    assert (neighbour_ranks(rows) == neighbour_ranks(rows @ rotation)).all()
    assert (neighbour_ranks(rows) == neighbour_ranks(rows + 0.7)).all()


def test_too_many_classes_are_refused_before_memory_is_taken():
    with pytest.raises(BuilderError, match=f"at most {MAX_CLASSES}"):
        neighbour_ranks(np.ones((MAX_CLASSES + 1, 1)))


def test_affinity_of_one_encoder_is_the_mean_of_both_directions():
    ranks = np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0]], dtype=np.int32)
    found = rank_affinity([ranks], 2.0)
    assert found[1, 2] == pytest.approx((np.exp(-2 / 2) + np.exp(-1 / 2)) / 2)
    assert np.array_equal(found, found.T)
    assert (np.diag(found) == 1).all()


def test_affinity_averages_encoders():
    first, second = neighbour_ranks(_blobs()[0]), neighbour_ranks(_blobs(seed=1)[0])
    both = rank_affinity([first, second], 5.0)
    assert both == pytest.approx((rank_affinity([first], 5.0) + rank_affinity([second], 5.0)) / 2)
    assert rank_affinity([first, second], 5.0, [1, 0]) == pytest.approx(rank_affinity([first], 5.0))
    with pytest.raises(BuilderError, match="at least one encoder"):
        rank_affinity([], 5.0)


def test_diffusion_keeps_separate_components_apart():
    affinity = np.kron(np.eye(2), np.ones((3, 3)))
    rows = diffused(affinity, 4.0)
    assert rows @ rows.T == pytest.approx(affinity, abs=1e-9)


def test_more_steps_make_neighbours_more_alike():
    affinity = rank_affinity([neighbour_ranks(_blobs(noise=0.4)[0])], 4.0)
    near, far = diffused(affinity, 1.0), diffused(affinity, 6.0)
    inside = np.repeat(np.arange(4), 12)
    same = inside[:, None] == inside[None, :]
    assert (far @ far.T)[same].mean() > (near @ near.T)[same].mean()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.data())
def test_levels_nest_and_have_the_sizes_asked_for(count, data):
    wanted = data.draw(st.sets(st.integers(1, count), min_size=1, max_size=4).map(sorted))
    rows = np.random.default_rng(count).standard_normal((count, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    levels = nested_levels(rows, rows @ rows.T, mean_cosines([rows]), wanted)
    assert [len(np.unique(labels)) for labels in levels] == wanted
    for coarse, fine in itertools.pairwise(levels):
        assert len(np.unique(np.stack([coarse, fine]), axis=1).T) == len(np.unique(fine))


def test_cosines_are_averaged_without_what_all_share():
    rows = _blobs()[0]
    found = mean_cosines([rows, np.hstack([rows + 0.7, np.zeros((48, 2))])])
    assert found == pytest.approx(mean_cosines([rows]))
    assert (np.diag(found) == 0).all()
    with pytest.raises(BuilderError, match="at least one encoder"):
        mean_cosines([])


def test_an_exchange_finds_what_single_moves_cannot():
    """Three groups; two of them share a cluster and the third fills two: no single move helps."""
    rng = np.random.default_rng(0)
    angles = np.concatenate([centre + 0.04 * rng.standard_normal(20) for centre in (0, 2, 4)])
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    stuck = np.repeat([0, 0, 1], 20)
    stuck[40:][angles[40:] > 4] = 2
    assert (lloyd(rows, stuck, 3) == stuck).all()
    found = regrouped(rows, stuck, 3)
    truth = np.repeat([0, 1, 2], 20)
    assert partition_agreement(found.astype(np.int32), truth.astype(np.int32)).ari == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(3, 40), st.integers(1, 6))
def test_exchanges_keep_every_cluster_and_never_fit_worse(count, clusters):
    clusters = min(clusters, count)
    rows = np.random.default_rng(count).standard_normal((count, 4))
    start = np.arange(count) % clusters
    found = regrouped(rows, start, clusters)
    assert len(np.unique(found)) == clusters
    assert _spread(rows, found) <= _spread(rows, start) + 1e-9


def _spread(rows, labels):
    return sum(
        ((rows[labels == one] - rows[labels == one].mean(axis=0)) ** 2).sum()
        for one in np.unique(labels)
    )


def test_closeness_is_the_mean_over_walks():
    affinity = rank_affinity([neighbour_ranks(_blobs(noise=0.4)[0])], 4.0)
    short, long = diffused(affinity, 1.0), diffused(affinity, 5.0)
    expected = (short @ short.T + long @ long.T) / 2
    assert closeness(affinity, (1.0, 5.0)) == pytest.approx(expected)
    assert (np.diag(closeness(affinity, (1.0, 5.0))) == 1).all()


def test_discord_of_a_join_by_hand():
    similarity = np.zeros((4, 4))
    similarity[0, 1] = similarity[1, 0] = 0.8
    similarity[0, 2] = similarity[2, 0] = 0.3
    rows = np.array([[1.0, 0], [0.99, 0.14], [0, 1]])
    branch = grow(np.array([0, 1, 2]), rows @ rows.T, similarity, similarity.sum(axis=1))
    pair, whole = branch.incoherence[3:]
    assert pair == pytest.approx(0.3 / (2 * 2) - 0.8)  # to classes 2 and 3, less inside
    assert whole == pytest.approx(0 / (3 * 1) - (0.8 + 0.3) / 3)
    assert sorted(branch.classes(3).tolist()) == [0, 1]
    assert sorted(branch.classes(4).tolist()) == [0, 1, 2]


def test_a_mixed_group_is_split_before_a_dense_family():
    """Twenty classes close together stay whole; twenty far apart are divided."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.eye(30)[:2], 20, axis=0) + rng.standard_normal((40, 30)) * np.repeat(
        [[0.03], [0.3]], 20, axis=0
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    coarse, fine = nested_levels(rows, rows @ rows.T, mean_cosines([rows]), (2, 6))
    assert len(set(coarse[:20].tolist())) == 1
    assert len(set(fine[:20].tolist())) == 1
    assert len(set(fine[20:].tolist())) == 5


def test_few_large_clusters_hold_no_class_alone():
    rows = np.vstack([_blobs(groups=3, each=20)[0], -np.eye(6)[3:]])
    fine = nested_levels(rows, rows @ rows.T, mean_cosines([rows]), (2, 6))[1]
    assert np.bincount(fine).min() >= 2
    many = nested_levels(rows, rows @ rows.T, mean_cosines([rows]), (2, 50))[1]
    assert len(np.unique(many)) == 50


def test_the_coarsest_level_keeps_its_number():
    rows = _blobs()[0]
    for clusters in (1, 2, 5, 47, 48):
        found = coarsest_level(rows, clusters)
        assert len(np.unique(found)) == clusters


def test_duplicates_still_give_as_many_clusters_as_asked():
    rows = np.tile(np.eye(3), (8, 1))
    builder = get_builder("consensus")
    levels = builder(BuildInput(_classes(24), vectors=rows), k=(2, 6, 24), seed=0)
    assert [int(labels.max()) + 1 for labels in levels] == [2, 6, 24]


def test_known_groups_are_found_and_the_seed_changes_nothing():
    rows, truth = _blobs(groups=5, each=14)
    builder = get_builder("consensus")
    inputs = BuildInput(_classes(len(rows)), vectors=rows)
    first = builder(inputs, k=(5, 10), seed=0)
    second = builder(inputs, k=(5, 10), seed=9)
    assert partition_agreement(first[0], truth).ari == 1
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_encoders_of_different_widths_make_one_hierarchy():
    rows, truth = _blobs(groups=4, each=15)
    wide = np.hstack([_blobs(groups=4, each=15, seed=3)[0], np.zeros((60, 9))])
    made = consensus([rows, wide], (4, 8, 60), runs=6)
    assert partition_agreement(made.labels[0], truth).ari == 1
    assert made.labels[2].tolist() == list(range(60))
    assert made.confidence[2] is None
    assert made.confidence[0].shape == (60,)
    assert not np.isnan(made.confidence[1]).any()
    assert made.confidence[0].mean() > 0.95


def test_confidence_is_lower_where_structure_is_missing():
    sure = consensus([_blobs()[0]], (4,), runs=6).confidence[0].mean()
    noise = np.random.default_rng(0).standard_normal((48, 20))
    unsure = consensus([noise / np.linalg.norm(noise, axis=1, keepdims=True)], (4,), runs=6)
    assert unsure.confidence[0].mean() < sure - 0.2


def test_confidence_by_hand():
    # {a b c} against {a b} {c d}: a and b keep each other, 2·1 / (2 + 1); c keeps nobody.
    labels = np.array([0, 0, 0, 1])
    found = class_confidence(labels, [(np.arange(4), np.array([0, 0, 1, 1]))])
    assert found == pytest.approx([2 * 1 / (2 + 1), 2 * 1 / (2 + 1), 0, 0])


def test_a_class_alone_in_both_is_sure_and_one_never_drawn_is_unknown():
    found = class_confidence(np.array([0, 1, 2]), [(np.array([0, 1]), np.array([5, 7]))])
    assert found[:2].tolist() == [1, 1]
    assert np.isnan(found[2])


@pytest.mark.parametrize("runs", [-1, 1])
def test_one_run_cannot_judge_confidence(runs):
    with pytest.raises(BuilderError, match="at least 2 runs"):
        consensus([_blobs()[0]], (4,), runs=runs)


def test_encoders_of_different_classes_are_refused():
    with pytest.raises(BuilderError, match="same classes, got 48, 60"):
        consensus([_blobs()[0], _blobs(each=15)[0]], (4,))


@pytest.mark.parametrize("name", ["top_reach", "top_steps", "reach", "steps"])
def test_settings_must_be_positive(name):
    with pytest.raises(BuilderError, match=f"expected {name} above 0"):
        ConsensusSettings(**{name: 0})


def test_reach_shrinks_with_short_lists_and_never_grows():
    usual = ConsensusSettings()
    assert usual.scaled(1000) == usual.scaled(5000) == usual
    assert usual.scaled(500).top_reach == usual.top_reach / 2
    assert usual.scaled(10).reach == 1


@pytest.mark.slow
def test_a_stable_map_of_real_encoders_is_nested_and_reproducible(tmp_path):
    from hierlab.assembly import build

    first = build(consensus=("RN50", "ViT-B-32"), k=(10, 100, 1000), parameters={})
    second = build(consensus=("RN50", "ViT-B-32"), k=(10, 100, 1000), parameters={})
    assert first.encode() == second.encode()
    assert first.nested
    assert first.levels[0].class_confidence is not None
    assert first.levels[2].class_confidence is None
    birds = [first.levels[0].labels[first.classes.index[key]] for key in ("n01530575", "n01558993")]
    assert birds[0] == birds[1]
    assert first.levels[0].clusters[birds[0]].confidence > 0.8


def test_an_encoder_named_twice_is_refused():
    from hierlab.assembly import build

    with pytest.raises(BuilderError, match="stands twice"):
        build(consensus=("RN50", "RN50"))
    with pytest.raises(BuilderError, match="no parameter 'radius'"):
        build(consensus=("RN50",), parameters={"radius": 3})
    with pytest.raises(BuilderError, match="leave out method 'kmeans'"):
        build(consensus=("RN50",), method="kmeans")
