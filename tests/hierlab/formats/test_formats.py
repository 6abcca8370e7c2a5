"""Foreign formats: what goes out comes back, and hostile files get one sentence."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from hierlab import formats
from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import FormatError, HierlabError
from hierlab.formats import export, import_hierarchy
from hierlab.labelmap import LabelMap, loads_label_map
from tests.hierlab.label_maps import any_maps, make_map, nested_maps

NESTED = make_map([[0, 0, 1, 1, 1], [0, 1, 2, 2, 3]], list("abcde"))
CROSSED = make_map([[0, 0, 1, 1], [0, 1, 1, 2]])


def _there_and_back(label_map: LabelMap, format: str, *, identity: bool = False) -> LabelMap:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.json"
        export(label_map, format, path)
        return import_hierarchy(path, format, identity=identity)


def _clusters(label_map: LabelMap) -> list[tuple[str, int]]:
    return [(cluster.name, cluster.size) for level in label_map for cluster in level.clusters]


_FIXED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)


@_FIXED
@given(any_maps())
def test_csv_gives_back_any_map(label_map: LabelMap) -> None:
    again = _there_and_back(label_map, "csv")
    assert again.id == label_map.id
    assert again.classes.names == label_map.classes.names
    assert _clusters(again) == _clusters(label_map)
    assert loads_label_map(again.encode()).id == label_map.id


@_FIXED
@pytest.mark.parametrize("format", ["nbdt", "breeds", "parents"])
@given(label_map=nested_maps())
def test_trees_give_back_a_nested_map(format: str, label_map: LabelMap) -> None:
    if format == "breeds":
        # Blanks part its columns, so names are kept only up to blanks; keys are kept whole.
        assume(all(name.strip() for name in label_map.classes.names))
    again = _there_and_back(label_map, format)
    assert again.id == label_map.id
    assert loads_label_map(again.encode()).id == label_map.id


@pytest.mark.parametrize("format", ["csv", "nbdt", "breeds", "parents"])
def test_the_identity_level_comes_back_where_asked(format: str) -> None:
    label_map = make_map([[0, 0, 1, 1, 1], [0, 1, 2, 2, 3], range(5)], list("abcde"))
    again = _there_and_back(label_map, format, identity=True)
    assert again.id == label_map.id


@pytest.mark.parametrize("rows", [[[0, 0, 1, 1, 1]], [[0, 0, 1, 1, 1], [0, 1, 2, 2, 3]]])
@pytest.mark.parametrize(
    ("format", "ending"),
    [("csv", "csv"), ("parents", "csv"), ("parents", "txt"), ("outline", "txt"), ("paths", "txt"),
     ("nested-json", "json"), ("newick", "nwk"), ("graphml", "graphml"), ("networkx-json", "json"),
     ("breeds", "json")],
)  # fmt: skip
def test_own_files_are_known_for_what_they_are(
    format: str, ending: str, rows: list[list[int]], tmp_path: Path
) -> None:
    label_map = make_map(rows, list("abcde"))
    path = tmp_path / f"map.{ending}"
    export(label_map, format, path)
    again = import_hierarchy(path)
    assert again.provenance["format"] == format
    assert again.id == import_hierarchy(path, format).id


@pytest.mark.parametrize("format", ["newick", "nbdt", "breeds", "parents"])
def test_a_tree_format_refuses_a_map_that_is_not_nested(format: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not nested; export to csv"):
        export(CROSSED, format, tmp_path / "map")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("label_map", [NESTED, CROSSED])
def test_graphml_and_json_are_the_same_graph_to_networkx(
    label_map: LabelMap, tmp_path: Path
) -> None:
    export(label_map, "graphml", tmp_path / "map.graphml")
    export(label_map, "networkx-json", tmp_path / "map.json")
    one = nx.read_graphml(tmp_path / "map.graphml")
    content = json.loads((tmp_path / "map.json").read_text())
    two = nx.node_link_graph(content, edges="edges")
    assert dict(one.nodes(data=True)) == dict(two.nodes(data=True))
    assert set(one.edges) == set(two.edges)
    classes = [node for node, kind in one.nodes(data="kind") if kind == "class"]
    assert len(classes) == len(label_map.classes)
    assert all(one.in_degree(node) == 1 for node in classes)
    # Between two levels each class is counted once.
    mid = [node for node, level in one.nodes(data="level") if level == "mid"]
    shared = sum(data["classes"] for _, node, data in one.edges(data=True) if node in mid)
    assert shared == len(label_map.classes)


def test_graphml_holds_any_text(tmp_path: Path) -> None:
    label_map = make_map([[0, 0, 1]], ["<a>&\"'", "nul\0bell\7", "tab\tbed"])
    (path,) = export(label_map, "graphml", tmp_path / "map.graphml")
    keys = {data["key"] for _, data in nx.read_graphml(path).nodes(data=True)}
    assert {"<a>&\"'", "nul\ufffdbell\ufffd", "tab\tbed"} <= keys


def test_newick_is_one_tree_with_quoted_names(tmp_path: Path) -> None:
    label_map = make_map([[0, 0, 1]], ["k0", "k1", "k2"], ["crane", "crane", "o'hare (x,y)"])
    (path,) = export(label_map, "newick", tmp_path / "map.nwk")
    assert path.read_text() == (
        "(('crane k0':1,'crane k1':1)'coarse group 0':1,"
        "('o''hare (x,y)':1)'coarse group 1':1)'map';\n"
    )


def test_nbdt_reads_as_a_rooted_tree(tmp_path: Path) -> None:
    graph_file, list_file = export(NESTED, "nbdt", tmp_path / "graph.json")
    content = json.loads(graph_file.read_text())
    graph = nx.node_link_graph(content, edges="links")
    assert nx.is_arborescence(graph)
    leaves = list_file.read_text().split()
    assert len(leaves) == 5
    assert all(graph.out_degree(leaf) == 0 for leaf in leaves)
    # Ids are a letter and eight digits, as NBDT takes them apart.
    assert all(len(node) == 9 and node[0] in "nf" and int(node[1:]) >= 0 for node in graph)


def test_breeds_counts_levels_from_the_root_of_wordnet(tmp_path: Path) -> None:
    export(NESTED, "breeds", tmp_path / "info")
    lines = (tmp_path / "info" / "class_hierarchy.txt").read_text().splitlines()
    graph = nx.DiGraph(line.split() for line in lines)
    assert nx.is_arborescence(graph)
    assert [node for node, degree in graph.in_degree() if not degree] == ["n00001740"]
    depths = nx.single_source_shortest_path_length(graph, "n00001740")
    assert {depths[key] for key in "abcde"} == {3}


def test_files_as_the_papers_authors_publish_them(tmp_path: Path) -> None:
    header = "class_idx,wnid,label,method,target_k,cluster_id\n"
    coarse = "".join(f"{i},n{i:08d},missile,clip_kmeans,2,{c}\n" for i, c in enumerate("5511"))
    mid = "".join(f"{i},n{i:08d},missile,clip_kmeans,3,{c}\n" for i, c in enumerate("0120"))
    (tmp_path / "K2.csv").write_text(header + coarse)
    (tmp_path / "K3.csv").write_text(header + mid)
    label_map = import_hierarchy(
        [tmp_path / "K3.csv", tmp_path / "K2.csv"], "csv", name="paper", identity=True
    )
    assert [level.k for level in label_map] == [2, 3, 4]
    assert [level.name for level in label_map] == ["coarse", "mid", "fine"]
    assert not label_map.nested
    np.testing.assert_array_equal(label_map.levels[0].labels, [0, 0, 1, 1])
    assert label_map.classes.ids[0] == "n00000000"


def test_a_wide_table_has_a_level_per_column(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("name,family,genus\ncat,pets,felis\nlion,wild,panthera\ntiger,wild,panthera\n")
    (only,) = import_hierarchy(path, "csv")
    assert only.name == "genus"  # family makes the same two groups
    path.write_text(
        "name,family,genus\ncat,a,felis\nlion,a,panthera\npug,b,canis\npoodle,b,canis\n"
    )
    label_map = import_hierarchy(path, "csv")
    assert [level.name for level in label_map] == ["family", "genus"]
    assert [cluster.name for cluster in label_map.level("genus").clusters] == [
        "felis",
        "panthera",
        "canis",
    ]


def test_parents_of_a_stranger(tmp_path: Path) -> None:
    path = tmp_path / "tree.txt"
    path.write_text("cat mammal\ndog mammal\nmammal animal\ncrow bird\nbird animal\ncar thing\n")
    label_map = import_hierarchy(path, "parents")
    # Depth 0: animal and thing. Depth 1: mammal, bird, and the car alone.
    assert label_map.classes.ids == ("cat", "dog", "crow", "car")
    np.testing.assert_array_equal(label_map.levels[0].labels, [0, 0, 0, 1])
    np.testing.assert_array_equal(label_map.levels[1].labels, [0, 0, 1, 2])
    assert [cluster.name for cluster in label_map.levels[1].clusters] == ["mammal", "bird", "car"]


def test_a_node_with_two_parents_goes_the_longest_way(tmp_path: Path) -> None:
    path = tmp_path / "graph.txt"
    path.write_text("dog,domestic\ndog,canine\ncanine,carnivore\nwolf,canine\nhen,domestic\n")
    label_map = import_hierarchy(path, "parents")
    together = label_map.levels[0].labels
    assert together[label_map.classes.index["dog"]] == together[label_map.classes.index["wolf"]]
    assert together[label_map.classes.index["dog"]] != together[label_map.classes.index["hen"]]


def test_a_deep_binary_tree_keeps_fifteen_levels(tmp_path: Path) -> None:
    path = tmp_path / "chain.txt"
    path.write_text("".join(f"n{i},n{i - 1}\nleaf{i},n{i - 1}\n" for i in range(1, 41)))
    label_map = import_hierarchy(path, "parents")
    assert len(label_map.levels) == 15
    assert label_map.nested
    assert loads_label_map(label_map.encode()).id == label_map.id


def test_classes_can_be_put_in_a_wanted_order(tmp_path: Path) -> None:
    export(NESTED, "parents", tmp_path / "map.csv")
    wanted = ClassList("mine", tuple("edcba"), tuple("EDCBA"))
    label_map = import_hierarchy(tmp_path / "map.csv", "parents", classes=wanted)
    assert label_map.classes == wanted
    np.testing.assert_array_equal(label_map.levels[0].labels, [0, 0, 0, 1, 1])
    with pytest.raises(FormatError, match="class 'z' is no node of the tree"):
        import_hierarchy(
            tmp_path / "map.csv", "parents", classes=ClassList("mine", ("a", "z"), ("a", "z"))
        )


def test_imagenet_is_recognised_and_put_in_its_order(tmp_path: Path) -> None:
    classes = load_classes("imagenet-1k")
    lines = [f"{key},{'animal' if row < 398 else 'thing'}" for row, key in enumerate(classes.ids)]
    (tmp_path / "tree.csv").write_text("\n".join(reversed(lines)))
    label_map = import_hierarchy(tmp_path / "tree.csv", "parents")
    assert label_map.classes.set == "imagenet-1k"
    assert label_map.classes.ids == classes.ids
    assert label_map.levels[0].sizes.tolist() == [398, 602]


HOSTILE = [
    ("csv", b"", "at least one row"),
    ("csv", b"class_idx,wnid\n", "no rows"),
    ("csv", b"wnid\nn1\n", "expected a column cluster_id"),
    ("csv", b"wnid,cluster_id\nn1\n", "line 2 has 1 cells"),
    ("csv", b"wnid,wnid,cluster_id\nn1,n1,0\n", "two columns are called 'wnid'"),
    ("csv", b"wnid,cluster_id\nn1,0\nn1,1\n", "more than once"),
    ("csv", b"wnid,cluster_id\nn1,0\nn2,\n", "has no cluster"),
    ("csv", b"wnid,cluster_id,target_k\nn1,0,3\nn2,1,3\n", "target_k says '3'"),
    ("csv", b"wnid,cluster_id,level\na,0,x\nb,0,x\na,1,y\n", "in one level and not in another"),
    ("csv", b"wnid,cluster_id,level\na,0,x\na,1,y\nb,2,y\n", "in one level and not in another"),
    ("csv", b"class_idx,wnid,cluster_id\n0,a,0\n2,b,1\n", "must number the 2 classes"),
    ("csv", b"class_idx,wnid,cluster_id\n0,a,0\n9999999999999,b,1\n", "must number"),
    ("csv", b"cluster_id\n0\n", "a class needs a key"),
    ("csv", b'wnid,cluster_id\n"a,0\n', "is no row of a table"),
    ("csv", b"wnid,cluster_id\n" + b"x" * 200_000 + b",0\n", "is no row of a table"),
    ("csv", b"\xff\xfe\x00", "expected text in UTF-8"),
    ("parents", b"", "at least one row"),
    ("parents", b"a,b,c,d\n", "expected child and parent"),
    ("parents", b"a,\n", "found none"),
    ("parents", b"a,b\nb,a\n", "its own ancestor: 'a' → 'b' → 'a'"),
    ("parents", b"c,b\nb,d\nd,b\n", "'b' is its own ancestor: 'b' → 'd' → 'b'"),
    ("parents", b"x,r\nb,b\nb,x\n", "'b' is named a root in one line and below 'x' in another"),
    ("parents", b"a,root\nb,root\n", "expected 1 to 16 levels, found 0"),
    ("nbdt", b"[]", "not an NBDT graph"),
    ("nbdt", b"{", "not an NBDT graph"),
    ("nbdt", b"[" * 100_000, "not an NBDT graph"),
    ("nbdt", b'{"nodes":[{"id":"a"}],"links":[{"source":"a","target":"b"}]}', "has no node"),
    ("nbdt", b'{"nodes":[],"links":[]}', "found none"),
]


@pytest.mark.parametrize(("format", "content", "words"), HOSTILE)
def test_a_hostile_file_gets_one_sentence(
    format: str, content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        import_hierarchy(path, format)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("dataset_class_info.json", "{}", "expected a list of"),
        ("dataset_class_info.json", '[[1,"a","a"]]', "numbered from 0"),
        ("dataset_class_info.json", '[[0,"zebra","zebra"]]', "no class of dataset_class_info"),
        ("class_hierarchy.txt", "one\n", "expected two columns"),
        ("class_hierarchy.txt", "", "found none"),
        ("node_names.txt", "one two\n", "expected two columns"),
    ],
)
def test_a_hostile_breeds_folder_gets_one_sentence(
    name: str, content: str, words: str, tmp_path: Path
) -> None:
    export(NESTED, "breeds", tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=words):
        import_hierarchy(tmp_path, "breeds")


def test_a_class_key_that_is_a_cluster_id_is_refused(tmp_path: Path) -> None:
    label_map = make_map([[0, 0, 1]], ["coarse/1", "b", "c"])
    with pytest.raises(FormatError, match="rename the class"):
        export(label_map, "breeds", tmp_path / "x")


def test_a_class_key_that_is_a_root_is_kept_or_refused(tmp_path: Path) -> None:
    label_map = make_map([[0, 1, 0]], ["0", "f00000000", "f00000001"])
    assert _there_and_back(label_map, "nbdt").id == label_map.id
    with pytest.raises(FormatError, match="the root of every BREEDS file"):
        export(make_map([[0, 1, 0]], ["a", "b", "n00001740"]), "breeds", tmp_path / "x")


def test_unknown_formats_name_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no format 'xml' to export to; there are breeds, csv"):
        export(NESTED, "xml", tmp_path / "x")
    with pytest.raises(FormatError, match="to import from; there are breeds, csv, gexf, gml"):
        import_hierarchy(tmp_path, "xml")
    with pytest.raises(FormatError, match="at least one file"):
        import_hierarchy([], "csv")
    with pytest.raises(HierlabError, match="cannot read"):
        import_hierarchy(tmp_path / "none.csv", "csv")


def test_a_format_is_registered_once() -> None:
    with pytest.raises(ValueError, match="has a writer already"):
        formats.register_exporter("csv", "")(lambda label_map, path: {})
    with pytest.raises(ValueError, match="has a reader already"):
        formats.register_importer("csv", "")(lambda paths: None)  # type: ignore[arg-type, return-value]
    assert set(formats.registered()) == {
        "breeds",
        "csv",
        "gexf",
        "gml",
        "graphml",
        "linkage",
        "nbdt",
        "nested-json",
        "networkx-json",
        "newick",
        "outline",
        "parents",
        "paths",
    }
