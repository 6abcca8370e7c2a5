"""Shape: sizes, nesting and silhouettes against hand-worked values."""

from __future__ import annotations

import numpy as np
import pytest

from hierlab.errors import PrototypeError
from hierlab.measures.cluster_shape import nesting, shape, silhouette
from tests.hierlab.label_maps import make_map


def test_sizes_worked_by_hand() -> None:
    report = shape(make_map([[0, 0, 0, 0, 1, 1, 2]]))
    (level,) = report.levels
    assert (level.size_min, level.size_median, level.size_max) == (1, 2, 4)
    entropy = -sum(n / 7 * np.log(n / 7) for n in (4, 2, 1))
    assert level.size_effective == pytest.approx(np.exp(entropy))
    assert level.largest_share == pytest.approx(4 / 7)
    assert level.singletons == 1
    assert report.nesting == ()


def test_equal_clusters_are_as_many_as_they_are() -> None:
    (level,) = shape(make_map([[0, 0, 1, 1, 2, 2]])).levels
    assert level.size_effective == pytest.approx(3)


def test_strays_and_straddlers() -> None:
    label_map = make_map([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 2]])
    found = nesting(*label_map.levels)
    # Fine cluster 1 holds one class of the first coarse cluster and two of the second.
    assert (found.strays, found.straddling) == (1, 1)
    assert found.stray_share == pytest.approx(1 / 6)
    assert (found.coarse, found.fine) == ("coarse", "mid")


def test_a_nested_map_has_no_strays() -> None:
    report = shape(make_map([[0, 0, 1, 1], [0, 1, 2, 2], [0, 1, 2, 3]]))
    assert report.nested
    assert [(pair.strays, pair.straddling) for pair in report.nesting] == [(0, 0), (0, 0)]


def test_silhouette_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 6))
    labels = rng.permutation([0] * 30 + [1] * 12 + [2] * 7 + [3]).astype(np.int32)
    vectors[labels == 1] += 2
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    worth = []
    for row in range(50):
        others = labels == labels[row]
        others[row] = False
        a = apart[row][others].mean() if others.any() else 0.0
        b = min(apart[row][labels == other].mean() for other in set(labels) - {labels[row]})
        worth.append((b - a) / max(a, b) if others.any() else 0.0)
    assert silhouette(labels, vectors) == pytest.approx(np.mean(worth), abs=1e-9)


def test_silhouette_of_equal_points_is_zero() -> None:
    labels = np.array([0, 0, 1, 1], dtype=np.int32)
    assert silhouette(labels, np.ones((4, 3))) == pytest.approx(0)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_silhouette_needs_several_groups(labels: list[int]) -> None:
    assert silhouette(np.array(labels, dtype=np.int32), np.eye(3)) is None


def test_vectors_must_fit_the_classes() -> None:
    with pytest.raises(PrototypeError, match="one vector for each of the 3 classes"):
        shape(make_map([[0, 0, 1]]), np.eye(2))
