"""The whole tree of a hierarchy, with heights."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, is_monotonic, is_valid_linkage, linkage

from hierlab.clustering.merges import merge_tree
from hierlab.errors import HierlabError
from hierlab.plots import plot
from tests.hierlab.label_maps import make_map


def _similarity(count, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, 6))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def _same(first, second):
    pairs = {(int(a), int(b)) for a, b in zip(first, second, strict=True)}
    return len(pairs) == len(set(first)) == len(set(second))


def test_a_tree_by_hand():
    # Pairs {0 1} and {2 3}; the clusters stand 0.9 apart on average.
    similarity = np.eye(4)
    for one, other, alike in (
        (0, 1, 0.8),
        (2, 3, 0.6),
        (0, 2, 0.1),
        (0, 3, 0.1),
        (1, 2, 0),
        (1, 3, 0.2),
    ):
        similarity[one, other] = similarity[other, one] = alike
    tree = merge_tree(make_map([[0, 0, 1, 1]]), similarity)
    assert tree == pytest.approx(np.array([[0, 1, 0.2, 2], [2, 3, 0.4, 2], [4, 5, 0.9, 4]]))


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 40), st.integers(0, 10_000))
def test_cutting_it_gives_back_every_level_and_heights_rise(count, seed):
    rng = np.random.default_rng(seed)
    fine = rng.integers(0, max(2, count // 2), count)
    assume(len(set(fine.tolist())) > len(set((fine % 2).tolist())))  # levels grow
    label_map = make_map([(fine % 2).tolist(), fine.tolist()])
    tree = merge_tree(label_map, _similarity(count, seed))
    assert is_valid_linkage(tree)
    assert is_monotonic(tree)
    for level in label_map.levels:
        # Undo joins from the top until there are as many parts; ties in height need the order.
        parts = np.arange(count)
        members = {node: [node] for node in range(count)}
        joined = []
        for number, (left, right, _, _) in enumerate(tree.tolist(), count):
            members[number] = members[int(left)] + members[int(right)]
            inside = {int(level.labels[at]) for at in members[number]}
            if len(inside) == 1:
                parts[members[number]] = number
            joined.append(len(inside))
        assert _same(parts, level.labels)


def test_one_cluster_is_average_linkage():
    similarity = _similarity(30)
    tree = merge_tree(make_map([[0] * 30]), similarity)
    expected = linkage(np.clip(1 - similarity[np.triu_indices(30, 1)], 0, None), "average")
    assert tree[:, 2] == pytest.approx(expected[:, 2])
    assert _same(fcluster(tree, 7, "maxclust"), fcluster(expected, 7, "maxclust"))


def test_a_map_that_does_not_nest_has_no_tree():
    with pytest.raises(HierlabError, match="not nested"):
        merge_tree(make_map([[0, 0, 1, 1], [0, 1, 1, 2]]), np.eye(4))
    with pytest.raises(HierlabError, match="expected a similarity of shape"):
        merge_tree(make_map([[0, 0, 1, 1]]), np.eye(5))


def test_the_picture_comes_with_the_whole_linkage_matrix(tmp_path):
    label_map = make_map([[0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 4, 5]])
    similarity = _similarity(6)
    picture, table = plot(label_map, tmp_path / "d.svg", "dendrogram", similarity=similarity)
    assert picture.read_bytes().startswith(b"<?xml")
    rows = np.loadtxt(table, delimiter=",", skiprows=1)
    assert rows[:, 1:] == pytest.approx(merge_tree(label_map, similarity), abs=1e-5)
