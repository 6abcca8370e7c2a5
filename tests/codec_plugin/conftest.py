"""The command line as a fixture, and a photograph to give it."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from codec_plugin import cli
from tests.codec_plugin.tiny import tiny_picture


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """`c2f …` in this process; a real one is started where pipes matter."""

    def call(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["c2f", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capfd.readouterr()
        code = stop.value.code
        return Result(0 if code is None else int(code), captured.out, captured.err)

    return call


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(tiny_picture()).save(path)
    return path
