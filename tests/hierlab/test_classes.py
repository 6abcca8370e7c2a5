"""Class lists: the built-in one, and any list from any file."""

import json
from pathlib import Path

import pytest

from hierlab.classes import MAX_CLASSES, ClassList
from hierlab.datasets.class_lists import find_class, load_classes
from hierlab.errors import ClassListError, HierlabError

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def imagenet() -> ClassList:
    return load_classes("imagenet-1k")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_imagenet_has_a_thousand_names_that_all_differ(imagenet: ClassList) -> None:
    assert (len(imagenet), imagenet.set) == (1000, "imagenet-1k")
    assert len({name.casefold() for name in imagenet.names}) == 1000
    assert list(imagenet.ids) == sorted(imagenet.ids)
    assert (imagenet.ids[0], imagenet.ids[281], imagenet.ids[-1]) == (
        "n01440764",
        "n02123045",
        "n15075141",
    )


def test_imagenet_order_is_that_of_the_oracle(imagenet: ClassList, shared_data: Path) -> None:
    import numpy as np

    with np.load(shared_data / "wordnet" / "wup_nltk_imagenet1k.npz") as oracle:
        assert imagenet.ids == tuple(oracle["wnid"].tolist())


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("n02123045", [281]),  # key
        ("Tabby Cat", [281]),  # name
        ("tabby", [281]),  # alias
        ("crane", [134, 517]),  # alias of two
        ("maillot", [638, 639]),
        ("missile", [657, 744]),  # the plain form of two bracketed names
        ("sunglasses", [836, 837]),
        ("T shirt", [610]),  # hyphens do not matter
        ("hairy_rabb", []),
        ("  ", []),
    ],
)
def test_find_class(imagenet: ClassList, query: str, positions: list[int]) -> None:
    assert find_class(imagenet, query) == positions


@pytest.mark.parametrize("query", ["creme brulee", "Crème", "CRÈME-BRÛLÉE", "cre\u0300me"])
def test_accents_do_not_matter(query: str) -> None:
    names = ("toast", "Crème brûlée")
    assert find_class(ClassList("custom", names, names), query) == [1]


def test_a_part_of_a_name_finds_all_that_have_it(imagenet: ClassList) -> None:
    found = [imagenet.names[position] for position in find_class(imagenet, "spaniel")]
    assert "Sussex Spaniel" in found
    assert all("spaniel" in name.casefold() for name in found)


@pytest.mark.parametrize(
    ("name", "content", "ids", "names"),
    [
        ("a.txt", "\ufeffcat\r\n\r\n dog \n", ("cat", "dog"), ("cat", "dog")),
        ("a.txt", "n02123045 tabby, tiger\nthing", ("n02123045", "thing"), ("tabby", "thing")),
        ("a.txt", "n02123045\nn02084071\nn99999999", ("n02123045", "n02084071", "n99999999"),
         ("tabby cat", "dog", "n99999999")),
        ("a.csv", "id,Label\n7,missile\n8,missile\n", ("7", "8"), ("missile", "missile")),
        ("a.csv", "\ufeffname\n\"a, b\"\n\nc\n", ("a, b", "c"), ("a, b", "c")),
        ("a.csv", "wnid;x;name\nn1;;one\n", ("n1",), ("one",)),
        ("a.tsv", "class_idx\twnid\tlabel\n1\tn2\tb\n0\tn1\ta\n", ("n1", "n2"), ("a", "b")),
        ("a.json", '["cat", "dog"]', ("cat", "dog"), ("cat", "dog")),
        ("a.json", '[{"id": 3, "name": "x"}, {"wnid": "n5"}]', ("3", "n5"), ("x", "n5")),
        ("a.json", '{"1": "b", "0": "a"}', ("a", "b"), ("a", "b")),
        ("a.json", '{"0": ["n1", "a"], "1": ["n2", "b"]}', ("n1", "n2"), ("a", "b")),
        ("a.json", '{"n1": "a", "n2": "a"}', ("n1", "n2"), ("a", "a")),
        ("a.json", '{"classes": {"ids": ["k"], "names": ["v"]}}', ("k",), ("v",)),
        ("a.json", '{"classes": {"ids": ["k"]}}', ("k",), ("k",)),
    ],
)  # fmt: skip
def test_lists_are_read_from_any_file(
    tmp_path: Path, name: str, content: str, ids: tuple[str, ...], names: tuple[str, ...]
) -> None:
    classes = load_classes(write(tmp_path, name, content))
    assert (classes.set, classes.ids, classes.names) == ("custom", ids, names)


@pytest.mark.parametrize(
    ("name", "content", "ids", "names"),
    [
        # What people have: numbers in front, comments, YAML, one line, pasted Python.
        ("a.txt", "# my classes\ncat\n dog\n", ("cat", "dog"), ("cat", "dog")),
        ("a.txt", "golden_retriever\ncat", ("golden_retriever", "cat"),
         ("golden retriever", "cat")),
        ("a.txt", "0: cat\n1: dog\n", ("cat", "dog"), ("cat", "dog")),
        ("a.txt", "2 bird\n1 dog\n0 cat", ("cat", "dog", "bird"), ("cat", "dog", "bird")),
        ("a.txt", "1 001.Black_footed_Albatross\n2 002.Laysan_Albatross\n",
         ("001.Black_footed_Albatross", "002.Laysan_Albatross"),
         ("Black footed Albatross", "Laysan Albatross")),
        ("a.txt", "001.ak47\n002.flag", ("001.ak47", "002.flag"), ("ak47", "flag")),
        ("a.txt", "3 d\n9 e", ("3 d", "9 e"), ("3 d", "9 e")),
        ("a.txt", "cat, dog, hot dog", ("cat", "dog", "hot dog"), ("cat", "dog", "hot dog")),
        ("a.txt", "{0: 'tench, Tinca tinca',\n 1: 'goldfish'}",
         ("tench, Tinca tinca", "goldfish"), ("tench, Tinca tinca", "goldfish")),
        ("a.txt", "['cat', 'dog']", ("cat", "dog"), ("cat", "dog")),
        ("a.txt", "1\tcat\n2\tdog", ("cat", "dog"), ("cat", "dog")),
        ("a.txt", "id;name\n7;cat\n9;dog", ("7", "9"), ("cat", "dog")),
        ("a.txt", "n02123045,tabby\nn02084071,dog", ("n02123045", "n02084071"), ("tabby", "dog")),
        ("a.yaml", "nc: 2\nnames: [cat, no]\n", ("cat", "no"), ("cat", "no")),
        ("a.yml", "path: x\nnames:\n  1: dog # best\n  0: cat\n", ("cat", "dog"), ("cat", "dog")),
        ("a.txt", "nc: 2\nnames:\n- cat\n- dog\n", ("cat", "dog"), ("cat", "dog")),
        ("a.csv", "/m/011k07,Tortoise\n/m/0h8n,Container\n",
         ("/m/011k07", "/m/0h8n"), ("Tortoise", "Container")),
        ("a.csv", "LabelName,DisplayName\n/m/011k07,Tortoise\n", ("/m/011k07",), ("Tortoise",)),
        ("a.csv", "cat\ndog\n", ("cat", "dog"), ("cat", "dog")),
        ("a.csv", "name,mid,coarse\na,dog,animal\nb,dog,animal\n", ("a", "b"), ("a", "b")),
        ("a.csv", ",id,name\n0,7,cat\n1,9,dog\n", ("7", "9"), ("cat", "dog")),
        ("a.csv", "id,name\n1,tool\n2, tool \n", ("1", "2"), ("tool", "tool")),
        ("a.csv", b"id,name\n1,caf\xe9\n2,b\n", ("1", "2"), ("caf\xe9", "b")),
        ("a.csv", "class_idx;wnid;label\n1;n2;b\n0;n1;a\n", ("n1", "n2"), ("a", "b")),
        ("a.json", '{"cat": 0, "dog": 1}', ("cat", "dog"), ("cat", "dog")),
        ("a.json", '{"dog": 1, "cat": 0}', ("cat", "dog"), ("cat", "dog")),
        ("a.json", '{"id2label": {"0": "cat", "1": "dog"}}', ("cat", "dog"), ("cat", "dog")),
        ("a.json", '{"images": [], "categories": [{"id": 1, "name": "cat", "supercategory": "x"}]}',
         ("1",), ("cat",)),
        # One way for all lists: what is called alike is numbered.
        ("a.txt", "crane\ncat\ncrane", ("crane", "cat", "crane (2)"), ("crane", "cat", "crane")),
        ("a.json", '["crane", "crane (2)", "crane"]', ("crane", "crane (2)", "crane (3)"),
         ("crane", "crane (2)", "crane")),
    ],
)  # fmt: skip
def test_lists_as_people_have_them(
    tmp_path: Path, name: str, content: str | bytes, ids: tuple[str, ...], names: tuple[str, ...]
) -> None:
    classes = load_classes(write(tmp_path, name, content))
    assert (classes.ids, classes.names) == (ids, names)


def test_lists_of_objects_bring_synsets_and_synonyms(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "name": "aerosol_can", "synset": "aerosol.n.02", "synonyms": ["spray_can"]},
        {"id": 2, "name": "bat", "synset": None, "synonyms": ["bat"], "def": "flies"},
    ]
    classes = load_classes(write(tmp_path, "a.json", json.dumps(rows)))
    assert classes.ids == ("1", "2")
    assert classes.names == ("aerosol can", "bat")
    assert classes.synsets == ("aerosol.n.02", None)
    assert classes.aliases == (("spray_can",), ())
    assert "synset in field 'synset'" in classes.read_as
    assert "def left aside" in classes.read_as


def test_a_column_of_synsets_and_one_of_synonyms(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "name,synset,synonyms\nbat,bat.n.05,club|stick\ncat,,\n")
    classes = load_classes(path)
    assert classes.synsets == ("bat.n.05", None)
    assert classes.aliases == (("club", "stick"), ())


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "colour,thing,kind\nred,cat,cat.n.01\nblue,dog,dog.n.01\n")
    with pytest.raises(ClassListError, match="--key and --name-column"):
        load_classes(path)
    classes = load_classes(path, key="colour", name="Thing", synset="kind")
    assert classes.ids == ("red", "blue")
    assert classes.names == ("cat", "dog")
    assert classes.synsets == ("cat.n.01", "dog.n.01")
    assert classes.read_as == (
        "commas: key in column 'colour', name in column 'thing', synset in column 'kind'"
    )
    assert load_classes(path, name="2").read_as == (
        "commas: name in column 'thing'; columns 'colour', 'kind' left aside"
    )
    with pytest.raises(ClassListError, match="no column 'x' for the key; the columns are colour"):
        load_classes(path, key="x")


def test_without_a_header_numbers_name_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "cat,animal\ncar,vehicle\n")
    with pytest.raises(ClassListError, match="no header says which column holds the names"):
        load_classes(path)
    assert load_classes(path, name="1").names == ("cat", "car")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,name\n1,cat\n,dog\n", "line 3: column 'id' is empty"),
        ("name,colour\n,red\ncat,blue\n", "line 2: column 'name' is empty"),
        ("id,name\n1,cat\n1,dog\n", "'1' stands more than once"),
        ("name\tsize\ncat\t1\t2\n", "line 2 has 3 cells where the first has 2"),
    ],
)
def test_tables_that_lack_something_say_where(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(ClassListError, match=told):
        load_classes(write(tmp_path, "a.csv", content))


def test_prototypes_and_lists_number_alike(tmp_path: Path) -> None:
    import numpy as np

    from hierlab.embeddings.prototypes import load_prototypes

    names = ["crane", "cat", "crane"]
    np.savez(tmp_path / "a.npz", vectors=np.eye(3), names=names)
    listed = load_classes(write(tmp_path, "a.txt", "\n".join(names)))
    assert load_prototypes(tmp_path / "a.npz").classes == listed
    assert "1 names stand more than once, told apart as 'crane (2)'" in listed.read_as


def test_an_image_folder_names_its_classes(tmp_path: Path) -> None:
    for name in ("zebra", "n02123045", ".hidden"):
        (tmp_path / name).mkdir()
    write(tmp_path, "README", "not a class")
    classes = load_classes(tmp_path)
    assert classes.ids == ("n02123045", "zebra")
    assert classes.names == ("tabby cat", "zebra")


def test_imagenet_is_recognised_by_its_keys(tmp_path: Path, imagenet: ClassList) -> None:
    classes = load_classes(write(tmp_path, "a.txt", "\n".join(imagenet.ids)))
    assert classes == imagenet
    assert find_class(classes, "tabby") == [281]


def test_cifar_100() -> None:
    classes = load_classes(DATA / "cifar-100.txt")
    assert len(classes) == 100
    assert find_class(classes, "aquarium fish") == [1]


def test_lvis(shared_data: Path, tmp_path: Path) -> None:
    import numpy as np

    (source,) = (shared_data / "prototypes" / "other").glob("LVIS1203*.npz")
    with np.load(source) as file:
        names = file["classnames"].tolist()
    assert load_classes(write(tmp_path, "lvis.json", json.dumps(names))).ids == tuple(names)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", "", "at least one class"),
        ("a.txt", "\n \n", "at least one class"),
        ("a.txt", b"\xff\xfe\x00", "UTF-8"),
        ("a.csv", "", "at least one row"),
        ("a.csv", "colour,size\nred,1", "in the first line, got colour, size"),
        ("a.csv", "name,name\na,b", "two columns are called 'name'"),
        ("a.csv", "id,name\n1", "line 2 has 1 cells where the first has 2"),
        ("a.csv", "class_idx,name\nx,a", "whole numbers"),
        ("a.csv", 'id,name\n1,"a', "line 2 is no row of a table"),
        ("a.json", "[", "not JSON"),
        ("a.json", "[" * 100_000, "not JSON"),
        ("a.json", "3", "list of names"),
        ("a.json", "[]", "at least one class"),
        ("a.json", "[1.5]", "expected a name"),
        ("a.json", '[["a", "b", "c"]]', "expected a name"),
        ("a.json", '[{"colour": "red"}]', "expected a name"),
        ("a.json", '{"classes": {"ids": ["a"], "names": ["b", "c"]}}', "as many names"),
    ],
)  # fmt: skip
def test_what_is_no_class_list_is_refused(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(ClassListError, match=told) as error:
        load_classes(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClassListError, match="expected imagenet-1k or the path"):
        load_classes("imagenet-2k")
    with pytest.raises(ClassListError, match="sub-folder per class"):
        load_classes(tmp_path)


@pytest.mark.slow
def test_a_million_classes_are_the_limit(tmp_path: Path) -> None:
    text = "\n".join(map(str, range(MAX_CLASSES)))
    assert len(load_classes(write(tmp_path, "a.txt", text))) == MAX_CLASSES
    with pytest.raises(ClassListError, match="at most 1000000"):
        load_classes(write(tmp_path, "b.txt", text + "\nx"))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as stream:
        stream.truncate(64 * 2**20 + 1)
    with pytest.raises(HierlabError, match="64 MiB"):
        load_classes(path)


def test_a_class_list_checks_itself() -> None:
    with pytest.raises(ClassListError, match="aliases"):
        ClassList("custom", ("a", "b"), ("a", "b"), ((),))
    with pytest.raises(ClassListError, match="empty"):
        ClassList("custom", ("",), ("a",))
    with pytest.raises(ClassListError, match="one name per class"):
        ClassList("custom", ("a",), ())


def test_the_hash_depends_on_order_alone_of_what_people_see() -> None:
    one = ClassList("custom", ("a", "b"), ("x", "y"))
    assert one.hash == ClassList("other", ("a", "b"), ("p", "q")).hash
    assert one.hash != ClassList("custom", ("b", "a"), ("y", "x")).hash


@pytest.mark.slow
def test_the_shipped_list_is_what_its_sources_give(tmp_path: Path) -> None:
    from hierlab.errors import MissingExtraError, TaxonomyError
    from hierlab.regenerate.classes import regenerate_classes

    try:
        rebuilt = regenerate_classes(tmp_path)
    except (MissingExtraError, TaxonomyError) as error:
        pytest.skip(str(error))
    from hierlab.utils.files import data_path

    assert rebuilt.read_bytes() == data_path("classes", "imagenet-1k.json").read_bytes()
