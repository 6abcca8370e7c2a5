"""The hybrid of vectors and WordNet: its ranks, its two ends, what it refuses."""

import numpy as np
import pytest

from hierlab.assembly import build
from hierlab.builders import BuildInput, get_builder
from hierlab.builders.hybrid import wordnet_ranks
from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.errors import BuilderError
from hierlab.measures.pair_statistics import pair_means
from hierlab.wordnet.taxonomy import Taxonomy
from hierlab.wordnet.wu_palmer import wu_palmer


def _some(count=120):
    """Every eighth class of ImageNet-1K, with random vectors."""
    whole = load_classes("imagenet-1k")
    rows = range(0, 8 * count, 8)
    classes = ClassList("custom", *(tuple(x[at] for at in rows) for x in (whole.ids, whole.names)))
    vectors = np.random.default_rng(0).standard_normal((count, 12))
    return classes, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _built(weight):
    classes, vectors = _some()
    inputs = BuildInput(classes, vectors=vectors, taxonomy=Taxonomy.shipped())
    return classes, get_builder("hybrid")(inputs, k=(4, 20), seed=0, weight=weight)


def test_ties_of_wordnet_are_broken_by_the_vectors():
    similarity = np.full((3, 3), 0.5)
    rows = np.array([[1.0, 0], [-1, 0.1], [1, 0.2]])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert wordnet_ranks(similarity, rows)[0].tolist() == [0, 2, 1]
    similarity[0, 1] = 0.9
    assert wordnet_ranks(similarity, rows)[0].tolist() == [0, 1, 2]


def test_without_wordnet_it_is_the_consensus_method():
    classes, labels = _built(0.0)
    inputs = BuildInput(classes, vectors=_some()[1])
    alone = get_builder("consensus")(inputs, k=(4, 20), seed=0)
    assert all(np.array_equal(a, b) for a, b in zip(labels, alone, strict=True))


def test_more_weight_of_wordnet_gives_more_wu_palmer_inside():
    similarity = wu_palmer(Taxonomy.shipped(), _some()[0].ids, "nltk")
    within = [pair_means(_built(weight)[1][1], similarity).within for weight in (0, 0.5, 1)]
    assert within[0] < within[1] < within[2]


def test_levels_nest():
    coarse, fine = _built(0.5)[1]
    assert len(set(zip(coarse.tolist(), fine.tolist(), strict=True))) == 20


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_outside_its_range_is_refused(weight):
    with pytest.raises(BuilderError, match="between 0 and 1"):
        _built(weight)


def test_classes_that_wordnet_does_not_know_are_refused():
    names = ("alpha", "beta", "gamma")
    inputs = BuildInput(ClassList("custom", names, names), vectors=np.eye(3))
    with pytest.raises(BuilderError, match="WordNet knows by id"):
        get_builder("hybrid")(inputs, k=(2,), seed=0)


def test_the_map_says_what_made_it():
    label_map = build(clip="ViT-B-32", method="hybrid", k=(10,), parameters={"weight": 0.5})
    assert label_map.provenance["method"] == "hybrid"
    assert label_map.provenance["parameters"] == {"weight": 0.5}
