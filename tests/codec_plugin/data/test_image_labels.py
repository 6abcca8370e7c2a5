"""Labels as people write them: keys or names, any table, folders, shards."""

from pathlib import Path

import pytest

from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.image_labels import find_class, folder_label, read_labels, shard_label
from codec_plugin.errors import DataError
from tests.codec_plugin.semantic import CLASS_IDS, small_hierarchy, write_photographs

INDEX = small_hierarchy().lookup


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("n02123045", 2),
        (" tabby ", 2),
        ("Tiger_Cat", 3),
        ("cocktail-shaker", 5),
        ("lion", -1),
        ("", -1),
    ],
)
def test_a_label_is_a_key_or_a_name(label: str, number: int) -> None:
    assert find_class(INDEX, label) == number


def test_a_name_of_two_classes_is_none_of_them() -> None:
    from dataclasses import replace

    twice = replace(small_hierarchy(), class_names=("crane", "crane", "c", "d", "e", "f"))
    assert find_class(twice.lookup, "crane") == -1
    assert find_class(twice.lookup, CLASS_IDS[1]) == 1


def test_a_key_comes_before_a_name() -> None:
    from dataclasses import replace

    ids = ("a", "b", "c", "d", "e", "f")
    crossed = replace(small_hierarchy(), class_ids=ids, class_names=("b", "a", "c", "d", "e", "f"))
    assert [find_class(crossed.lookup, key) for key in "abcdef"] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "content",
    [
        b"file,wnid\n0.png,n02123045\n1.png,goldfish\n",
        "\ufefffile;class\r\n0.png;Tabby\r\n1.png;goldfish\r\n".encode(),
        "Image\tLabel\n0.png\ttabby\n1.png\tGoldfish\n".encode("utf-16"),
        b"filename,other,class_name\n./0.png,1,tabby\n1.png,2,goldfish\n",
        b"0.png,tabby\n1.png,goldfish\n",
        b"path;name\n0.png;tabby\n1.png;goldfish\nh\xe9ron.png;h\xe9ron\n",
    ],
)
def test_tables_as_people_keep_them(content: bytes, tmp_path: Path) -> None:
    write_photographs(tmp_path)
    (tmp_path / "labels.csv").write_bytes(content)
    folder = ImageFolder(tmp_path, INDEX, cache=False)
    assert folder.labels == (2, 1, -1, -1, -1, -1)
    assert folder.labelled == 2


def test_a_table_in_latin_1_names_its_files(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("file,wnid\nhéron.png,goldfish\n".encode("latin-1"))
    assert read_labels(tmp_path) == {"héron.png": "goldfish"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"file,colour\n0.png,red\n", "column file and a column wnid, class, .*has file, colour"),
        (b"a,b,c\n0.png,x,y\n", "it has no header"),
        (b"file,wnid\n" + 12 * b"0.png,tabby\n" + b"1.png\n", "line 14 has 1 cells"),
        (b"", "at least one row"),
        (b"\0\0", "zero bytes"),
    ],
)
def test_a_table_that_says_nothing_is_refused_by_name(
    content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match=said) as refused:
        read_labels(tmp_path)
    assert "labels.csv" in str(refused.value)


def test_what_no_class_is_called_is_kept_to_be_told(tmp_path: Path) -> None:
    write_photographs(tmp_path)
    (tmp_path / "labels.csv").write_text("file,class\n0.png,tabby\n1.png,felix\n2.png,rex\n")
    folder = ImageFolder(tmp_path, INDEX, cache=False)
    assert (folder.labelled, folder.unknown_labels) == (1, ("felix", "rex"))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("goldfish/a.png", 1),
        ("fish/n01440764/images/a.png", 0),
        ("Cocktail Shaker/goldfish/a.png", 1),
        ("fish/a.png", -1),
        ("goldfish.png", -1),
    ],
)
def test_the_nearest_folder_that_is_called_like_a_class(name: str, number: int) -> None:
    assert folder_label(INDEX, name) == number


@pytest.mark.parametrize(
    ("entries", "number"),
    [
        ({"cls": b"4"}, 4),
        ({"cls": b"0\n"}, 0),
        ({"cls": b"-1"}, -1),
        ({"cls": b"tabby"}, 2),
        ({"wnid": b"n01443537", "cls": b"4"}, 1),
        ({"txt": b"a cat on a mat"}, -1),
        ({"txt": b"tiger cat"}, 3),
        ({}, -1),
    ],
)
def test_numbers_in_shards_count_in_the_maps_order(entries: dict[str, bytes], number: int) -> None:
    assert shard_label(entries, INDEX, "0001 in s.tar") == number


@pytest.mark.parametrize(
    ("entries", "said"), [({"cls": b"6"}, "classes 0 to 5"), ({"txt": b"\xff\xfe\xfd"}, "no text")]
)
def test_labels_of_another_list_are_refused(entries: dict[str, bytes], said: str) -> None:
    with pytest.raises(DataError, match=rf"0001 in s\.tar.*{said}"):
        shard_label(entries, INDEX, "0001 in s.tar")
