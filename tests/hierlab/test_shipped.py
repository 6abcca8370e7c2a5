"""What ships is sound, complete and what its command makes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hierlab
from hierlab.datasets.shipped_maps import EARLIER, SHIPPED, shipped_names


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
    assert {*(shipped.name for shipped in SHIPPED), *EARLIER} == set(shipped_names())
    gallery = (repository / "hierarchies" / "README.md").read_text()
    for shipped in SHIPPED:
        assert f"## {shipped.name}\n" in gallery
        assert (repository / "hierarchies" / "gallery" / f"{shipped.name}.png").is_file()
    assert all(f"`{name}`" in gallery for name in EARLIER)


def test_earlier_maps_keep_their_partitions_and_no_longer_call_birds_dogs():
    """Results and checkpoints name them by identity."""
    ids = {name: hierlab.load_label_map(name).id[:16] for name in EARLIER}
    assert ids == {
        "consensus-seven-10-100-1000": "2c265f678f58f092",
        "consensus-four-10-100-1000": "1dc63aed4d17ca57",
    }
    for name in EARLIER:
        names = [cluster.name for cluster in hierlab.load_label_map(name).level("coarse").clusters]
        assert "dog, bird" in names


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "vit-b-32-topdown-10-100-1000",
        "vit-b-32-consensus-10-100-1000",
        "clip-four-10-100-1000",
        "wordnet-k-10-100-1000",
    ],
)
def test_a_shipped_map_is_rebuilt_to_the_byte(name: str, repository: Path):
    shipped = next(one for one in SHIPPED if one.name == name)
    built = hierlab.build(name=name, **shipped.arguments)
    found, wanted = (
        json.loads(data)
        for data in (built.encode(), (repository / "hierarchies" / f"{name}.json").read_bytes())
    )
    # How sure a consensus is comes from a dozen random draws. Their sums differ in the last digit
    # between numbers of threads, and a draw at a near tie may fall otherwise: a few classes then
    # differ by one draw. The partition and all words about it do not.
    sure = np.array([_confidences(tree) for tree in (found, wanted)])
    assert found == wanted
    difference = np.abs(sure[0] - sure[1]) if sure.size else np.zeros(1)
    assert (difference > 0).mean() < 0.03
    assert difference.max() < 0.15


def _confidences(tree: dict[str, Any]) -> list[float]:
    """Take all confidences out of a label map's JSON."""
    taken: list[float] = []
    for level in tree["levels"]:
        taken += level.pop("class_confidence", None) or []
        for cluster in level["clusters"]:
            if cluster.get("confidence") is not None:
                taken.append(cluster.pop("confidence"))
    return taken


@pytest.mark.parametrize("name", ["clip-four-10-100-1000", "clip-seven-10-100-1000"])
def test_a_shipped_consensus_says_how_sure_it_is(name: str):
    label_map = hierlab.load_label_map(name)
    assert label_map.nested
    for level in label_map.levels[:2]:
        assert level.class_confidence is not None
        for number, cluster in enumerate(level.clusters):
            mean = sum(level.class_confidence[at] for at in level.members(number)) / cluster.size
            assert cluster.confidence == pytest.approx(mean, abs=1e-4)
    assert label_map.levels[2].class_confidence is None
