"""Quantised classifiers: the networks of two releases, on photographs, for measuring only."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from codec_plugin.classifiers import load_classifier
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.errors import ClassifierError
from codec_plugin.evaluation.demo import demo_photo
from codec_plugin.evaluation.identity import classifier_identity
from codec_plugin.evaluation.recognition import Recogniser

NETWORKS = ("mobilenet_v1_0.75_192_quant.tflite", "tf2_mobilenet_v2_1.0_224_ptq.tflite")
needs_interpreter = pytest.mark.skipif(
    find_spec("ai_edge_litert") is None,
    reason="needs ai-edge-litert: pip install 'hierlab[tflite]'",
)


@needs_interpreter
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_recognise_photographs(name: str, shared_data: Path) -> None:
    """At least 10 of 24 labelled photographs: chance is 0.1 %, so columns and crops are right."""
    from codec_plugin.data.image_folder import ImageFolder

    classifier = load_classifier(f"tflite:{shared_data / 'classifiers' / name}")
    hierarchy = load_hierarchy("vit-b-32-topdown-10-100-1000")
    folder = ImageFolder(shared_data / "images" / "test", hierarchy.index, cache=False)
    recogniser = Recogniser(classifier, hierarchy)
    numbers = range(0, len(folder), len(folder) // 24)[:24]
    right = [recogniser.answer(folder.tensor(n)).fine_class == folder.labels[n] for n in numbers]
    assert sum(right) >= 10
    pixels = torch.from_numpy(demo_photo("chelsea").copy()).permute(2, 0, 1).float() / 255
    cat = recogniser.answer(pixels)
    assert hierarchy.class_ids[cat.fine_class].startswith(
        "n0212"
    )  # cats are n02123045 to n02124075
    assert 0.1 < cat.confidences[0] <= 1


@needs_interpreter
def test_two_networks_have_two_identities(shared_data: Path) -> None:
    """They hold no tensors of ours, so the file itself must tell them apart."""
    loaded = [load_classifier(f"tflite:{shared_data / 'classifiers' / name}") for name in NETWORKS]
    assert len({classifier_identity(one) for one in loaded}) == 2


@needs_interpreter
def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(b"no network at all")
    with pytest.raises(ClassifierError, match="not a TensorFlow Lite network"):
        load_classifier(f"tflite:{tmp_path / 'a.tflite'}")
    with pytest.raises(ClassifierError, match="does not exist"):
        load_classifier("tflite:/nowhere.tflite")
