"""Classifiers: real weights in the right geometry, and refusals in a sentence."""

from pathlib import Path

import numpy as np
import pytest
import torch

from codec_plugin.classifiers import load_classifier
from codec_plugin.classifiers.class_columns import class_columns
from codec_plugin.classifiers.registry import FOLDER_VARIABLE, available_classifiers
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.errors import ClassifierError, HierarchyMismatchError
from codec_plugin.evaluation.recognition import Recogniser
from tests.codec_plugin.semantic import CLASS_IDS, small_classifier, small_hierarchy

PHOTOS = Path(__file__).resolve().parents[3] / "codec_plugin" / "photos"


def photograph(name: str) -> torch.Tensor:
    from PIL import Image

    pixels = np.asarray(Image.open(PHOTOS / name).convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


@pytest.mark.parametrize("number", [0, 1, 2])
def test_lite_knows_a_cat_and_a_cup(number: int) -> None:
    classifier = load_classifier(f"efficientnet-lite{number}")
    hierarchy = load_hierarchy("vit-b-32-topdown-10-100-1000")
    recogniser = Recogniser(classifier, hierarchy)
    cat = recogniser.answer(photograph("chelsea.png"))
    cats = {"n02123045", "n02123159", "n02123394", "n02123597", "n02124075"}
    assert hierarchy.class_ids[cat.fine_class] in cats
    cup = recogniser.answer(photograph("coffee.png"))
    drinks = {"espresso", "cup", "coffee mug", "eggnog", "coffeepot"}
    assert hierarchy.class_names[cup.fine_class].lower() in drinks
    assert cat.clusters[0] != cup.clusters[0]
    assert cat.confidences[0] >= cat.confidences[-1]  # a sum is at least its largest term


def test_batch_norms_folded_change_nothing() -> None:
    import timm

    from codec_plugin.classifiers.timm_models import fold_batch_norms

    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = network(x)
        fold_batch_norms(network)
        assert torch.allclose(network(x), before, atol=1e-4)


def test_a_classifier_stays_frozen_and_in_evaluation_mode() -> None:
    classifier = small_classifier()
    classifier.train()
    assert not classifier.training
    assert not any(p.requires_grad for p in classifier.parameters())


def test_gradients_reach_the_picture() -> None:
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    small_classifier()(image).square().sum().backward()
    assert image.grad is not None
    assert float(image.grad.abs().sum()) > 0


@pytest.mark.parametrize(
    ("side", "expected"), [(64, (64, 64)), (73, (64, 64)), (40, (64, 64)), (300, (64, 64))]
)
def test_any_size_becomes_the_networks(side: int, expected: tuple[int, int]) -> None:
    prepared = small_classifier().prepare(torch.rand(1, 3, side, side))
    assert prepared.shape[-2:] == expected


@pytest.mark.parametrize("side", [256, 400, 129])
def test_the_crop_keeps_seven_eighths_of_the_side(side: int) -> None:
    """A white frame of so much of each side is seen, or is not, as 6.25 % are cut away."""

    def edge(share: float) -> float:
        image = torch.zeros(1, 3, side, side)
        width = round(share * side)
        image[..., :width, :] = image[..., :, :width] = 1
        image[..., -width:, :] = image[..., :, -width:] = 1
        return float(small_classifier().prepare(image)[..., 1:-1, 1:-1].mean())

    assert edge(0.05) < 0.01
    expected = 1 - ((1 - 2 * 0.2) / 0.875) ** 2  # of the crop, the frame's share
    assert edge(0.2) == pytest.approx(expected, abs=0.05)


def test_a_subset_of_classes_in_another_order_works_by_id() -> None:
    hierarchy = small_hierarchy()
    others = ("n00000001", *reversed(CLASS_IDS), "n00000002")
    same = small_classifier(others)
    columns = class_columns(hierarchy, same.class_ids).columns
    assert [others[int(c)] for c in columns] == list(CLASS_IDS)
    posterior = Recogniser(same, hierarchy).posterior(torch.rand(3, 64, 64))
    assert float(posterior.sum()) == pytest.approx(1, abs=1e-5)


def test_a_class_that_the_classifier_lacks_is_named() -> None:
    with pytest.raises(HierarchyMismatchError, match="n03062245"):
        Recogniser(small_classifier(CLASS_IDS[:-1]), small_hierarchy())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("efficientnet-lite7", "lite 0, 1 and 2"),
        ("no-such-network", "unknown"),
        ("squeezenet:/nowhere.npz", "does not exist"),
        ("darknet:/nowhere.npz", "does not exist"),
        ("resnet18@/nowhere.pth", "does not exist"),
        ("onnx:/nowhere", "unknown kind"),
    ],
)
def test_what_cannot_be_had_is_told(name: str, message: str) -> None:
    with pytest.raises(ClassifierError, match=message):
        load_classifier(name)


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.npz"
    np.savez(file, a=np.zeros(3))
    with pytest.raises(ClassifierError, match="not the weights"):
        load_classifier(f"squeezenet:{file}")
    file.write_bytes(b"PK\x03\x04garbage")
    with pytest.raises(ClassifierError, match="not the weights"):
        load_classifier(f"squeezenet:{file}")


@pytest.mark.parametrize(
    "name", ["squeezenet:squeezenet10_deepcompression.npz", "darknet:darknet_tiny.npz"]
)
def test_networks_from_files_recognise_photographs(name: str, shared_data: Path) -> None:
    """At least 10 of 24 labelled photographs; their published top-1 is near 60 %, chance 0.1 %."""
    from codec_plugin.data.image_folder import ImageFolder

    kind, _, file = name.partition(":")
    classifier = load_classifier(f"{kind}:{shared_data / 'classifiers' / file}")
    hierarchy = load_hierarchy("vit-b-32-topdown-10-100-1000")
    folder = ImageFolder(shared_data / "images" / "test", hierarchy.index, cache=False)
    recogniser = Recogniser(classifier, hierarchy)
    numbers = range(0, len(folder), len(folder) // 24)[:24]
    right = [recogniser.answer(folder.tensor(n)).fine_class == folder.labels[n] for n in numbers]
    assert sum(right) >= 10
    images = folder.tensor(0)[None]
    logits, maps = classifier.logits_and_features(images)
    assert torch.equal(logits, classifier.logits(images))
    assert len(maps) == 3
    assert all(found.shape[1] >= 256 and found.shape[-1] < 64 for found in maps)


def test_those_whose_weights_are_here_stand_in_for_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    available_classifiers.cache_clear()
    assert available_classifiers("efficientnet-lite0,squeezenet,darknet") == "efficientnet-lite0"
    assert available_classifiers("squeezenet,darknet") == "squeezenet,darknet"  # to be told so
