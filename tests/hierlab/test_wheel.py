"""The wheel carries its data and works from any folder."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_carries_data_hierarchies_and_licences(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "hierlab/_shipped/data/classes/imagenet-1k.json",
        "hierlab/_shipped/data/wordnet/LICENSE",
        "hierlab/_shipped/data/tables/README.md",
        "hierlab/_shipped/hierarchies/vit-b-32-topdown-10-100-1000.json",
        "hierlab/plots/_tree.html",
        "codec_plugin/train/presets/compact.toml",
        "app/main.py",
    ):
        assert wanted in names
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not any("tests/" in name or name.endswith(".npz") for name in names)


def test_the_installed_wheel_builds_from_another_folder(wheel: Path, tmp_path: Path):
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    code = (
        "import json, hierlab\n"
        "label_map = hierlab.build(clip='ViT-B-32', k=(10, 100))\n"
        "print(json.dumps([hierlab.__file__, label_map.nested]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    home, nested = json.loads(done.stdout)
    assert Path(home).is_relative_to(site)
    assert nested
