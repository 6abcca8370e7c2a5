"""What is claimed of the shipped photographs holds for the shipped checkpoint."""

from functools import cache

import pytest

from codec_plugin.bitstream.container import read_header
from codec_plugin.classifiers import load_classifier
from codec_plugin.codec import Codec
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.data.photograph_sets.shipped import shipped_photos
from codec_plugin.evaluation.demo import demo_photo
from codec_plugin.evaluation.recognition import Recogniser, image_tensor, true_clusters

CLAIMED = {name: photo for name, photo in shipped_photos().items() if photo.example}
# The first of these taught the shipped weights, as users search by it; the second was never asked.
JUDGES = ("efficientnet-lite0", "efficientnet-lite2")


@cache
def shipped_codec() -> Codec:
    return Codec.load()


@cache
def judge(name: str) -> Recogniser:
    return Recogniser(load_classifier(name), load_hierarchy(shipped_codec().checkpoint.label_map))


@pytest.mark.parametrize("name", CLAIMED)
def test_a_shipped_photograph_is_the_example_that_it_is_called(name: str) -> None:
    """The first stage tells the coarse class, those after it mid and fine; or it fails."""
    photo, pixels, codec = CLAIMED[name], demo_photo(name), shipped_codec()
    hierarchy = judge(JUDGES[0]).hierarchy
    true = true_clusters(hierarchy, photo.class_id)
    blob = codec.encode(pixels)
    ends = read_header(blob).ends
    assert ends[0] < 1000
    for who in JUDGES:
        original = judge(who).answer(image_tensor(pixels))
        assert original.clusters == true, (who, judge(who).names(original))
    for level, stage in enumerate(codec.level_stages):
        seen = image_tensor(codec.decode(blob[: ends[stage]]).pixels)
        for who in JUDGES:
            answer = judge(who).answer(seen)
            right = [a == b for a, b in zip(answer.clusters, true, strict=True)]
            if photo.example == "success":
                # A level that is told stays told.
                assert all(right[: level + 1]), (who, stage, judge(who).names(answer))
            elif level == 0:
                assert not right[0], (who, judge(who).names(answer))
