"""WordNet: the tiny hand-made one by formula, the shipped one, the installed one."""

import zipfile
from pathlib import Path

import pytest

from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import TaxonomyError, UnknownClassError
from hierlab.wordnet.dictionary import decode_nouns, encode_nouns
from hierlab.wordnet.taxonomy import Synset, Taxonomy, taxonomy_for

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def tiny() -> Taxonomy:
    return Taxonomy.wordnet(DATA / "tiny-wordnet")


@pytest.fixture(scope="module")
def full() -> Taxonomy:
    return Taxonomy.wordnet()


def synset(wnid: str, *hypernyms: str) -> Synset:
    return Synset(wnid, f"{wnid}.n.01", (wnid,), (1,), hypernyms, "")


def custom(*names: str) -> ClassList:
    return ClassList("custom", names, names)


def names(taxonomy: Taxonomy, key: str) -> list[str]:
    return [ancestor.name for ancestor in taxonomy.ancestors(key)]


def test_a_synset_goes_by_id_name_or_offset(tiny: Taxonomy) -> None:
    dog = tiny["dog.n.01"]
    assert tiny[dog.wnid] == tiny[int(dog.wnid[1:])] == dog
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
        (tiny.nouns.synset(number).wnid, keys[position]): distance
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
        ([synset("a", "b"), synset("b", "a"), synset("c")], "cycle at or above a"),
        ([synset("a", "a")], "cycle"),
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


def test_the_environment_names_another_wordnet(
    tiny: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WNSEARCHDIR", str(DATA / "tiny-wordnet"))
    assert taxonomy_for(custom("dog")) is tiny
    monkeypatch.delenv("WNSEARCHDIR")
    monkeypatch.setenv("WNHOME", str(DATA))
    with pytest.raises(TaxonomyError, match=r"was not found in .*dict"):
        taxonomy_for(custom("dog"))


def test_another_wordnet_on_the_machine_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NLTK_DATA", str(DATA))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert taxonomy_for(custom("dog")) is Taxonomy.wordnet()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "was not found in .*expected a folder"),
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


def test_the_taxonomy_for_a_list() -> None:
    assert taxonomy_for(load_classes("imagenet-1k")) is Taxonomy.shipped()
    found = taxonomy_for(custom("puppy", "lapdog"))
    assert found is Taxonomy.wordnet()
    assert found.source == "WordNet 3.0, shipped"
    other = taxonomy_for(custom("puppy"), wordnet=DATA / "tiny-wordnet")
    assert other is not None
    assert len(other) == 20
    assert other.source.startswith("WordNet 3.0, own files ")
    assert taxonomy_for(custom("zyzzyvax")) is None
    with pytest.raises(TaxonomyError, match="knows none of the classes"):
        taxonomy_for(custom("zyzzyvax"), required=True)


def test_the_shipped_nouns_are_whole(full: Taxonomy) -> None:
    assert len(full) == 82_115
    assert [one.name for one in full if not one.hypernyms] == ["entity.n.01"]
    assert full["n02084071"] == Synset(
        wnid="n02084071",
        name="dog.n.01",
        lemmas=("dog", "domestic_dog", "Canis_familiaris"),
        senses=(1, 1, 1),
        hypernyms=("n01317541", "n02083346"),
        definition=full["n02084071"].definition,
    )
    assert full["dog.n.01"].definition.startswith("a member of the genus Canis (probably")


def test_a_table_of_nouns_comes_back(tiny: Taxonomy) -> None:
    content = encode_nouns(tiny.nouns)
    assert list(Taxonomy.of(decode_nouns(content))) == list(tiny)
    assert encode_nouns(decode_nouns(content)) == content
    for broken in (b"", content[:100], content[:-30]):
        with pytest.raises(TaxonomyError, match="not a table"):
            decode_nouns(broken)


@pytest.mark.slow
def test_the_shipped_nouns_are_what_nltk_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hierlab.regenerate.wordnet import DEBIAN
    from hierlab.utils.files import data_path

    if not (Path(DEBIAN) / "data.noun").is_file():
        pytest.skip("needs WordNet 3.0's own files: apt install wordnet-base")
    monkeypatch.setenv("HIERLAB_CACHE", str(tmp_path))
    content = encode_nouns(Taxonomy.wordnet(DEBIAN).nouns)
    assert content == data_path("wordnet", "nouns.npz").read_bytes()


def test_the_closure_is_what_the_nouns_give(full: Taxonomy) -> None:
    from hierlab.regenerate.wordnet import closure_content
    from hierlab.utils.files import data_path

    content = closure_content(full, load_classes("imagenet-1k").ids)
    assert content == data_path("wordnet", "imagenet-1k.json").read_bytes()
