"""Choosing K."""

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.errors import BuilderError
from hierlab.measures.groupings import Grouping
from hierlab.study.suggest_k import suggest_k, table_csv
from hierlab.study.svg_charts import curves


@pytest.fixture(scope="module")
def groups():
    """Six groups of fifteen classes, far apart."""
    rng = np.random.default_rng(0)
    rows = np.eye(9)[np.repeat(np.arange(6), 15)] + 0.12 * rng.standard_normal((90, 9))
    names = tuple(f"class {number}" for number in range(90))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), ClassList("custom", names, names)


def test_the_true_number_is_suggested(groups):
    vectors, classes = groups
    found = suggest_k(vectors, classes=classes, k=(2, 4, 6, 9, 14), draws=4)
    assert 6 in found.suggested
    rows = {row.k: row for row in found.rows}
    assert rows[6].stability > 0.95
    assert rows[6].silhouette == max(row.silhouette for row in found.rows)
    assert rows[6].gap > max(rows[2].gap, rows[4].gap)
    assert rows[6].largest == 15
    assert "K = " in found.advice


def test_without_wordnet_there_is_no_consistency(groups):
    vectors, classes = groups
    found = suggest_k(vectors, classes=classes, k=(3, 6), draws=2)
    assert [row.within for row in found.rows] == [None, None]
    lines = table_csv(found).splitlines()
    assert lines[0].startswith("k,stability")
    assert lines[1].split(",")[5] == ""


def test_numbers_spread_evenly_if_none_are_given(groups):
    vectors, classes = groups
    found = suggest_k(vectors, classes=classes, draws=2)
    numbers = [row.k for row in found.rows]
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1]) == (2, 45)


def test_the_same_call_gives_the_same_report_and_picture(groups):
    vectors, classes = groups
    first, second = (suggest_k(vectors, classes=classes, k=(3, 6, 12), draws=2) for _ in range(2))
    assert first == second
    assert curves(first) == curves(second)
    legend = (">stability (ARI)<", ">silhouette<", ">gap, scaled<", ">Wu-Palmer within<")
    assert [name in curves(first) for name in legend] == [True, True, True, False]


@pytest.mark.parametrize("k", [(), (1, 5), (5, 90)])
def test_numbers_that_cannot_be_are_refused(groups, k):
    vectors, classes = groups
    with pytest.raises(BuilderError, match="expected K from 2 to 71"):
        suggest_k(vectors, classes=classes, k=k)


def test_one_draw_is_no_evidence(groups):
    vectors, classes = groups
    with pytest.raises(BuilderError, match="2 draws"):
        suggest_k(vectors, classes=classes, draws=1)


def test_agreement_with_people_is_told_at_each_number(groups):
    vectors, classes = groups
    truth = {name: str(number // 15) for number, name in enumerate(classes.ids)}
    mine = Grouping("mine", "", "", "", truth)
    found = suggest_k(vectors, classes=classes, k=(3, 6, 12), draws=2, groupings=[mine])
    assert found.groupings == ("mine",)
    scores = {row.k: row.people[0] for row in found.rows}
    assert scores[6] == 1 > max(scores[3], scores[12])
    assert "mine is nearest at K = 6 (ARI 1.00)" in found.advice
    assert table_csv(found).splitlines()[0].endswith(",largest,mine")


def test_own_classes_stand_in_wordnet_by_their_names(groups):
    animals, vehicles = ("cat", "dog", "horse", "cow", "wolf"), ("car", "bus", "train", "truck")
    names = animals + vehicles
    vectors, _ = groups
    found = suggest_k(vectors[:9], classes=ClassList("custom", names, names), k=(2, 4), draws=2)
    assert all(row.within is not None and 0.3 < row.within < 1 for row in found.rows)
    strange = ClassList("custom", (*names[:-1], "qwrtz"), (*names[:-1], "qwrtz"))
    found = suggest_k(vectors[:9], classes=strange, k=(2, 4), draws=2)
    assert [row.within for row in found.rows] == [None, None]
