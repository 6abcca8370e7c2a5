"""What a class map draws, and where its names stand."""

import numpy as np
import pytest

from app.figures.classmap import class_map, laid_flat, name_place
from hierlab.labelmap import LabelMap

POINTS = np.random.default_rng(0).standard_normal((8, 2))


def test_it_holds_every_class_and_no_level_of_single_ones(nested: LabelMap) -> None:
    drawn = class_map(POINTS, nested, 1, chosen=(1, 2), marked=3)
    assert drawn["names"] == list(nested.classes.names)
    assert [level["name"] for level in drawn["levels"]] == ["coarse", "mid"]
    assert [one["name"] for one in drawn["levels"][1]["clusters"]] == [
        "cat",
        "dog",
        "vessel",
        "car",
    ]
    assert drawn["chosen"] == (1, 2)
    assert drawn["marked"] == 3


def test_hues_are_those_of_the_first_level(nested: LabelMap) -> None:
    coarse, mid = (class_map(POINTS, nested, level)["colours"] for level in (0, 1))
    assert len(set(coarse)) == 2
    assert len(set(mid)) == 4
    assert mid[0] == coarse[0]
    assert mid[2] not in coarse  # of the same hue, in another shade


def test_a_map_is_turned_and_never_mirrored() -> None:
    places = laid_flat(POINTS)
    assert np.abs(places).max() == pytest.approx(1)
    assert places[:, 0].std() >= places[:, 1].std()
    kept = [np.linalg.norm(one[:, None] - one[None], axis=2) for one in (POINTS, places)]
    assert np.allclose(kept[0] / kept[0].max(), kept[1] / kept[1].max())
    (a, b), (c, d) = ((one[1] - one[0], one[2] - one[0]) for one in (POINTS, places))
    assert np.sign(a[0] * b[1] - a[1] * b[0]) == np.sign(c[0] * d[1] - c[1] * d[0])


def test_a_name_stands_on_an_island_not_between_two() -> None:
    rng = np.random.default_rng(1)
    large = rng.normal((-1, 0), 0.05, (7, 2))
    small = rng.normal((1, 0), 0.05, (4, 2))
    x, y, reach = name_place(np.vstack([small, large]))
    assert (x, y) == pytest.approx((-1, 0), abs=0.1)
    assert reach < 0.2
    assert name_place(np.array([[0.5, 0.25]])) == (0.5, 0.25, 0.0)
