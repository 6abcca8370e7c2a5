"""Several classifiers that answer as one."""

import pytest
import torch

from codec_plugin.classifiers import load_classifier
from codec_plugin.classifiers.ensemble import Ensemble
from codec_plugin.errors import ClassifierError
from tests.codec_plugin.semantic import CLASS_IDS, small_classifier


def test_the_answer_is_the_mean_of_log_posteriors_by_class_key() -> None:
    one = small_classifier(seed=1)
    other = small_classifier((*CLASS_IDS[::-1], "n00000001"), seed=2)
    both = Ensemble([one, other])
    assert both.class_ids == CLASS_IDS
    images = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    theirs = other.logits(images).log_softmax(1)
    columns = [other.class_ids.index(key) for key in CLASS_IDS]
    wanted = (one.logits(images).log_softmax(1) + theirs[:, columns]) / 2
    torch.testing.assert_close(both.logits(images), wanted)
    torch.testing.assert_close(both(images), wanted)
    assert all(not parameter.requires_grad for parameter in both.parameters())


def test_members_prepare_for_themselves() -> None:
    one, other = small_classifier(seed=1), small_classifier(seed=2)
    other.input_size = 32
    images = torch.rand(1, 3, 90, 80, generator=torch.Generator().manual_seed(0))
    wanted = (one(images).log_softmax(1) + other(images).log_softmax(1)) / 2
    torch.testing.assert_close(Ensemble([one, other])(images), wanted)


def test_inner_maps_are_those_of_all_members() -> None:
    lite = load_classifier("efficientnet-lite0")
    both = Ensemble([lite, load_classifier("efficientnet-lite1")])
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    logits, maps = both.logits_and_features(images)
    torch.testing.assert_close(logits, both.logits(images))
    torch.testing.assert_close(maps[0], lite.logits_and_features(images)[1][0])
    assert [found.shape[-1] for found in maps] == [8, 4, 2] * 2  # strides 8, 16, 32


def test_a_member_without_inner_maps_is_named() -> None:
    both = Ensemble([load_classifier("efficientnet-lite0"), small_classifier()])
    with pytest.raises(ClassifierError, match="'small' has no inner features"):
        both.logits_and_features(torch.rand(1, 3, 64, 64))


def test_classifiers_without_a_common_class_are_refused() -> None:
    with pytest.raises(ClassifierError, match="share no class"):
        Ensemble([small_classifier(), small_classifier(("a", "b"))])


def test_names_with_commas_make_an_ensemble(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(load_classifier("efficientnet-lite0,efficientnet-lite1"), Ensemble)
    monkeypatch.delenv("C2F_CLASSIFIERS", raising=False)
    with pytest.raises(ClassifierError, match=r"squeezenet:FILE\.npz"):
        load_classifier("efficientnet-lite0,squeezenet")
