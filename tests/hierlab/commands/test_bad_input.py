"""Bad input, asked for on the command line: one sentence on standard error, exit 2, no file."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hierlab import cli
from hierlab.classes import MAX_CLASSES
from hierlab.datasets.class_lists import load_classes
from hierlab.utils.files import hierarchies_path

SHIPPED = hierarchies_path("vit-b-32-topdown-10-100-1000.json")


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run the command line in an empty folder; return its one sentence."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["hierlab", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        assert end.value.code == 2
        assert told.out == ""
        assert told.err.startswith("hierlab: ")
        assert len(told.err.strip().splitlines()) == 1
        assert list(work.iterdir()) == []
        return told.err

    return run


@pytest.fixture
def damaged(tmp_path: Path) -> Callable[[Callable[[dict], None]], str]:
    """Path of a shipped map after a change."""

    def write(change: Callable[[dict], None]) -> str:
        content = json.loads(SHIPPED.read_bytes())
        change(content)
        path = tmp_path / "damaged.json"
        path.write_text(json.dumps(content))
        return str(path)

    return write


@pytest.mark.parametrize("command", ["show", "measure", "export", "plot"])
def test_a_truncated_map(command, refused, tmp_path):
    path = tmp_path / "half.json"
    path.write_bytes(SHIPPED.read_bytes()[:5000])
    more = {"export": ("--to", "csv"), "plot": ("-o", "x.png")}.get(command, ())
    assert "not a JSON label map" in refused(command, str(path), *more)


def test_a_label_out_of_range(refused, damaged):
    path = damaged(lambda content: content["levels"][0]["labels"].__setitem__(17, 12))
    assert "levels[0].labels[17]: expected 0 to 9, got 12" in refused("show", path)


def test_a_newer_format_version(refused, damaged):
    path = damaged(lambda content: content.__setitem__("version", 2))
    assert "version: this tool reads version 1" in refused("compare", path, SHIPPED.stem)


@pytest.mark.parametrize(
    ("k", "told"),
    [
        ("0", "at least 1"),
        ("-5,10", "at least 1"),
        ("10,1001", "more than the 1000 classes"),
        ("100,10", "must rise"),
        ("10,10", "must rise"),
        ("", "whole numbers"),
        ("1e3", "whole numbers"),
    ],
)
def test_impossible_k(k, told, refused):
    assert told in refused("build", "--clip", "ViT-B-32", "--k", k)


def test_nan_vectors(refused, tmp_path):
    vectors = np.ones((1000, 4))
    vectors[7, 2] = np.nan
    np.savez(tmp_path / "x.npz", vectors=vectors)
    told = refused("build", "--prototypes", str(tmp_path / "x.npz"))
    assert "row 7 holds NaN or infinite values" in told


def test_the_wrong_order_of_classes(refused, tmp_path):
    known = load_classes("imagenet-1k")
    names = [known.names[1], known.names[0], *known.names[2:]]
    np.savez(tmp_path / "x.npz", vectors=np.eye(1000, 8) + 1, names=np.array(names))
    (tmp_path / "list.txt").write_text("\n".join(known.ids))
    told = refused(
        *("build", "--prototypes", str(tmp_path / "x.npz")),
        *("--classes", str(tmp_path / "list.txt")),
    )
    assert "put the rows in the order of the classes" in told


@pytest.mark.parametrize("method", ["wordnet-k", "wordnet-depth"])
def test_an_id_that_wordnet_lacks(method, refused, tmp_path):
    (tmp_path / "list.txt").write_text("n02123045\nn02123159\nn99999999\n")
    arguments = ("--method", method, "--classes", str(tmp_path / "list.txt"), "--k", "2")
    assert "'n99999999' is no noun of WordNet 3.0" in refused("build", *arguments)


def test_an_output_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("")
    output = str(tmp_path / "file" / "out.json")
    assert "cannot write" in refused("build", "--method", "wordnet-k", "-o", output)


@pytest.mark.slow
def test_a_million_classes_in_a_file(refused, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(map(str, range(MAX_CLASSES + 1))))
    told = refused("build", "--clip", "ViT-B-32", "--classes", str(listed))
    assert "at most 1000000 classes are supported" in told
    listed.write_text("\n".join(map(str, range(MAX_CLASSES))))
    told = refused("build", "--clip", "ViT-B-32", "--classes", str(listed))
    assert "at most 100000 of them, got 1000000; use spherical" in told


@pytest.mark.slow
def test_a_million_classes_in_a_map(refused, tmp_path):
    names = [f"class {number}" for number in range(MAX_CLASSES)]
    content = json.loads(SHIPPED.read_bytes())
    content["classes"] = {"set": "custom", "ids": names, "names": names}
    path = tmp_path / "huge.json"
    path.write_text(json.dumps(content))
    assert "expected 1000000 labels, one per class, got 1000" in refused("show", str(path))
