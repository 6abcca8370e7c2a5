"""Label map v1: the same bytes for the same map, and no file that lies is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings

from hierlab.classes import ClassList
from hierlab.errors import HierlabError, LabelMapError
from hierlab.labelmap import (
    LabelMap,
    canonical_labels,
    label_map_schema,
    load_label_map,
    loads_label_map,
)
from hierlab.measures.cluster_shape import shape
from tests.hierlab.label_maps import any_maps, make_map, nested_maps

SCHEMA = Path(__file__).parents[2] / "docs" / "label-map.schema.json"


@pytest.fixture
def label_map() -> LabelMap:
    return make_map([[0, 0, 1, 1, 1], [0, 1, 2, 2, 3], [0, 1, 2, 3, 4]])


@pytest.fixture
def content(label_map: LabelMap) -> dict[str, Any]:
    return json.loads(label_map.encode())  # type: ignore[no-any-return]


@settings(max_examples=40, deadline=None)
@given(any_maps())
def test_reading_gives_back_what_was_written(label_map: LabelMap) -> None:
    again = loads_label_map(label_map.encode())
    assert again.encode() == label_map.encode()
    assert again.id == label_map.id
    assert again.classes == label_map.classes
    for old, new in zip(label_map, again, strict=True):
        np.testing.assert_array_equal(old.labels, new.labels)
        assert old.clusters == new.clusters


@settings(max_examples=40, deadline=None)
@given(nested_maps())
def test_maps_made_nested_say_so(label_map: LabelMap) -> None:
    assert label_map.nested
    assert json.loads(label_map.encode())["nested"] is True


@pytest.mark.parametrize("classes", [16, 100, 1000])
def test_one_class_astray_in_a_thousand_is_not_nested(classes: int) -> None:
    fine = np.arange(classes) // 2
    coarse = np.arange(classes) // 2 // max(2, classes // 8)
    whole = make_map([canonical_labels(coarse), canonical_labels(fine)])
    assert whole.nested
    coarse[-1] = coarse[-1] + 1
    fine[-1] = fine[-2]  # its fellow stays where it was
    astray = make_map([canonical_labels(coarse), canonical_labels(fine)])
    assert not astray.nested
    assert shape(astray).nesting[0].strays == 1
    lying = json.loads(astray.encode()) | {"nested": True}
    with pytest.raises(LabelMapError, match="nested"):
        loads_label_map(json.dumps(lying).encode())


def test_a_map_whose_levels_cross_is_not_nested() -> None:
    assert not make_map([[0, 0, 1, 1], [0, 1, 1, 2]]).nested


def test_writing_is_canonical(label_map: LabelMap, tmp_path: Path) -> None:
    path = label_map.save(tmp_path / "map.json")
    text = path.read_text(encoding="utf-8")
    parsed = json.loads(text)
    plain = json.dumps(parsed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert text == plain + "\n"
    assert load_label_map(path).save(tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_equal_partitions_are_equal_files() -> None:
    assert make_map([[7, 7, 3, 9]]).encode() == make_map([[0, 0, 1, 2]]).encode()


def test_identity_covers_keys_level_names_and_labels_only(label_map: LabelMap) -> None:
    assert label_map.renamed("other").id == label_map.id
    assert make_map([[0, 0, 1]], names=["a", "b", "c"]).id == make_map([[0, 0, 1]]).id
    assert make_map([[0, 0, 1]], ids=["a", "b", "c"]).id != make_map([[0, 0, 1]]).id
    assert make_map([[0, 0, 1]], titles=["top"]).id != make_map([[0, 0, 1]]).id
    assert make_map([[0, 1, 1]]).id != make_map([[0, 0, 1]]).id


def test_canonical_labels_number_by_first_appearance() -> None:
    np.testing.assert_array_equal(canonical_labels([5, 2, 5, -1, 2]), [0, 1, 0, 2, 1])


def test_a_level_goes_by_name_or_number(label_map: LabelMap) -> None:
    assert label_map.level("mid") is label_map.level(1)
    with pytest.raises(LabelMapError, match="this map has coarse, mid, fine"):
        label_map.level("genus")


def _break(content: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    place: Any = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return content


BROKEN: list[tuple[tuple[Any, ...], object, str, str]] = [
    (("format",), "something", "format", "expected 'hierlab-label-map'"),
    (("version",), 2, "version", "reads version 1"),
    (("version",), "1", "version", "int"),
    (("id",), "0" * 64, "id", "from the labels"),
    (("nested",), False, "nested", "the labels say True"),
    (("levels",), [], "levels", "expected 1 to 16"),
    (("levels", 0, "name"), "no good", "levels[0].name", "expected 1 to 64"),
    (("levels", 0, "name"), "mid", "levels", "must differ"),
    (("levels", 0, "labels"), [0, 0, 1], "levels[0].labels", "expected 5 labels"),
    (("levels", 0, "labels", 1), 2, "levels[0].labels[1]", "expected 0 to 1, got 2"),
    (("levels", 0, "labels", 1), -1, "levels[0].labels[1]", "got -1"),
    (("levels", 0, "labels", 1), 0.5, "levels[0].labels[1]", "int"),
    (("levels", 0, "labels", 1), 10**30, "levels[0].labels[1]", ""),
    (("levels", 0, "labels"), [0] * 5, "levels[0].clusters[0].size", "the labels give it 5"),
    (("levels", 0, "labels"), [1, 1, 0, 0, 0], "levels[0].clusters[0].size", "says 2"),
    (("levels", 0, "k"), 3, "levels[0].k", "k is 3 with 2 clusters"),
    (("levels", 0, "k"), 0, "levels[0].k", "k is 0"),
    (("levels", 0, "clusters", 0, "size"), 1, "levels[0].clusters[0].size", "says 1"),
    (("levels", 0, "clusters", 0, "medoid"), "k4", "levels[0].clusters[0].medoid", "no class"),
    (("levels", 0, "clusters", 0, "medoid"), "x", "levels[0].clusters[0].medoid", "no class"),
    (("levels", 0, "class_confidence"), [0.5], "levels[0].class_confidence", "expected 5"),
    (("levels", 0, "class_confidence"), [2.0] * 5, "levels[0].class_confidence", "0 to 1"),
    (("levels", 0, "colour"), "red", "levels[0]", "unknown field"),
    (("classes", "ids"), [], "classes", "at least one"),
    (("classes", "ids", 0), "k1", "classes", "more than once"),
    (("classes", "names"), ["a"], "classes", "one name per class"),
]


@pytest.mark.parametrize(("path", "value", "field", "words"), BROKEN)
def test_a_file_that_lies_is_refused_by_field(
    content: dict[str, Any], path: tuple[Any, ...], value: object, field: str, words: str
) -> None:
    with pytest.raises(LabelMapError) as error:
        loads_label_map(json.dumps(_break(content, path, value)))
    assert error.value.field == field
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_levels_must_rise(content: dict[str, Any]) -> None:
    content["levels"].reverse()
    with pytest.raises(LabelMapError, match=r"levels: clusters must grow .* \[5, 4, 2\]"):
        loads_label_map(json.dumps(content))


def test_clusters_must_be_numbered_by_first_appearance(content: dict[str, Any]) -> None:
    level = content["levels"][0]
    level["labels"] = [1 - label for label in level["labels"]]
    level["clusters"].reverse()
    with pytest.raises(LabelMapError, match="by first appearance"):
        loads_label_map(json.dumps(content))


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 100_000]
)
def test_what_is_no_label_map_is_refused(text: bytes) -> None:
    with pytest.raises(LabelMapError):
        loads_label_map(text)


def test_a_cut_file_is_refused_at_every_length(label_map: LabelMap) -> None:
    whole = label_map.encode()
    for length in range(0, len(whole) - 2, 37):
        with pytest.raises(LabelMapError):
            loads_label_map(whole[:length])


def test_a_newer_version_is_refused_whatever_its_fields() -> None:
    with pytest.raises(LabelMapError, match="version 1, it is version 7"):
        loads_label_map(b'{"format":"hierlab-label-map","version":7,"new":[]}', source="it")


def test_seventeen_levels_are_too_many(content: dict[str, Any]) -> None:
    content["levels"] = [{**content["levels"][0], "name": f"l{i}"} for i in range(17)]
    with pytest.raises(LabelMapError, match="expected 1 to 16 levels, got 17"):
        loads_label_map(json.dumps(content))


def test_a_missing_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HierlabError, match="cannot read"):
        load_label_map(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as stream:
        stream.truncate(64 * 2**20 + 1)
    with pytest.raises(HierlabError, match="larger than 64 MiB"):
        load_label_map(huge)


@pytest.mark.slow
def test_a_million_classes_are_read_and_one_more_is_not() -> None:
    count = 1_000_000
    ids = [str(number) for number in range(count)]
    labels = (np.arange(count) % 4).tolist()
    label_map = make_map([labels], ids)
    content = label_map.encode()
    assert loads_label_map(content).id == label_map.id
    one_more = json.loads(content)
    one_more["classes"]["ids"].append("more")
    one_more["classes"]["names"].append("more")
    with pytest.raises(LabelMapError, match="more than 1000000 classes"):
        loads_label_map(json.dumps(one_more))


def test_an_unwritable_place_is_told(label_map: LabelMap, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HierlabError, match="choose a folder you may write to"):
        label_map.save(tmp_path / "file" / "map.json")


def test_the_published_schema_is_current_and_holds(label_map: LabelMap) -> None:
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(label_map_schema()))
    validator = jsonschema.Draft202012Validator(published)
    validator.check_schema(published)
    content = json.loads(label_map.encode())
    validator.validate(content)
    content["levels"][0]["labels"][0] = "none"
    assert not validator.is_valid(content)


def test_a_class_list_refuses_what_cannot_be_keyed() -> None:
    with pytest.raises(HierlabError, match="more than once"):
        ClassList("custom", ("a", "a"), ("a", "a"))


def test_the_document_tells_how_the_identity_is_made(repository: Path) -> None:
    text = (repository / "docs" / "label-map.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    for label_map in (make_map([[0, 0, 1]], ["é\u2028", '"', "\x01/\x7f"]), make_map([[0, 1]])):
        assert names["identity"](json.loads(label_map.encode())) == label_map.id


def test_the_documents_example_is_a_label_map(repository: Path) -> None:
    text = (repository / "docs" / "label-map.md").read_text(encoding="utf-8")
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    with pytest.raises(LabelMapError) as error:
        loads_label_map(json.dumps(example))
    # Only its shortened id is untrue.
    assert error.value.field == "id"
    jsonschema.validate(example, json.loads(SCHEMA.read_text(encoding="utf-8")))
