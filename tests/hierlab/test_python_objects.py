"""The Python side: equality, hashes, arrays wherever a file or list is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import hierlab
from hierlab.classes import ClassList
from hierlab.embeddings.similarity_matrix import load_similarity
from hierlab.errors import BuilderError, ClassListError, FormatError, LabelMapError, PrototypeError
from hierlab.labelmap import Cluster, LabelMap, Level
from hierlab.measures.agreement import compare
from hierlab.plots import plot
from tests.hierlab.label_maps import make_map

NAMES = ["cat", "dog", "car", "bus"]


def test_maps_are_equal_where_their_identity_is() -> None:
    one = make_map([[0, 0, 1, 1]], NAMES)
    same = make_map([[5, 5, 2, 2]], NAMES, name="another")
    other = make_map([[0, 1, 1, 1]], NAMES)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "map"
    assert {one, same, other} == {one, other}
    assert one.levels[0] == same.levels[0]
    assert len({one.levels[0], same.levels[0], other.levels[0]}) == 2


@pytest.mark.parametrize(
    "values", [[3, 3, 1, 1], np.array([0.0, 0.0, 1.0, 1.0]), pd.Series([7, 7, 8, 8]), (0, 0, 1, 1)]
)
def test_labels_of_any_kind_make_a_level(values: Any, tmp_path: Path) -> None:
    label_map = LabelMap.from_labels(NAMES, {"fine": range(4), "coarse": values}, "mine")
    assert [(level.name, level.k) for level in label_map] == [("coarse", 2), ("fine", 4)]
    assert label_map.levels[0].labels.tolist() == [0, 0, 1, 1]
    assert hierlab.load_label_map(label_map.save(tmp_path / "m.json")) == label_map


def test_words_as_labels_name_the_clusters() -> None:
    frame = pd.DataFrame({"kind": ["pet", "pet", "thing", "thing"]}, index=NAMES)
    label_map = LabelMap.from_labels(list(frame.index), {"kind": frame["kind"]})
    assert [cluster.name for cluster in label_map.level("kind").clusters] == ["pet", "thing"]
    assert label_map.classes.ids == tuple(NAMES)


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ({}, "got none"),
        ({"a": [0, 1]}, "expected 4 labels, one per class"),
        ({"a": [0, 0, 1.5, 1]}, "whole numbers"),
        ({"a": ["x", None, "y", "y"]}, "missing"),
        ({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1]}, "must grow in number"),
        ({"a b": [0, 0, 1, 1]}, "letters, digits"),
    ],
)
def test_labels_that_make_no_map_get_a_sentence(levels: Any, words: str) -> None:
    with pytest.raises(LabelMapError, match=words):
        LabelMap.from_labels(NAMES, levels)


def test_no_map_is_made_that_the_reader_refuses() -> None:
    classes = ClassList("custom", tuple(NAMES), tuple(NAMES))
    labels = np.array([0, 0, 1, 1], dtype=np.int32)
    with pytest.raises(LabelMapError, match=r"levels\[0\].k: .* LabelMap.from_labels describes"):
        LabelMap("x", classes, (Level("coarse", labels, ()),))
    clusters = (Cluster("a", 2, "cat"), Cluster("b", 2, "car"))
    LabelMap("x", classes, (Level("coarse", labels, clusters),))
    for broken in (labels[:3], labels[::-1], labels + 1, labels - 1, labels.astype(float)):
        with pytest.raises(LabelMapError):
            LabelMap("x", classes, (Level("coarse", broken, clusters),))
    with pytest.raises(LabelMapError, match="expected 1 to 16 levels"):
        LabelMap("x", classes, ())
    with pytest.raises(LabelMapError, match="no JSON form"):
        LabelMap("x", classes, (Level("c", labels, clusters),), {"a": object()}).encode()


def test_build_takes_lists_numbers_and_arrays() -> None:
    vectors = np.array([[1, 0.1], [1, 0], [0, 1], [0.1, 1]])
    label_map = hierlab.build(classes=NAMES, k=2, prototypes=vectors)
    assert label_map.classes.ids == tuple(NAMES)
    assert label_map.levels[0].labels.tolist() == [0, 0, 1, 1]
    assert label_map.provenance["source"]["kind"] == "array"
    same = hierlab.build(
        classes=tuple(NAMES), k=np.int64(2), similarity=vectors @ vectors.T, method="similarity"
    )
    assert same == label_map
    assert (
        hierlab.build(classes=NAMES, k=np.array([2, 4]), prototypes=vectors.tolist()).levels[1].k
        == 4
    )


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"k": 2.5}, BuilderError, "whole numbers"),
        ({"k": "2"}, BuilderError, "whole numbers"),
        ({"classes": [1, 2]}, ClassListError, "expected names"),
        ({"classes": []}, ClassListError, "at least one class"),
        ({"prototypes": np.ones((3, 2))}, PrototypeError, "3 vectors for 4 classes"),
        ({"prototypes": [["a"], ["b"], ["c"], ["d"]]}, PrototypeError, "numbers"),
        ({"prototypes": [[1], [2, 3]]}, PrototypeError, "numbers"),
    ],
)
def test_what_build_cannot_take_gets_a_sentence(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    usual: dict[str, Any] = {"classes": NAMES, "k": 2, "prototypes": np.ones((4, 2))}
    with pytest.raises(error, match=words):
        hierlab.build(**usual | arguments)


CLASSES = ClassList("custom", tuple("abcdef"), tuple("abcdef"))
POINTS = np.random.default_rng(3).normal(size=(6, 2))
DISTANCES = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)
CONFUSIONS = np.array([[0, 3, 0, 0, 0, 1]] * 6) * (1 - np.eye(6))


@pytest.mark.parametrize("matrix", [DISTANCES, DISTANCES**2, 1 + DISTANCES])
def test_distances_are_no_similarity(matrix: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", matrix)
    for source in (matrix, tmp_path / "d.npy"):
        with pytest.raises(BuilderError, match="this looks like distances, not a similarity"):
            load_similarity(source, CLASSES)


@pytest.mark.parametrize(
    "matrix",
    [np.exp(-DISTANCES), -DISTANCES, np.eye(6), np.ones((6, 6)), CONFUSIONS, POINTS @ POINTS.T],
)
def test_similarities_are(matrix: Any) -> None:
    load_similarity(matrix, CLASSES)


def test_classes_are_compared_by_name_where_keys_differ() -> None:
    keys = ["n02121808", "n02084071", "n02958343", "n02924116"]
    first = make_map([[0, 0, 1, 1]], keys, ["domestic cat", "Dog", "car", "motor-bus"])
    second = make_map([[0, 1, 1, 0]], ["car", "domestic_cat", "dog", "van"])
    report = compare(first, second)
    assert (report.shared, report.by_name) == (3, 3)
    assert (report.only_first, report.only_second) == (1, 1)
    assert report.levels[0].ari == 1
    # Two WordNet ids are two classes, whatever they are called: a crane and a crane.
    birds = make_map([[0, 0, 1]], ["n02012849", "n01503061", "n1"], ["crane", "bird", "x"])
    lifts = make_map([[0, 0, 1]], ["n03126707", "n01503061", "n1"], ["crane", "bird", "x"])
    report = compare(birds, lifts)
    assert (report.shared, report.by_name) == (2, 0)


def test_levels_pair_by_name_else_by_number_and_it_is_said() -> None:
    labels = {
        2: [0, 0, 0, 0, 1, 1, 1, 1],
        3: [0, 0, 0, 0, 1, 1, 2, 2],
        4: [0, 0, 1, 1, 2, 2, 3, 3],
        6: [0, 1, 2, 3, 4, 4, 5, 5],
        8: list(range(8)),
    }
    # One level each, 2 clusters and 6: nearest is nearest.
    report = compare(make_map([labels[2]]), make_map([labels[6]], titles=["mid"]))
    assert report.pairing == ("coarse (2) with mid (6)",)
    assert report.unpaired == ()
    # Both a level of their own (mid of 6 and mid of 3) beside levels of one size.
    first = make_map([labels[2], labels[6], labels[8]])
    second = make_map([labels[2], labels[3], labels[8]])
    report = compare(first, second)
    assert [(level.k_first, level.k_second) for level in report.levels] == [(2, 2), (6, 3), (8, 8)]
    assert report.pairing == ()
    # A name of its own pairs before numbers do.
    first = make_map([labels[2], labels[4]], titles=["order", "family"])
    second = make_map([labels[3], labels[4]], titles=["coarse", "order"])
    report = compare(first, second)
    assert [(level.first, level.second) for level in report.levels] == [
        ("order", "order"),
        ("family", "coarse"),
    ]
    assert report.pairing == ("family (4) with coarse (3)",)


def test_a_heatmap_of_classes_that_wordnet_does_not_know(tmp_path: Path) -> None:
    label_map = make_map([[0, 0, 1, 1]], ["qx1", "qx2", "qx3", "qx4"])
    with pytest.raises(hierlab.HierlabError, match="give --similarity FILE or --prototypes FILE"):
        plot(label_map, tmp_path / "h.svg", "heatmap")
    np.savetxt(tmp_path / "s.csv", np.eye(4), delimiter=",")
    assert plot(label_map, tmp_path / "h.svg", "heatmap", similarity=tmp_path / "s.csv")
    assert plot(label_map, tmp_path / "p.svg", "heatmap", prototypes=np.eye(4))
    with pytest.raises(
        hierlab.HierlabError, match="are for kinds heatmap and dendrogram, not for sizes"
    ):
        plot(label_map, tmp_path / "z.svg", "sizes", similarity=np.eye(4))
    with pytest.raises(hierlab.HierlabError, match="not both"):
        plot(label_map, tmp_path / "z.svg", "heatmap", similarity=np.eye(4), prototypes=np.eye(4))


def test_frames_graphs_and_linkages_of_a_crossed_map() -> None:
    label_map = make_map([[0, 0, 1, 1], [0, 1, 1, 2]], NAMES)
    frame = label_map.to_frame()
    assert frame.loc["dog"].tolist() == ["dog", "coarse group 0", "mid group 1"]
    assert frame.columns.tolist() == ["name", "coarse", "mid"]
    graph = label_map.to_networkx()
    assert isinstance(graph, nx.DiGraph)
    assert graph.nodes["class/cat"]["kind"] == "class"
    with pytest.raises(FormatError, match="is not nested"):
        label_map.to_linkage()
    with pytest.raises(FormatError, match="the levels cross"):
        LabelMap.from_networkx(graph)
