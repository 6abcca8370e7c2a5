"""A classifier's outputs as the classes of a label map: by key, by name, by kind."""

from dataclasses import replace

import pytest
import torch

from codec_plugin.classifiers.class_columns import class_columns
from codec_plugin.data.label_hierarchy import Hierarchy
from codec_plugin.errors import HierarchyMismatchError
from codec_plugin.evaluation.recognition import Recogniser
from tests.codec_plugin.semantic import CLASS_IDS, small_classifier, small_hierarchy


def own_map(*names: str) -> Hierarchy:
    """A map whose keys are class names, one level of a cluster each."""
    return Hierarchy(
        id="ef" * 32,
        name="own",
        class_ids=names,
        class_names=names,
        level_names=("level",),
        labels=torch.arange(len(names))[None],
        cluster_names=(names,),
    )


def test_columns_follow_the_classifiers_order() -> None:
    columns = class_columns(small_hierarchy(), CLASS_IDS[::-1])
    assert columns.columns.tolist() == [5, 4, 3, 2, 1, 0]
    p = torch.rand(2, 6)
    assert torch.equal(columns(p), p[:, [5, 4, 3, 2, 1, 0]])


def test_a_class_that_the_classifier_lacks_is_named() -> None:
    hierarchy = replace(small_hierarchy(), class_ids=(*CLASS_IDS[:-1], "n00000000"))
    hierarchy = replace(hierarchy, class_names=(*hierarchy.class_names[:-1], "gizmo"))
    with pytest.raises(HierarchyMismatchError, match=r"not n00000000 \(gizmo\); .*classifier=none"):
        class_columns(hierarchy, CLASS_IDS)


def test_names_are_the_outputs_of_their_kind() -> None:
    columns = class_columns(own_map("golden_retriever", "cat", "fish"), CLASS_IDS)
    p = torch.tensor([[0.1, 0.2, 0.3, 0.05, 0.15, 0.2]])  # tench, goldfish, tabby, tiger cat, …
    assert torch.allclose(columns(p), torch.tensor([[0.15, 0.3 + 0.05, 0.1 + 0.2]]))


def test_the_narrower_class_keeps_its_outputs() -> None:
    columns = class_columns(own_map("animal", "tabby", "cat"), CLASS_IDS)
    p = torch.tensor([[0.1, 0.2, 0.3, 0.05, 0.15, 0.2]])
    assert torch.allclose(columns(p), torch.tensor([[0.1 + 0.2 + 0.15, 0.3, 0.05]]))


def test_the_maps_own_synsets_come_before_names() -> None:
    crossed = replace(own_map("cat", "fish"), synsets=("fish.n.01", "cat.n.01"))
    columns = class_columns(crossed, CLASS_IDS)
    p = torch.tensor([[0.1, 0.2, 0.3, 0.05, 0.15, 0.2]])
    assert torch.allclose(columns(p), torch.tensor([[0.1 + 0.2, 0.3 + 0.05]]))


def test_a_recogniser_answers_in_the_maps_own_classes() -> None:
    posterior = Recogniser(small_classifier(), own_map("cat", "fish")).posterior(
        torch.rand(3, 64, 64)
    )
    assert posterior.shape == (2,)
    assert float(posterior.sum()) == pytest.approx(1, abs=1e-5)
