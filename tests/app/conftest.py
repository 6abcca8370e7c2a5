"""A folder of tiny things for the app to serve, and pages run without a browser."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("streamlit", reason="Streamlit is not installed: pip install 'hierlab[app]'")

from streamlit.testing.v1 import AppTest

from hierlab.classes import ClassList
from hierlab.labelmap import Cluster, LabelMap, Level, canonical_labels

NAMES = ("tabby", "lion", "beagle", "collie", "teapot", "mug", "bus", "cab")
KEYS = (
    *("n02123045", "n02129165", "n02088364", "n02106030"),
    *("n04398044", "n03063599", "n04146614", "n02930766"),
)
PAGE = "import importlib; importlib.import_module('app.views.{}').render()"


def make_level(name: str, raw: list[int], names: list[str]) -> Level:
    labels = canonical_labels(raw)
    clusters = tuple(
        Cluster(
            names[number],
            int((labels == number).sum()),
            KEYS[int(np.flatnonzero(labels == number)[0])],
        )
        for number in range(labels.max() + 1)
    )
    return Level(name, labels, clusters)


@pytest.fixture(scope="session")
def nested() -> LabelMap:
    classes = ClassList("toys", KEYS, NAMES)
    coarse = make_level("coarse", [0, 0, 0, 0, 1, 1, 1, 1], ["animal", "thing"])
    mid = make_level("mid", [0, 0, 1, 1, 2, 2, 3, 3], ["cat", "dog", "vessel", "car"])
    fine = make_level("fine", list(range(8)), list(NAMES))
    return LabelMap("toys", classes, (coarse, mid, fine), {"method": "by hand"})


@pytest.fixture(scope="session")
def crossed() -> LabelMap:
    """Not nested: the cluster `soft` has classes of both clusters above."""
    classes = ClassList("toys", KEYS, NAMES)
    coarse = make_level("coarse", [0, 0, 0, 0, 1, 1, 1, 1], ["alive", "made"])
    mid = make_level("mid", [0, 0, 1, 1, 1, 1, 2, 2], ["wild", "soft", "hard"])
    return LabelMap("crossed", classes, (coarse, mid), {})


@pytest.fixture
def served(
    tmp_path: Path, nested: LabelMap, crossed: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The served folder, with two maps that come before the shipped ones in no list."""
    nested.save(tmp_path / "maps" / "toys.json")
    crossed.save(tmp_path / "maps" / "crossed.json")
    monkeypatch.setenv("HIERLAB_APP_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def page(served: Path) -> Callable[..., AppTest]:
    """Open a page by name, with the address's parameters."""

    def open_page(name: str, **address: str) -> AppTest:
        test = AppTest.from_string(PAGE.format(name), default_timeout=600)
        for key, value in address.items():
            test.query_params[key] = value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Streamlit and pandas inside
            return test.run()

    return open_page
