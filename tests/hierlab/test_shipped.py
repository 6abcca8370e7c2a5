"""What ships is sound, complete and what its command makes."""

from pathlib import Path

import pytest

import hierlab
from hierlab.regenerate.hierarchies import SHIPPED, shipped_names


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_map_is_sound(name: str):
    label_map = hierlab.load_label_map(name)
    assert label_map.name == name
    assert label_map.classes.ids == hierlab.load_classes("imagenet-1k").ids
    assert [level.k for level in label_map] == [10, 100, 1000]
    for level in label_map:
        names = [cluster.name for cluster in level.clusters]
        assert len(set(names)) == len(names)


def test_the_catalogue_is_what_is_there(repository: Path):
    assert {shipped.name for shipped in SHIPPED} == set(shipped_names())
    gallery = (repository / "hierarchies" / "README.md").read_text()
    for name in shipped_names():
        assert f"## {name}\n" in gallery
        assert (repository / "hierarchies" / "gallery" / f"{name}.png").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "vit-b-32-topdown-10-100-1000",
        "consensus-four-10-100-1000",
        "wordnet-k-10-100-1000",
    ],
)
def test_a_shipped_map_is_rebuilt_to_the_byte(name: str, repository: Path):
    shipped = next(one for one in SHIPPED if one.name == name)
    built = hierlab.build(name=name, **shipped.arguments)
    assert built.encode() == (repository / "hierarchies" / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", ["consensus-four-10-100-1000", "consensus-seven-10-100-1000"])
def test_a_shipped_consensus_says_how_sure_it_is(name: str):
    label_map = hierlab.load_label_map(name)
    assert label_map.nested
    for level in label_map.levels[:2]:
        assert level.class_confidence is not None
        for number, cluster in enumerate(level.clusters):
            mean = sum(level.class_confidence[at] for at in level.members(number)) / cluster.size
            assert cluster.confidence == pytest.approx(mean, abs=1e-4)
    assert label_map.levels[2].class_confidence is None
