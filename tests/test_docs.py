"""What the pages say can be pasted: Python runs, commands and their options exist."""

import re
import shlex
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

from codec_plugin.evaluation.codecs import registry

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "hierarchies/README.md"]
COMMAND = re.compile(r"^    (hierlab|c2f) (.*)$", re.MULTILINE)


def python_blocks() -> list[tuple[str, str]]:
    """(page, block) of every ```python in the pages."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
            found.append((page.name, block))
    return found


@pytest.mark.parametrize(("page", "block"), python_blocks())
def test_python_of_the_pages_runs(page: str, block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    if "@codec(" in block:  # what it registers must not meet or outlive what other tests register
        monkeypatch.setattr(registry, "_CODECS", {})
    if "compressai" in block:
        if find_spec("compressai") is None:
            pytest.skip("CompressAI is not installed: pip install 'hierlab[compressai]'")
        warnings.simplefilter("ignore")  # its torch_geometric uses what torch has deprecated
    if "@register_" in block:
        compile(block, page, "exec")  # it would stay registered for the tests that follow
    else:
        exec(compile(block, page, "exec"), {})


def commands() -> list[tuple[str, str, str]]:
    """(page, program, line) of every command line, those that go on joined."""
    found = []
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        for program, line in COMMAND.findall(text):
            found.append((page.name, program, line.split("   #")[0]))
    return found


def known_options(program: str) -> dict[str, set[str]]:
    """Options of every subcommand."""
    import typer.main

    if program == "hierlab":
        from hierlab.cli import app
    else:
        from codec_plugin.cli import build_app

        app = build_app(None)
    command = typer.main.get_command(app)
    names = command.commands  # type: ignore[attr-defined]
    return {
        name: {flag for p in sub.params for flag in (*p.opts, *p.secondary_opts)}
        for name, sub in names.items()
    }


@pytest.mark.parametrize("program", ["hierlab", "c2f"])
def test_commands_of_the_pages_exist(program: str) -> None:
    options = known_options(program)
    shown = [(page, line) for page, name, line in commands() if name == program]
    assert len(shown) > 10
    for page, line in shown:
        name, *words = shlex.split(line)
        assert name in options, f"{page}: {program} {name}"
        flags = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
        unknown = set(flags) - options[name] - {"--help"}
        assert not unknown, f"{page}: {program} {line}: {unknown}"


def named_files() -> list[tuple[str, str]]:
    """(page, path) of every file or folder of the checkout that a page names."""
    place = re.compile(
        r"`((?:hierlab|codec_plugin|app|tests|benchmarks|docs|hierarchies)/[^`*{}\s]+)`"
    )
    pages = [*PAGES, ROOT / "CONTRIBUTING.md"]
    return sorted({(page.name, name) for page in pages for name in place.findall(page.read_text())})


@pytest.mark.parametrize(("page", "name"), named_files())
def test_files_that_the_pages_name_exist(page: str, name: str) -> None:
    kind = re.sub(r"NAME\.\w+$", "", name)  # `folder/NAME.py` is a file that a reader would add
    assert (ROOT / kind).exists(), f"{page} names {name}"
