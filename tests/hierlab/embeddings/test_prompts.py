"""Prompt sets and files of templates."""

import importlib.util

import pytest

from hierlab.embeddings.prompt_templates import load_prompts
from hierlab.errors import PrototypeError


def test_sets():
    assert load_prompts("photo").texts("tabby") == ["a photo of a tabby"]
    assert load_prompts("name").texts("tabby") == ["tabby"]


@pytest.mark.parametrize(("name", "count"), [("80", 80), ("7", 7)])
def test_open_clips_sets(name, count):
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed: pip install 'hierlab[clip]'")
    templates = load_prompts(name).templates
    assert len(templates) == len(set(templates)) == count
    assert all(template.count("{}") == 1 for template in templates)


def test_file(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("a {} here\n\nno {} there\n")
    found = load_prompts(path)
    assert found.name == "mine"
    assert found.texts("cat") == ["a cat here", "no cat there"]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"no place", b"{} and {}", b"\xff{}"])
def test_bad_files(content, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(PrototypeError, match=r"mine\.txt"):
        load_prompts(path)


def test_unknown_set():
    with pytest.raises(PrototypeError, match="no prompt set"):
        load_prompts("81")
