"""What each class means in WordNet, and how that was found."""

from pathlib import Path

import pytest

from hierlab.classes import ClassList
from hierlab.classlists import load_classes
from hierlab.resolution import Resolution
from hierlab.taxonomy import Taxonomy

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def full() -> Taxonomy:
    return Taxonomy.wordnet()


def named(*names: str) -> ClassList:
    return ClassList("custom", names, names)


def synsets(taxonomy: Taxonomy, resolution: Resolution) -> list[str]:
    return ["" if wnid is None else taxonomy[wnid].name for wnid in resolution.wnids]


def test_a_name_comes_before_a_key_that_is_a_word(full: Taxonomy) -> None:
    keys, names = ("a", "b", "c", "d"), ("ant", "bee", "car", "bus")
    resolution = full.resolve(ClassList("custom", keys, names))
    assert synsets(full, resolution) == ["ant.n.01", "bee.n.01", "car.n.01", "bus.n.01"]
    assert resolution.how == ("name",) * 4
    assert all(resolution.guessed)


def test_the_order_of_what_decides(full: Taxonomy) -> None:
    classes = ClassList(
        "custom",
        ("n02084071", "cat.n.01", "1", "poodle", "5", "wolf", "s1"),
        ("tabby", "dog", "the dogs I saw", "qqq", "cat", "qqq", "maple tree"),
        (("bird",), ("bird",), ("wolves",), ("beagle",), (), (), ()),
        ("goose.n.01", None, None, None, "unicorn.n.99", "", ""),
    )
    resolution = full.resolve(classes)
    assert synsets(full, resolution) == [
        "goose.n.01", "cat.n.01", "wolf.n.01", "beagle.n.01", "cat.n.01", "wolf.n.01", "tree.n.01",
    ]  # fmt: skip
    assert resolution.how == ("synset", "key", "alias", "alias", "name", "word key", "head")
    assert resolution.refused == ((4, "unicorn.n.99"),)
    assert resolution.guessed == (False, False, True, True, True, True, True)
    assert resolution.words[2] == "wolf"


def test_numbers_and_codes_are_no_words(full: Taxonomy) -> None:
    resolution = full.resolve(ClassList("custom", ("1", "ab", "s12", "dog"), ("qqq",) * 4))
    assert resolution.how == ("unknown", "unknown", "unknown", "word key")
    assert resolution.known.tolist() == [3]
    assert resolution.counts == {"unknown": 3, "word key": 1}


@pytest.mark.parametrize(
    ("name", "synset", "how"),
    [
        ("dogs", "dog.n.01", "form"),
        ("geese", "goose.n.01", "form"),
        ("wolves", "wolf.n.01", "form"),
        ("trousers", "trouser.n.01", "form"),
        ("jeans", "jean.n.01", "form"),
        ("bagpipes", "bagpipe.n.01", "form"),
        ("ice-cream", "ice_cream.n.01", "name"),
        ("Ice Cream", "ice_cream.n.01", "name"),
        ("icecream", "ice_cream.n.01", "name"),
        ("school buses", "school_bus.n.01", "form"),
        ("golden_retriever", "golden_retriever.n.01", "name"),
        ("Black_footed_Albatross", "black-footed_albatross.n.01", "name"),
        ("dress", "dress.n.01", "name"),
        ("bow (weapon)", "bow.n.04", "name"),
        ("mouse_(computer_equipment)", "mouse.n.04", "name"),
        ("bag of flour", "bag.n.01", "head"),
        ("zyzzyvax", "", "unknown"),
    ],
)
def test_words_in_any_form(full: Taxonomy, name: str, synset: str, how: str) -> None:
    resolution = full.resolve(named(name))
    assert (synsets(full, resolution), resolution.how) == ([synset], (how,))


def test_the_list_decides_between_meanings(full: Taxonomy) -> None:
    birds = full.resolve(named("crane", "heron", "stork", "pelican", "sparrow", "eagle"))
    machines = full.resolve(named("crane", "bulldozer", "forklift", "truck", "tractor", "drill"))
    assert synsets(full, birds)[0] == "crane.n.05"
    assert synsets(full, machines)[0] == "crane.n.04"


def test_a_crane_is_no_writer() -> None:
    tiny = Taxonomy.wordnet(DATA / "tiny-wordnet")
    # Crane, the writer, is sense 1; spelt like this it is the bird.
    assert synsets(tiny, tiny.resolve(named("crane"))) == ["crane.n.02"]
    assert synsets(tiny, tiny.resolve(named("Crane"))) == ["crane.n.01"]


def test_cifar_100(full: Taxonomy) -> None:
    classes = load_classes(DATA / "cifar-100.txt")
    resolution = full.resolve(classes)
    pairs = zip(synsets(full, resolution), resolution.how, strict=True)
    found = dict(zip(classes.names, pairs, strict=True))
    assert len(resolution.known) == 100
    assert {name for name, (_, how) in found.items() if how == "head"} == {
        "aquarium_fish",
        "maple_tree",
    }
    assert found["table"][0] == "table.n.02"  # furniture, and no table of figures
    assert found["mouse"][0] == "mouse.n.01"  # among animals


def test_imagenet_by_names_and_by_all_its_words(full: Taxonomy) -> None:
    """Its own ids are the judge; first senses alone give 743 with heads, 713 without."""
    known = load_classes("imagenet-1k")
    numbers = tuple(map(str, range(1000)))
    bare = full.resolve(ClassList("custom", numbers, known.names))
    told = full.resolve(ClassList("custom", numbers, known.names, known.aliases))
    rights = [
        sum(found == true for found, true in zip(one.wnids, known.ids, strict=True))
        for one in (bare, told)
    ]
    assert rights[0] >= 820
    assert rights[1] >= 895
