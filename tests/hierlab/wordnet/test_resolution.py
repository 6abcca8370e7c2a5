"""What each class means in WordNet, and how that was found."""

from pathlib import Path

import numpy as np
import pytest

from hierlab._show import resolution, resolution_sentence, show_class
from hierlab.assembly import build
from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.labelmap import loads_label_map
from hierlab.measures.report import measure
from hierlab.wordnet.resolution import Resolution
from hierlab.wordnet.taxonomy import Taxonomy, taxonomy_for

DATA = Path(__file__).parents[1] / "data"


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
        "aquarium fish",
        "maple tree",
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


def table(folder: Path, text: str) -> Path:
    path = folder / "classes.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("rows", "groups", "within", "between"),
    [
        # Keys that are words are no classes: a digit, an angstrom.
        (
            "1,tabby\n2,minivan\n3,beagle\n4,school bus\n5,Persian cat\n6,ambulance\n",
            {"carnivore": {"1", "3", "5"}, "conveyance": {"2", "4", "6"}},
            0.745,
            0.365,
        ),
        (
            "a,ant\nb,bee\nc,car\nd,bus\n",
            {"hymenopterous insect": {"a", "b"}, "conveyance": {"c", "d"}},
            0.792,
            0.364,
        ),
    ],
)
def test_groups_of_names_with_keys(
    tmp_path: Path, rows: str, groups: dict[str, set[str]], within: float, between: float
) -> None:
    path = table(tmp_path, "id,name\n" + rows)
    label_map = build(classes=path, method="wordnet-k", k=[2])
    (level,) = label_map.levels
    ids = np.array(label_map.classes.ids)
    assert {c.name: set(ids[level.labels == n]) for n, c in enumerate(level.clusters)} == groups
    report = measure(label_map, taxonomy=taxonomy_for(label_map.classes), policies=("nltk",))
    found = report.consistency[0].levels[0]
    assert found.within == pytest.approx(within, abs=5e-4)
    assert found.between == pytest.approx(between, abs=5e-4)
    assert label_map.provenance["wordnet"] == "WordNet 3.0, shipped"
    assert label_map.provenance["read"] == ("commas: key in column 'id', name in column 'name'")


def test_a_map_keeps_what_its_classes_are(tmp_path: Path, full: Taxonomy) -> None:
    """Synonyms and columns of the list are not in the map, what they led to is."""
    path = table(
        tmp_path, "id,name,synset,synonyms\n1,qqq,,geese\n2,bat,bat.n.05,\n3,zyzzyvax,,\n4,dogs,,\n"
    )
    built = build(classes=path, method="wordnet-k", k=[2])
    kept = loads_label_map(built.encode())
    assert kept.classes.synsets == ("goose.n.01", "bat.n.05", None, "dog.n.01")
    assert kept.classes.resolved_by == ("alias", "synset", "unknown", "form")
    again = full.resolve(kept.classes)
    assert synsets(full, again) == ["goose.n.01", "bat.n.05", "", "dog.n.01"]
    assert again.how == kept.classes.resolved_by
    assert [(one.synset, one.how) for one in resolution(kept)] == [
        ("goose.n.01", "alias"), ("bat.n.05", "synset"), (None, "unknown"), ("dog.n.01", "form"),
    ]  # fmt: skip
    assert resolution_sentence(kept) == (
        "WordNet 3.0, shipped: 1 by the synset given, 1 by a form of the name, "
        "1 by another name, 1 unknown"
    )
    (bat,) = show_class(kept, "bat")
    assert bat.resolved.definition.startswith("a club used for hitting")
    assert kept.encode() == built.encode()


def test_keys_that_are_synsets_say_everything() -> None:
    label_map = build(classes=["dog.n.01", "n02121620", "car.n.01"], method="wordnet-k", k=[2])
    assert (label_map.classes.synsets, label_map.classes.resolved_by) == ((), ())
    assert "wordnet" not in label_map.provenance
    assert resolution_sentence(label_map) == ""
    assert [one.synset for one in resolution(label_map)] == ["dog.n.01", "cat.n.01", "car.n.01"]


def test_a_wordnet_of_ones_own() -> None:
    label_map = build(
        classes=["dog", "wolf", "crane"], method="wordnet-k", k=[2], wordnet=DATA / "tiny-wordnet"
    )
    assert label_map.provenance["wordnet"].startswith("WordNet 3.0, own files ")
    assert label_map.classes.synsets[-1] == "crane.n.02"
