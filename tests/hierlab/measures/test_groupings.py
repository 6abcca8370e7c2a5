"""Groups that people made: what ships, what is read, and agreement with them."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from hierlab.classes import ClassList
from hierlab.cli import app
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import HierlabError, UnknownClassError
from hierlab.labelmap import load_label_map
from hierlab.measures.groupings import Grouping, grouping_names, groupings_for, load_groupings
from hierlab.measures.human_agreement import grouping_agreement
from tests.hierlab.label_maps import make_map

SIZES = {  # groups, classes
    "cifar100": (20, 100),
    "entity13": (13, 771),
    "entity30": (30, 639),
    "geirhos16": (16, 207),
    "living17": (17, 223),
    "nonliving26": (26, 157),
}


@pytest.mark.parametrize("name", SIZES)
def test_shipped_groupings_are_whole_and_say_where_they_come_from(name):
    (found,) = load_groupings(name)
    assert (len(set(found.groups.values())), len(found.groups)) == SIZES[name]
    assert found.about
    assert found.source
    assert found.licence


def test_nothing_else_is_shipped():
    assert grouping_names() == tuple(sorted(SIZES))


def test_groups_of_imagenet_are_about_imagenet_and_cifar_about_cifar(request):
    names = [one.name for one in groupings_for(load_classes("imagenet-1k"))]
    assert names == [name for name in sorted(SIZES) if name != "cifar100"]
    cifar = load_classes(request.path.parents[1] / "data" / "cifar-100.txt")
    (found,) = groupings_for(cifar)
    rows, groups = found.on(cifar)
    assert found.name == "cifar100"
    assert (len(rows), np.bincount(groups).tolist()) == (100, [5] * 20)


def test_classes_are_found_by_key_then_by_name_in_any_spelling():
    classes = ClassList("custom", ("n1", "n2", "n3", "n4"), ("Oak_Tree", "pine tree", "car", "bus"))
    grouping = Grouping("g", "", "", "", {"oak tree": "tree", "PINE_TREE": "tree", "n4": "vehicle"})
    rows, groups = grouping.on(classes)
    assert rows.tolist() == [0, 1, 3]
    assert groups.tolist() == [0, 0, 1]


def test_the_same_groups_agree_wholly_and_the_rest_of_the_list_plays_no_part():
    label_map = make_map([[0, 0, 1, 1, 2, 2], [0, 1, 2, 3, 4, 5]])
    ids = label_map.classes.ids
    same = Grouping("same", "", "", "", {ids[0]: "a", ids[1]: "a", ids[2]: "b", ids[4]: "c"})
    cross = Grouping("cross", "", "", "", {ids[0]: "a", ids[1]: "b", ids[2]: "a", ids[3]: "b"})
    first, second = grouping_agreement(label_map, [same, cross], resamples=50)
    assert (first.ari, first.classes, first.groups, first.level) == (1, 4, 3, "coarse")
    # By hand: no pair is together in both; of 6 pairs 2 are in each; (0 − 4/6) / (2 − 4/6).
    assert second.ari == pytest.approx((0 - 4 / 6) / (2 - 4 / 6))
    assert second.low <= second.ari <= second.high
    (bare,) = grouping_agreement(label_map, [same], resamples=0)
    assert (bare.low, bare.high) == (None, None)


def test_a_grouping_of_other_classes_is_refused():
    label_map = make_map([[0, 0, 1]])
    other = Grouping("other", "", "", "", {"x": "a", "y": "b"})
    with pytest.raises(UnknownClassError, match="share 0 classes"):
        grouping_agreement(label_map, [other])


def test_dogs_and_birds_united_cost_agreement_with_people():
    """The consensus before 0.2 did so; the one that ships now does not."""
    (geirhos,) = load_groupings("geirhos16")
    former, present = (
        grouping_agreement(load_label_map(name), [geirhos], resamples=0)[0].ari
        for name in ("consensus-seven-10-100-1000", "clip-seven-10-100-1000")
    )
    assert former < 0.55
    assert present > 0.95


FILES = {
    "bare.json": '{"a": "one", "b": "one", "c": "two"}',
    "under.json": '{"groups": {"a": "one", "b": "one", "c": "two"}, "note": "mine"}',
    "headed.csv": "name;group\na;one\nb;one\nc;two\n",
    "reversed.csv": "superclass,class\none,a\none,b\ntwo,c\n",
    "plain.tsv": "a\tone\nb\tone\nc\ttwo\n",
}


@pytest.mark.parametrize("name", FILES)
def test_groupings_of_your_own(tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    (found,) = load_groupings(path)
    assert dict(found.groups) == {"a": "one", "b": "one", "c": "two"}
    assert found.name == path.stem


def test_a_label_map_gives_one_grouping_a_level(tmp_path):
    label_map = make_map([[0, 0, 1, 1], [0, 1, 2, 2], [0, 1, 2, 3]])
    found = load_groupings(label_map.save(tmp_path / "map.json"))
    assert [len(set(one.groups.values())) for one in found] == [2, 3]
    assert grouping_agreement(label_map, found, resamples=0)[0].ari == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.json", "[1, 2]", "expected a JSON object"),
        ("x.json", '{"a": 3}', "expected a JSON object"),
        ("x.json", '{"a": "one", "b": "one"}', "at least two groups"),
        ("x.csv", "a\nb\n", "a column of classes and one of groups"),
        ("x.csv", "class,group\na,one\na,two\n", "in two groups"),
    ],
)
def test_files_that_are_no_groupings(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(HierlabError, match=told):
        load_groupings(path)


def test_a_name_that_nobody_knows_lists_those_that_there_are():
    with pytest.raises(HierlabError, match="geirhos16"):
        load_groupings("geirhos17")


def test_the_command_tells_agreement_and_the_main_figure():
    name = "vit-b-32-topdown-10-100-1000"
    told = CliRunner().invoke(app, ["measure", name, "--against", "living17", "--json"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert [(one["grouping"], one["k"]) for one in report["people"]] == [
        ("living17", 10),
        ("living17", 100),
    ]
    coarse = report["consistency"][0]["levels"][0]
    assert coarse["by_class_low"] < coarse["by_class"] < coarse["by_class_high"]
    table = CliRunner().invoke(app, ["measure", name, "--against", "living17"]).stdout
    assert "by class" in table
    assert "living17" in table
