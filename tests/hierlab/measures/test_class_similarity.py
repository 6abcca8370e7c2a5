"""How alike the classes of a map are is told by what the map was made from."""

import numpy as np
import pytest

from hierlab.embeddings.resolve import resolve
from hierlab.labelmap import LabelMap
from hierlab.measures.class_similarity import own_similarity, similarity_of

VARIANTS = ("ViT-B-32:openai", "RN50:openai")
KEYS = ["n02123045", "n02129165", "n02088364", "n04398044"]


def make_map(source: dict[str, object] | None) -> LabelMap:
    plain = LabelMap.from_labels(KEYS, {"coarse": [0, 0, 0, 1]})
    provenance = {} if source is None else {"source": source}
    return LabelMap("map", plain.classes, plain.levels, provenance)


def cosines(variant: str) -> np.ndarray:
    vectors = resolve(variant, make_map(None).classes, source="table").vectors
    centred = vectors - vectors.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return unit @ unit.T


def test_a_consensus_is_as_alike_as_its_encoders_find_on_average() -> None:
    listed = [{"variant": variant} for variant in VARIANTS]
    found = similarity_of(make_map({"kind": "consensus", "encoders": listed}))
    assert found is not None
    assert found.about == "centred cosine of 2 encoders' text prototypes"
    np.testing.assert_allclose(found.matrix, sum(map(cosines, VARIANTS)) / 2)


@pytest.mark.parametrize("source", [None, {"kind": "file"}, {"encoders": [{"variant": "none"}]}])
def test_wordnet_stands_in_where_nothing_else_is_known(source: dict[str, object] | None) -> None:
    found = similarity_of(make_map(source))
    assert found is not None
    assert "Wu-Palmer" in found.about


def test_a_map_is_like_what_it_was_made_from_and_never_like_wordnet_unasked() -> None:
    listed = [{"variant": variant} for variant in VARIANTS]
    found = own_similarity(make_map({"kind": "consensus", "encoders": listed}))
    assert found is not None
    np.testing.assert_allclose(found.matrix, sum(map(cosines, VARIANTS)) / 2)
    found = own_similarity(make_map({"kind": "wordnet", "version": "3.0"}))
    assert found is not None
    assert "Wu-Palmer" in found.about
    for unknown in (None, {"kind": "file"}, {"encoders": [{"variant": "none"}]}):
        found = own_similarity(make_map(unknown))
        assert found is not None
        assert found.about == "levels that two classes share"
        np.testing.assert_array_equal(found.matrix[0], [1, 1, 1, 0])
