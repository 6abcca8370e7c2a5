"""WordNet: the tiny hand-made one by formula, the shipped one, the installed one."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.classlists import load_classes
from hierlab.errors import TaxonomyError, UnknownClassError
from hierlab.taxonomy import Synset, Taxonomy, taxonomy_for

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def tiny() -> Taxonomy:
    return Taxonomy.wordnet(DATA / "tiny-wordnet")


@pytest.fixture(scope="module")
def full() -> Taxonomy:
    try:
        return Taxonomy.wordnet()
    except TaxonomyError as error:
        pytest.skip(str(error))


def synset(wnid: str, *hypernyms: str) -> Synset:
    return Synset(wnid, f"{wnid}.n.01", (wnid,), (1,), hypernyms, "")


def custom(*names: str) -> ClassList:
    return ClassList("custom", names, names)


def names(taxonomy: Taxonomy, key: str) -> list[str]:
    return [ancestor.name for ancestor in taxonomy.ancestors(key)]


def test_a_synset_goes_by_id_name_or_offset(tiny: Taxonomy) -> None:
    dog = tiny["dog.n.01"]
    assert tiny[dog.wnid] is tiny[int(dog.wnid[1:])] is dog
    assert (dog.lemmas, dog.senses, dog.label) == (("dog", "domestic_dog"), (1, 1), "dog")
    assert dog.definition == "a tame canine"  # without the example
    assert "dog.n.01" in tiny
    assert "dog.n.02" not in tiny
    assert None not in tiny


def test_sense_numbers_follow_the_index(tiny: Taxonomy) -> None:
    assert [synset.name for synset in tiny if "crane" in synset.name] == [
        "crane.n.01",
        "crane.n.02",
        "crane.n.03",
    ]


@pytest.mark.parametrize(
    ("name", "shortest", "longest"),
    [
        ("entity", 0, 0),
        ("carnivore", 3, 3),
        ("dog", 1 + 1 + 1, 1 + 1 + 1 + 1 + 1),  # entity, animal, pet | animal, …, canine
        ("rex", 3 + 1, 5 + 1),  # an instance is below what it is an instance of
        ("lapdog", 1 + 1, 5 + 3),  # entity, animal | dog, puppy, toy dog
    ],
)
def test_depths(tiny: Taxonomy, name: str, shortest: int, longest: int) -> None:
    key = f"{name}.n.01"
    assert (tiny.min_depth(key), tiny.max_depth(key)) == (shortest, longest)


def test_ancestors_come_nearest_first(tiny: Taxonomy) -> None:
    assert names(tiny, "dog.n.01") == [
        "dog.n.01", "canine.n.01", "pet.n.01", "animal.n.01", "carnivore.n.01", "entity.n.01",
        "mammal.n.01",
    ]  # fmt: skip
    assert [above.name for above in tiny.hypernyms("dog.n.01")] == ["canine.n.01", "pet.n.01"]


def test_below_gives_positions_of_classes(tiny: Taxonomy) -> None:
    classes = ["cat.n.01", "car.n.01", "dog.n.01", "wolf.n.01", "pet.n.01"]
    assert tiny.below("pet.n.01", classes).tolist() == [0, 2, 4]
    assert tiny.below("person.n.01", classes).tolist() == []


def test_lineage_agrees_with_walking_up_by_hand(tiny: Taxonomy) -> None:
    """Breadth-first search over dictionaries, for every synset at once."""
    keys = [synset.wnid for synset in tiny]
    lineage = tiny.lineage(keys)
    found = {
        (tiny.synset_at(number).wnid, keys[position]): distance
        for number, position, distance in zip(
            lineage.synsets.tolist(),
            lineage.positions.tolist(),
            lineage.distances.tolist(),
            strict=True,
        )
    }
    expected = {}
    for key in keys:
        steps, todo = {key: 0}, [key]
        for here in todo:
            for above in tiny[here].hypernyms:
                if above not in steps:
                    steps[above] = steps[here] + 1
                    todo.append(above)
        expected |= {(above, key): distance for above, distance in steps.items()}
    assert found == expected


def test_closure_keeps_only_what_is_above(tiny: Taxonomy) -> None:
    closure = tiny.closure(["wolf.n.01"])
    assert [synset.label for synset in closure] == [
        "entity", "animal", "mammal", "carnivore", "canine", "wolf",
    ]  # fmt: skip
    assert closure.max_depth("wolf.n.01") == tiny.max_depth("wolf.n.01")


def test_classes_are_resolved_by_key_or_guessed_by_name(tiny: Taxonomy) -> None:
    wolf = tiny["wolf.n.01"].wnid
    classes = ClassList(
        "custom", (wolf, "cat.n.01", "Domestic Dog", "crane", "4711"), ("x", "x", "x", "x", "auto")
    )
    resolution = tiny.resolve(classes)
    assert [tiny[wnid].name for wnid in resolution.wnids if wnid] == [
        "wolf.n.01",
        "cat.n.01",
        "dog.n.01",
        "crane.n.02",  # no class of things is named after the writer, sense 1
        "car.n.01",
    ]
    assert resolution.guessed == (False, False, True, True, True)
    unknown = tiny.resolve(custom("dog", "zyzzyva"))
    assert unknown.known.tolist() == [0]
    assert unknown.guessed == (True, False)


def test_networkx_has_the_same_edges(tiny: Taxonomy) -> None:
    graph = tiny.to_networkx()
    assert set(graph.edges) == {(low.wnid, high) for low in tiny for high in low.hypernyms}
    assert graph.nodes[tiny["dog.n.01"].wnid]["name"] == "dog.n.01"


@pytest.mark.parametrize(
    ("synsets", "told"),
    [
        ([], "at least one"),
        ([synset("a"), synset("a")], "none twice"),
        ([synset("a", "b")], "hypernym b is missing"),
        ([synset("a", "b"), synset("b", "a"), synset("c")], "circle at or above a"),
        ([synset("a", "a")], "circle"),
    ],
)
def test_what_is_no_taxonomy_is_refused(synsets: list[Synset], told: str) -> None:
    with pytest.raises(TaxonomyError, match=told):
        Taxonomy(synsets)


def test_an_unknown_synset_says_what_was_expected(tiny: Taxonomy) -> None:
    for key in ("n99999999", "unicorn.n.01", 5, "dog"):
        with pytest.raises(UnknownClassError, match=r"expected a WordNet 3\.0 id"):
            tiny.number(key)


def test_nltk_zip_is_read_like_the_folder(tiny: Taxonomy, tmp_path: Path) -> None:
    archive = tmp_path / "wordnet.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        for name in ("data.noun", "index.noun"):
            stream.write(DATA / "tiny-wordnet" / name, f"wordnet/{name}")
    assert list(Taxonomy.wordnet(archive)) == list(tiny)


def test_wordnet_is_found_through_the_environment(
    tiny: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WNSEARCHDIR", str(DATA / "tiny-wordnet"))
    assert len(Taxonomy.wordnet()) == len(tiny)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "was not found in .*apt install wordnet-base"),
        ("  1 WordNet 3.1 Copyright 2011\n", "is not WordNet 3.0"),
        ("00000000 03 n 01 a 0 000 | g\n", "is not WordNet 3.0"),
        ("  1 WordNet 3.0 \n0000 03 n\n", "is damaged"),
        ("  1 WordNet 3.0 \n00000001 03 n 01 a 0 000 | not in the index\n", "is damaged"),
    ],
)
def test_a_wordnet_that_cannot_be_used(tmp_path: Path, data: str | None, told: str) -> None:
    if data is not None:
        (tmp_path / "data.noun").write_text(data)
        (tmp_path / "index.noun").write_text("")
    with pytest.raises(TaxonomyError, match=told):
        Taxonomy.wordnet(tmp_path)


def test_a_damaged_zip(tmp_path: Path) -> None:
    archive = tmp_path / "wordnet.zip"
    archive.write_bytes(b"PK")
    with pytest.raises(TaxonomyError, match="cannot read WordNet"):
        Taxonomy.wordnet(archive)


def test_the_shipped_one_holds_imagenet_and_nothing_below() -> None:
    shipped, classes = Taxonomy.shipped(), load_classes("imagenet-1k")
    assert all(key in shipped for key in classes.ids)
    above = {key for wnid in shipped for key in wnid.hypernyms}
    assert {synset.wnid for synset in shipped} - above <= set(classes.ids)
    assert [synset.name for synset in shipped if not synset.hypernyms] == ["entity.n.01"]
    assert shipped.resolve(classes).wnids == classes.ids
    assert not any(shipped.resolve(classes).guessed)


def test_depth_arrays_cannot_be_changed(tiny: Taxonomy) -> None:
    with pytest.raises(ValueError, match="read-only"):
        tiny.min_depths[0] = 1


def test_the_taxonomy_for_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taxonomy_for(load_classes("imagenet-1k")) is Taxonomy.shipped()
    monkeypatch.setenv("WNSEARCHDIR", str(DATA / "tiny-wordnet"))
    found = taxonomy_for(custom("puppy", "lapdog"))
    assert found is not None
    assert "lapdog.n.01" in found
    assert taxonomy_for(custom("zyzzyva")) is None
    with pytest.raises(TaxonomyError, match="knows none of the classes"):
        taxonomy_for(custom("zyzzyva"), required=True)


def test_without_an_installed_wordnet_the_shipped_one_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hierlab._wordnet_files.dictionary_folders", lambda: ())
    assert taxonomy_for(custom("tabby", "zyzzyva")) is Taxonomy.shipped()
    assert taxonomy_for(custom("zyzzyva")) is None
    with pytest.raises(TaxonomyError, match="was not found on this machine"):
        taxonomy_for(custom("zyzzyva"), required=True)


@pytest.mark.slow
def test_the_shipped_one_is_what_wordnet_gives(full: Taxonomy, tmp_path: Path) -> None:
    from hierlab._files import data_path
    from hierlab.regenerate.wordnet import closure_content

    content = closure_content(full, load_classes("imagenet-1k").ids)
    assert content == data_path("wordnet", "imagenet-1k.json").read_bytes()


@pytest.mark.slow
def test_cifar_100_is_nearly_all_in_wordnet(full: Taxonomy) -> None:
    classes = load_classes(DATA / "cifar-100.txt")
    resolution = full.resolve(classes)
    missing = set(np.arange(100)) - set(resolution.known)
    assert {classes.names[position] for position in missing} == {"aquarium_fish", "maple_tree"}
    table = resolution.wnids[classes.index["table"]]
    assert table is not None
    assert "furniture.n.01" in names(full, table)  # and not a table of figures, sense 1
