"""Hierarchies as people keep them: recognised, read for what they are, and told how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, is_valid_linkage, linkage

from hierlab.classes import ClassList
from hierlab.errors import FormatError
from hierlab.formats import export, import_hierarchy
from hierlab.labelmap import LabelMap
from tests.hierlab.label_maps import any_maps, make_map, nested_maps

_FIXED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)


def _read(folder: Path, content: str, name: str = "file.csv", **options: Any) -> LabelMap:
    path = folder / name
    path.write_text(content)
    return import_hierarchy(path, **options)


def _groups(label_map: LabelMap, level: str | int = 0) -> dict[str, set[str]]:
    found = label_map.level(level)
    return {
        cluster.name: {label_map.classes.names[row] for row in found.members(number)}
        for number, cluster in enumerate(found.clusters)
    }


RANKS = """id,phylum,class,order
s1,Chordata,Mammalia,Carnivora
s2,Chordata,Mammalia,Rodentia
s3,Chordata,Aves,Passeriformes
s4,Arthropoda,Insecta,Diptera
s5,Arthropoda,Insecta,Lepidoptera
s6,Arthropoda,Insecta,Lepidoptera
"""


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_rank_called_class_is_a_level(mark: str, tmp_path: Path) -> None:
    label_map = _read(tmp_path, RANKS.replace(",", mark))
    assert [(level.name, level.k) for level in label_map] == [
        ("phylum", 2),
        ("class", 3),
        ("order", 5),
    ]
    assert label_map.classes.ids == ("s1", "s2", "s3", "s4", "s5", "s6")
    assert _groups(label_map, "class")["Mammalia"] == {"s1", "s2"}
    read = label_map.provenance["read"]
    assert "keys from 'id'" in read
    assert "levels from 'phylum', 'class', 'order'" in read


def test_a_rank_is_no_name_even_where_it_nearly_tells_the_classes(tmp_path: Path) -> None:
    rows = [f"s{n},p{min(n, 9) % 3},c{min(n, 9)},o{n}" for n in range(11)]
    label_map = _read(tmp_path, "id,phylum,class,order\n" + "\n".join(rows))
    assert [(level.name, level.k) for level in label_map] == [("phylum", 3), ("class", 10)]
    assert label_map.classes.names == label_map.classes.ids


def test_a_column_called_class_names_the_classes_where_it_tells_them(tmp_path: Path) -> None:
    text = "class,superclass,size\ncat,animal,s\ndog,animal,m\ncar,thing,l\nbus,thing,l\n"
    label_map = _read(tmp_path, text)
    assert [level.name for level in label_map] == ["superclass", "size"]
    assert label_map.classes.ids == ("cat", "dog", "car", "bus")
    # A name that repeats is a level, whatever it is called.
    text = (
        "name,class,superclass\ntabby,cat,animal\nsiamese,cat,animal\n"
        "pug,dog,animal\nvan,car,thing\n"
    )
    label_map = _read(tmp_path, text)
    assert [level.name for level in label_map] == ["superclass", "class"]
    assert label_map.classes.ids == ("tabby", "siamese", "pug", "van")


def test_the_index_of_pandas_is_no_level(tmp_path: Path) -> None:
    text = ",name,family\n0,cat,pets\n1,lion,wild\n2,tiger,wild\n"
    label_map = _read(tmp_path, text)
    assert [level.name for level in label_map] == ["family"]
    assert label_map.classes.ids == ("cat", "lion", "tiger")
    assert "(an index)" in label_map.provenance["read"]
    # An index of words is the key, as `frame.to_csv` writes it.
    words = _read(tmp_path, ",family\ncat,pets\nlion,wild\ntiger,wild\n")
    assert words.classes.ids == ("cat", "lion", "tiger")


def test_blanks_at_the_ends_of_a_cell_are_no_part_of_it(tmp_path: Path) -> None:
    label_map = _read(tmp_path, "name,kind\nsaw,tool\naxe,tool \ncat,pet\n")
    assert _groups(label_map) == {"tool": {"saw", "axe"}, "pet": {"cat"}}


def test_one_name_under_two_parents_is_two_clusters(tmp_path: Path) -> None:
    text = (
        "name,top,low\ncat,animal,pet\ncow,animal,other\n"
        "car,vehicle,road\nbus,vehicle,road\ntank,vehicle,other\n"
    )
    label_map = _read(tmp_path, text)
    assert label_map.nested
    assert _groups(label_map, "low") == {
        "pet": {"cat"},
        "other (animal)": {"cow"},
        "road": {"car", "bus"},
        "other (vehicle)": {"tank"},
    }
    assert "'other' under several parents" in label_map.provenance["read"]


def test_ranks_with_equal_counts_are_told(tmp_path: Path) -> None:
    text = "name,order,family\ncat,c,felid\nlion,c,felid\nmouse,r,murid\n"
    label_map = _read(tmp_path, text)
    assert [level.name for level in label_map] == ["family"]
    assert "left out order (the same groups as family)" in label_map.provenance["read"]


def test_an_empty_cell_names_its_column(tmp_path: Path) -> None:
    text = "name,order,family\ncat,c,felid\nlion,,felid\nmouse,r,murid\nrat,r,murid\n"
    with pytest.raises(FormatError, match=r"column 'order' is empty for 1 of 4 .* 'lion'"):
        _read(tmp_path, text)
    label_map = _read(tmp_path, text, levels=["family"])
    assert [level.name for level in label_map] == ["family"]


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    text = (
        "code,title,big,small,weight\n7,cat,a,p,1.5\n8,dog,a,q,2.5\n9,car,b,r,9.5\n6,bus,b,r,8.5\n"
    )
    label_map = _read(tmp_path, text, key="code", name_column="title", levels=["big", "small"])
    assert label_map.classes == ClassList(
        "custom", ("7", "8", "9", "6"), ("cat", "dog", "car", "bus")
    )
    assert [level.name for level in label_map] == ["big", "small"]
    with pytest.raises(FormatError, match="no column 'huge'; there are code, title"):
        _read(tmp_path, text, levels=["huge", "small"])
    with pytest.raises(FormatError, match="no column 'x'"):
        _read(tmp_path, text, key="x")
    # Names that are no columns are names for the levels.
    renamed = _read(tmp_path, text, key="code", levels=["coarse", "fine"])
    assert [level.name for level in renamed] == ["coarse", "fine"]
    assert "'weight' (no groups)" in renamed.provenance["read"]


def test_rows_of_pictures_are_one_class_each(tmp_path: Path) -> None:
    text = "file,breed,species\n1.jpg,pug,dog\n2.jpg,pug,dog\n3.jpg,tabby,cat\n4.jpg,boxer,dog\n"
    label_map = _read(tmp_path, text, key="breed", levels=["species"])
    assert label_map.classes.ids == ("pug", "tabby", "boxer")
    assert "1 rows that repeat a class" in label_map.provenance["read"]
    with pytest.raises(
        FormatError, match=r"'pug' stands more than once, with 'dog' and 'cat' \(line 3"
    ):
        _read(tmp_path, text.replace("2.jpg,pug,dog", "2.jpg,pug,cat"), key="breed")


def test_rows_that_disagree_in_the_first_column_are_refused(tmp_path: Path) -> None:
    text = "species,breed\ndog,pug\ncat,pug\ncat,tabby\ndog,boxer\n"
    with pytest.raises(FormatError, match="'pug' stands more than once, with 'dog' and 'cat'"):
        _read(tmp_path, text, key="breed", levels=["species"])


def test_a_table_as_json_records(tmp_path: Path) -> None:
    rows = [{"id": "a", "kind": "x"}, {"id": "b", "kind": "x"}, {"id": "c", "kind": "y"}]
    assert _groups(_read(tmp_path, json.dumps(rows))) == {"x": {"a", "b"}, "y": {"c"}}
    edges = [{"id": "a", "parent": None}, {"id": "b", "parent": "a"}, {"id": "c", "parent": "a"}]
    edges += [{"id": "d", "parent": "b"}, {"id": "e", "parent": "b"}]
    assert _groups(_read(tmp_path, json.dumps(edges))) == {"b": {"d", "e"}, "c": {"c"}}


EDGES = [
    # Parent first, as WordNet lists publish them.
    "root animal\nroot thing\nanimal cat\nanimal dog\nthing car\n",
    "parent,child\nroot,animal\nroot,thing\nanimal,cat\nanimal,dog\nthing,car\n",
    "animal\troot\nthing\troot\ncat\tanimal\ndog\tanimal\ncar\tthing\n",
    "class;superclass\nanimal;root\nthing;root\ncat;animal\ndog;animal\ncar;thing\n",
    "id,name,parent_id\nroot,,\nanimal,,root\nthing,,root\ncat,,animal\ndog,,animal\ncar,,thing\n",
    "childId,parentId\nroot,null\nanimal,root\nthing,root\ncat,animal\ndog,animal\ncar,thing\n",
    # A root that is its own parent, as NCBI writes it.
    "root\t|\troot\t|\nanimal\t|\troot\t|\nthing\t|\troot\t|\n"
    "cat\t|\tanimal\t|\ndog\t|\tanimal\t|\ncar\t|\tthing\t|\n",
]


@pytest.mark.parametrize("text", EDGES)
def test_edges_in_either_order_with_or_without_a_header(text: str, tmp_path: Path) -> None:
    label_map = _read(tmp_path, text, "edges.txt")
    assert label_map.provenance["format"] == "parents"
    assert _groups(label_map) == {"animal": {"cat", "dog"}, "thing": {"car"}}
    assert len(label_map.levels) == 1


def test_the_order_of_an_edge_list_can_be_said(tmp_path: Path) -> None:
    text = "a b\nb c\nb d\na e\n"
    assert _groups(_read(tmp_path, text)) == {"b": {"c", "d"}, "e": {"e"}}
    other = _read(tmp_path, text, parent_first=False, identity=True)
    assert set(other.classes.ids) == {"a"}
    with pytest.raises(FormatError, match="csv has no use for --parent-first"):
        _read(tmp_path, RANKS, parent_first=True)


def test_roots_can_be_named(tmp_path: Path) -> None:
    label_map = _read(tmp_path, "b,,root\nc,b,see\nd,b,dee\ne,c,\nf,c,\n", format="parents")
    assert "roots named: root" in label_map.provenance["read"]
    assert _groups(label_map) == {"see": {"e", "f"}, "dee": {"dee"}}


OPEN_IMAGES = {
    "LabelName": "/m/0bl9f",
    "Subcategory": [
        {
            "LabelName": "/m/animal",
            "Subcategory": [{"LabelName": "/m/cat"}, {"LabelName": "/m/dog"}],
        },
        {"LabelName": "/m/car", "Part": [{"LabelName": "/m/wheel"}]},
    ],
}
FLARE = {
    "name": "flare",
    "children": [
        {"name": "animal", "children": [{"name": "cat", "value": 3}, {"name": "dog", "value": 4}]},
        {"name": "thing", "children": [{"name": "car", "value": 5}]},
    ],
}
NUMBERED = {
    "name": "top",
    "children": [
        {"id": 1, "name": "animal", "children": ["cat", "dog"]},
        {"id": 2, "name": "thing", "children": ["car"]},
    ],
}
NESTED: list[Any] = [
    FLARE,
    FLARE["children"],
    NUMBERED,
    {"animal": {"cat": {}, "dog": None}, "thing": {"car": []}},
    {"animal": ["cat", "dog"], "thing": ["car"]},
    {"cat": "animal", "dog": "animal", "car": "thing"},
    {"animal": {"n1": "cat", "n2": "dog"}, "thing": {"n3": "car"}},
]


@pytest.mark.parametrize("content", NESTED)
def test_nested_json_of_every_kind(content: Any, tmp_path: Path) -> None:
    label_map = _read(tmp_path, json.dumps(content), "tree.json")
    assert label_map.provenance["format"] == "nested-json"
    assert _groups(label_map) == {"animal": {"cat", "dog"}, "thing": {"car"}}


def test_open_images_as_published(tmp_path: Path) -> None:
    label_map = _read(tmp_path, json.dumps(OPEN_IMAGES), "bbox_labels_600_hierarchy.json")
    assert _groups(label_map) == {"/m/animal": {"/m/cat", "/m/dog"}, "/m/car": {"/m/car"}}
    assert "children in 'Subcategory', ids are keys" in label_map.provenance["read"]


def test_a_name_at_two_places_of_nested_json_is_two_classes(tmp_path: Path) -> None:
    content = {"bird": {"other": ["crane", "heron"]}, "machine": {"other": ["crane"]}}
    label_map = _read(tmp_path, json.dumps(content), "tree.json")
    assert label_map.classes.ids == ("crane", "heron", "crane (2)")
    assert label_map.classes.names == ("crane", "heron", "crane")
    assert [level.k for level in label_map] == [2]
    assert "1 names such as 'crane' stand at several places" in label_map.provenance["read"]


def test_inner_nodes_may_be_classes(tmp_path: Path) -> None:
    (tmp_path / "tree.json").write_text(json.dumps(OPEN_IMAGES))
    wanted = ClassList("mine", ("/m/animal", "/m/cat", "/m/car"), ("animal", "cat", "car"))
    label_map = import_hierarchy(tmp_path / "tree.json", classes=wanted)
    assert _groups(label_map) == {"/m/animal": {"animal", "cat"}, "/m/car": {"car"}}


@pytest.mark.parametrize(
    "text",
    [
        "animal > cat\nanimal > dog\nthing > car\n",
        "# Taxonomy\nanimal\nanimal > cat\nanimal > dog\nthing\nthing > car\n",
        "1 - animal\n2 - animal > cat\n3 - animal > dog\n4 - thing\n5 - thing > car\n",
        "animal/cat\nanimal/dog\nthing/car\n",
        "/animal/cat\n/animal/dog\n/thing/car\n",
        "animal|cat\nanimal|dog\nthing|car|red\n",
        '["animal > cat", "animal > dog", "thing > car"]',
        '[["animal", "cat"], ["animal", "dog"], ["thing", "car"]]',
    ],
)
def test_lists_of_paths(text: str, tmp_path: Path) -> None:
    label_map = _read(tmp_path, text, "paths.txt")
    assert label_map.provenance["format"] == "paths"
    groups = _groups(label_map)
    assert groups["animal"] == {"cat", "dog"}
    assert len(groups) == 2


@pytest.mark.parametrize(
    "text",
    [
        "root\n  animal\n    cat\n    dog\n  thing\n    car\n",
        "# birds and others\nroot\n\n-- animal\n---- cat\n---- dog\n\n-- thing\n---- car\n",
        "- animal\n  - cat\n  - dog\n- thing\n  - car\n",
        "animal\n\tcat\n\tdog\nthing\n\tcar\n",
        "root\n+-- animal\n¦   +-- cat\n¦   +-- dog\n+-- thing\n    +-- car\n",
        ".\n├── animal\n│   ├── cat\n│   └── dog\n└── thing\n    └── car\n",
    ],
)
def test_outlines(text: str, tmp_path: Path) -> None:
    label_map = _read(tmp_path, text, "tree.txt")
    assert label_map.provenance["format"] == "outline"
    assert _groups(label_map) == {"animal": {"cat", "dog"}, "thing": {"car"}}


def test_a_bullet_without_a_name_is_a_group(tmp_path: Path) -> None:
    text = "top\n\tsea\n\t\t*\n\t\t\tcod\n\t\t\teel\n\t\t*\n\t\t\tray\n\tlone\n"
    label_map = _read(tmp_path, text, "tree.txt")
    assert [level.k for level in label_map] == [2, 3]
    assert label_map.levels[1].labels.tolist() == [0, 0, 1, 2]
    assert label_map.classes.ids == ("cod", "eel", "ray", "lone")


def test_a_class_may_stand_beside_the_groups(tmp_path: Path) -> None:
    for text in ("a > b\na > c\nlone\n", "a\n  b\n  c\nlone\n", '{"a": ["b", "c"], "lone": []}'):
        label_map = _read(tmp_path, text, "x.txt")
        assert label_map.levels[0].labels.tolist() == [0, 0, 1], text


def test_paths_beside_a_column_of_keys(tmp_path: Path) -> None:
    text = "1\tanimal\n1 > 2\tanimal > cat\n1 > 3\tanimal > dog\n4\tthing\n4 > 5\tthing > car\n"
    label_map = _read(tmp_path, text, "x.txt")
    assert label_map.classes == ClassList("custom", ("2", "3", "5"), ("cat", "dog", "car"))
    assert _groups(label_map) == {"animal": {"cat", "dog"}, "thing": {"car"}}


def test_a_name_at_two_places_of_an_outline_is_two(tmp_path: Path) -> None:
    text = "bird\n  other\n    crane\n    rook\nmachine\n  other\n    crane\n  car\n"
    label_map = _read(tmp_path, text, "tree.txt")
    assert label_map.classes.ids == ("crane", "rook", "crane (2)", "car")
    assert [level.k for level in label_map] == [2, 3]
    assert "stand at several places: a class at each" in label_map.provenance["read"]


@pytest.mark.parametrize(
    "names",
    [
        "1 big cat\n2 dog\n3 car\n9 animal\n",
        "1,big cat\n2,dog\n3,car\n9,animal\n",
        "1\tbig cat\n2\tdog\n3\tcar\n9\tanimal\n",
        '{"1": "big cat", "2": "dog", "3": "car", "9": "animal"}',
    ],
)
def test_ids_get_their_names_from_a_list(names: str, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text(names)
    text = "8 9\n9 1\n9 2\n8 7\n7 3\n"
    label_map = _read(tmp_path, text, "edges.txt", names=tmp_path / "names.txt")
    assert _groups(label_map) == {"animal": {"big cat", "dog"}, "7": {"car"}}
    assert label_map.classes.ids == ("1", "2", "3")
    assert "names of 3 of 3 classes" in label_map.provenance["read"]
    with pytest.raises(FormatError, match="none of the 3 classes, such as '1', has a name"):
        _read(tmp_path, text, "edges.txt", names={"x": "y"})


def test_a_column_beside_its_parent_is_an_edge_list(tmp_path: Path) -> None:
    rows = [
        {"path": "1", "TSN": 1, "Parent_TSN": 0},
        {"path": "1-2", "TSN": 2, "Parent_TSN": 1},
        {"path": "1-3", "TSN": 3, "Parent_TSN": 1},
        {"path": "1-2-4", "TSN": 4, "Parent_TSN": 2},
        {"path": "1-2-5", "TSN": 5, "Parent_TSN": 2},
        {"path": "1-3-6", "TSN": 6, "Parent_TSN": 3},
    ]
    label_map = _read(tmp_path, json.dumps(rows), "itis.json")
    assert "columns 'TSN' and 'Parent_TSN'" in label_map.provenance["read"]
    assert _groups(label_map) == {"2": {"4", "5"}, "3": {"6"}}


def test_a_column_that_tells_all_others_is_the_key(tmp_path: Path) -> None:
    text = "species,genus,family\ncat,f,F\ncat,f,F\nlion,p,F\ndog,c,C\ndog,c,C\n"
    label_map = _read(tmp_path, text)
    assert label_map.classes.ids == ("cat", "lion", "dog")
    assert [level.name for level in label_map] == ["family", "genus"]
    with pytest.raises(FormatError, match=r"'species' comes nearest \(3 values in 5 rows\)"):
        _read(tmp_path, text.replace("cat,f,F\nlion", "cat,p,F\nlion"))


def test_numbers_before_paths_are_keys(tmp_path: Path) -> None:
    label_map = _read(tmp_path, "1 - a\n2 - a > b\n3 - a > c\n4 - d > e\n", "paths.txt")
    assert label_map.classes == ClassList("custom", ("2", "3", "4"), ("b", "c", "e"))


@pytest.mark.parametrize(
    "text",
    [
        "((cat,dog)animal,(car)thing)root;",
        "((cat:1,dog:2.5e-1)animal:3,(car:1)thing:1)root:0;",
        "[&R] (('cat','dog')'animal',[a note](car)thing);",
        "#NEXUS\nBegin trees;\n  Translate 1 cat, 2 dog, 3 car;\n"
        "  tree one = [&R] ((1,2)animal,(3)thing);\nEnd;\n",
    ],
)
def test_newick_and_nexus(text: str, tmp_path: Path) -> None:
    label_map = _read(tmp_path, text, "tree.nwk")
    assert label_map.provenance["format"] == "newick"
    assert _groups(label_map) == {"animal": {"cat", "dog"}, "thing": {"car"}}


def test_a_newick_tree_opens_from_its_root(tmp_path: Path) -> None:
    # The right branch parts first, at 1; the left at 3.
    text = "((a:1,b:1):3,((c:1,d:1):1,e:2):1);"
    label_map = _read(tmp_path, text, "tree.nwk", k=[2, 3, 4])
    assert [level.k for level in label_map] == [2, 3, 4]
    assert label_map.levels[1].labels.tolist() == [0, 0, 1, 1, 2]
    assert label_map.levels[2].labels.tolist() == [0, 0, 1, 2, 3]


@pytest.mark.parametrize("text", ["((a,b);", "a,b);", "(a,b", "(,);", "(a b,c'd)x;", "();"])
def test_broken_newick_gets_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.nwk").write_text(text)
    with pytest.raises(FormatError) as error:
        import_hierarchy(tmp_path / "x.nwk", "newick")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("method", ["average", "ward", "single", "centroid"])
@pytest.mark.parametrize("suffix", ["npy", "csv", "txt"])
def test_linkage_matrices_of_scipy(method: str, suffix: str, tmp_path: Path) -> None:
    points = np.random.default_rng(5).normal(size=(40, 3))
    matrix = linkage(points, method)
    path = tmp_path / f"z.{suffix}"
    if suffix == "npy":
        np.save(path, matrix)
    else:
        np.savetxt(path, matrix, delimiter="," if suffix == "csv" else " ")
    label_map = import_hierarchy(path, k=(2, 5, 20))
    assert label_map.provenance["format"] == "linkage"
    assert [level.k for level in label_map] == [2, 5, 20]
    assert label_map.nested
    if method != "centroid":  # whose heights may fall
        for level in label_map:
            other = fcluster(matrix, level.k, "maxclust")
            assert len(set(zip(other.tolist(), level.labels.tolist(), strict=True))) == level.k
    assert [level.k for level in import_hierarchy(path)] == [10]


def test_a_linkage_takes_the_names_of_a_class_list(tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", linkage(np.array([[0.0], [0.1], [5.0], [5.2]])))
    named = ClassList("mine", ("a", "b", "c", "d"), ("ant", "bee", "cat", "dog"))
    label_map = import_hierarchy(tmp_path / "z.npy", classes=named, k=2)
    assert sorted(map(sorted, _groups(label_map).values())) == [["ant", "bee"], ["cat", "dog"]]
    with pytest.raises(FormatError, match="4 leaves"):
        import_hierarchy(tmp_path / "z.npy", classes=ClassList("m", ("a", "b"), ("a", "b")), k=2)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[0, 1, 1, 2], [0, 2, 2, 3]], "stand once"),
        ([[0, 3, 1, 2], [1, 2, 2, 3]], "a later row makes"),
        ([[0, 1, 1, 2], [2, 3, 2, 4]], "count the leaves"),
        ([[0, 1, -1, 2], [2, 3, 2, 3]], "not negative"),
        ([[0, 1, 1]], "expected the shape"),
    ],
)
def test_a_broken_linkage_gets_one_sentence(matrix: Any, words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.array(matrix, dtype=float))
    with pytest.raises(FormatError, match=words):
        import_hierarchy(tmp_path / "z.npy")


def test_nbdt_as_published(tmp_path: Path) -> None:
    graph = {
        "directed": True,
        "multigraph": False,
        "graph": {},
        "nodes": [
            {"id": "n00000001", "label": "cat"},
            {"id": "n00000002", "label": None},
            {"id": "n00000003", "label": "car"},
            {"id": "f00000001", "label": "(generated)"},
            {"id": "f00000000", "label": None},
            {"id": "f00000002", "label": "thing", "color": 3},
        ],
        "links": [
            {"source": "f00000000", "target": "f00000001"},
            {"source": "f00000000", "target": "f00000002"},
            {"source": "f00000001", "target": "n00000001"},
            {"source": "f00000001", "target": "n00000002"},
            {"source": "f00000002", "target": "n00000003"},
        ],
    }
    (tmp_path / "graph-induced.json").write_text(json.dumps(graph))
    label_map = import_hierarchy(tmp_path / "graph-induced.json")
    assert label_map.provenance["format"] == "nbdt"
    names = [cluster.name for cluster in label_map.levels[0].clusters]
    assert names[1] == "thing"
    assert "generated" not in names[0]
    assert "f0000" not in names[0]
    assert label_map.classes.names == ("cat", "n00000002", "car")


def test_breeds_leaves_out_classes_without_an_edge(tmp_path: Path) -> None:
    (tmp_path / "dataset_class_info.json").write_text(
        '[[0,"a","ant"],[1,"b","bee"],[2,"c","cat"],[3,"d","dog"]]'
    )
    (tmp_path / "class_hierarchy.txt").write_text("r x\nr y\nx a\nx b\ny d\n")
    (tmp_path / "node_names.txt").write_text("r\troot\nx\tinsect\ny\tmammal\n")
    label_map = import_hierarchy(tmp_path)
    assert _groups(label_map) == {"insect": {"ant", "bee"}, "mammal": {"dog"}}
    assert "left out 1 of 4 classes" in label_map.provenance["read"]
    with pytest.raises(FormatError, match="no such file or folder"):
        import_hierarchy(tmp_path / "nowhere", "breeds")
    (tmp_path / "node_names.txt").unlink()
    with pytest.raises(FormatError, match=r"has no node_names\.txt"):
        import_hierarchy(tmp_path)


def test_graphs_of_networkx_in_every_file_it_writes(tmp_path: Path) -> None:
    graph = nx.DiGraph(
        [
            ("root", "animal"),
            ("root", "thing"),
            ("animal", "cat"),
            ("animal", "dog"),
            ("thing", "car"),
        ]
    )
    nx.write_graphml(graph, tmp_path / "g.graphml")
    nx.write_gml(graph, tmp_path / "g.gml")
    nx.write_gexf(graph, tmp_path / "g.gexf")
    (tmp_path / "g.json").write_text(json.dumps(nx.node_link_data(graph, edges="links")))
    nx.write_edgelist(graph, tmp_path / "g.txt", data=False)
    for path in sorted(tmp_path.iterdir()):
        assert sorted(map(sorted, _groups(import_hierarchy(path)).values())) == [
            ["car"],
            ["cat", "dog"],
        ], path.name
    up = LabelMap.from_networkx(graph.reverse(), name="up")
    assert _groups(up) == {"animal": {"cat", "dog"}, "thing": {"car"}}
    with pytest.raises(FormatError, match="no direction"):
        LabelMap.from_networkx(graph.to_undirected())
    with pytest.raises(FormatError, match="its own ancestor"):
        LabelMap.from_networkx(nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c")]))


def test_what_is_no_hierarchy_is_said(tmp_path: Path) -> None:
    make_map([[0, 0, 1]]).save(tmp_path / "map.json")
    with pytest.raises(FormatError, match="is a label map already"):
        import_hierarchy(tmp_path / "map.json")
    for content, words in (
        ("cat\ndog\ncar\n", "look like a list of classes"),
        ("", "is empty"),
        ("<html></html>", "is XML, but neither"),
        ('["cat", "dog"]', "found no node with children"),
        ("{", "is not JSON"),
        ('{"a": {"b": [true]}}', "expected names that hold names"),
    ):
        with pytest.raises(FormatError, match=words):
            _read(tmp_path, content, "x.txt")


# --- what goes out comes back -----------------------------------------------------------------


@_FIXED
@given(label_map=nested_maps())
def test_nested_json_and_graphs_give_back_a_nested_map(
    label_map: LabelMap, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    for format in ("nested-json", "networkx-json", "graphml"):
        if format == "graphml" and any(not _is_xml(key) for key in label_map.classes.ids):
            continue  # XML has no place for some characters
        export(label_map, format, folder / "map")
        # A tree keeps its classes cluster by cluster; the list says their order.
        again = import_hierarchy(folder / "map", classes=label_map.classes)
        assert again.provenance["format"] == format
        assert again == label_map
        again = import_hierarchy(folder / "map")
        assert set(again.classes.ids) == set(label_map.classes.ids)
        if format != "graphml":  # which has no place for some characters of names
            names = dict(zip(again.classes.ids, again.classes.names, strict=True))
            assert [names[key] for key in label_map.classes.ids] == list(label_map.classes.names)
    assert LabelMap.from_networkx(label_map.to_networkx()) == label_map


def _is_xml(text: str) -> bool:
    return all(mark.isprintable() and ord(mark) < 0xD800 for mark in text)


_WORD = st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=1, max_size=6)


@_FIXED
@given(label_map=nested_maps(), data=st.data())
def test_newick_paths_and_linkage_give_back_the_partitions(
    label_map: LabelMap, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    count = len(label_map.classes)
    names = data.draw(st.lists(_WORD, min_size=count, max_size=count, unique=True))
    plain = LabelMap(
        "map",
        ClassList("custom", tuple(names), tuple(names)),
        make_map([level.labels.tolist() for level in label_map], names).levels,
    )
    folder = tmp_path_factory.mktemp("out")
    for format, suffix in (
        ("newick", "nwk"),
        ("outline", "txt"),
        ("paths", "txt"),
        ("linkage", "npy"),
        ("linkage", "csv"),
    ):
        export(plain, format, folder / f"map.{suffix}")
        again = import_hierarchy(
            folder / f"map.{suffix}",
            format,
            classes=None if format == "paths" else plain.classes,
        )
        assert again.classes.ids == plain.classes.ids
        assert [level.labels.tolist() for level in again] == [
            level.labels.tolist() for level in plain if level.k < count
        ], format


@_FIXED
@given(any_maps())
def test_frames_and_arrays_give_back_any_map(label_map: LabelMap) -> None:
    frame = label_map.to_frame(names=False)
    levels = {level.name: frame[level.name].to_numpy() for level in label_map}
    again = LabelMap.from_labels(label_map.classes, levels)
    assert again == label_map
    assert hash(again) == hash(label_map)
    assert list(frame.index) == list(label_map.classes.ids)


@_FIXED
@given(nested_maps())
def test_a_linkage_is_one_to_scipy(label_map: LabelMap) -> None:
    matrix = label_map.to_linkage()
    assert is_valid_linkage(matrix, throw=True)
    for height, level in enumerate(reversed(label_map.levels), start=1):
        labels = fcluster(matrix, height, "distance")
        pairs = set(zip(labels.tolist(), level.labels.tolist(), strict=True))
        assert len(pairs) == level.k == len(set(labels.tolist()))


def test_a_class_that_stands_twice_does_not_turn_the_table_round(tmp_path: Path) -> None:
    """The groups differ in each row, so they looked like keys."""
    table = tmp_path / "twice.csv"
    table.write_text("name,coarse\ncat,animal\ncat,vehicle\n")
    with pytest.raises(FormatError, match="no column tells the classes apart"):
        import_hierarchy(table)
