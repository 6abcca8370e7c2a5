"""The wheel carries its data and works from any folder, in an environment that has nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # an install, beside other tests
NO_INDEX = ("Could not find a version", "No matching distribution", "Failed to establish")
SHIPPED = "vit-b-32-topdown-10-100-1000"


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def clean(wheel: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of a new environment with the wheel and its base dependencies, and no more."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    constraints = ("--constraint", str(repository / "constraints.txt"))
    install = [str(folder / "bin" / "pip"), "install", "-q", "--no-compile", *constraints]
    done = subprocess.run([*install, str(wheel)], capture_output=True, text=True, check=False)
    if any(sign in done.stderr for sign in NO_INDEX):
        pytest.skip("needs a package index for the base dependencies")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def run(*command: str, cwd: Path) -> str:
    """Run in `cwd` with an environment that knows nothing of this checkout; its output."""
    kept = {key: os.environ[key] for key in ("PATH", "OMP_NUM_THREADS") if key in os.environ}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_carries_data_hierarchies_studies_and_licences(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "hierlab/_shipped/data/classes/imagenet-1k.json",
        "hierlab/_shipped/data/wordnet/LICENSE",
        "hierlab/_shipped/data/tables/README.md",
        f"hierlab/_shipped/hierarchies/{SHIPPED}.json",
        "hierlab/_shipped/studies/clip/study.json",
        "hierlab/_shipped/studies/clip/cells.sqlite",
        "hierlab/plots/_tree.html",
        "codec_plugin/train/presets/compact.toml",
        "app/main.py",
    ):
        assert wanted in names
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not any("tests/" in name or name.endswith(".npz") for name in names)


def test_the_commands_work_where_only_the_wheel_is(clean: Path, repository: Path, tmp_path: Path):
    hierlab = str(clean / "hierlab")
    run(hierlab, "build", "--clip", "ViT-B-32", "--name", SHIPPED, "-o", "mine.json", cwd=tmp_path)
    built = (tmp_path / "mine.json").read_bytes()
    assert built == (repository / "hierarchies" / f"{SHIPPED}.json").read_bytes()
    assert "tabby cat" in run(hierlab, "show", "mine.json", "--class", "tabby", cwd=tmp_path)
    assert "nltk" in run(hierlab, "measure", "mine.json", cwd=tmp_path)
    assert "ARI" in run(hierlab, "compare", "mine.json", "wordnet-k-10-100-1000", cwd=tmp_path)
    assert "pip install 'hierlab[clip]'" in run(hierlab, "list", cwd=tmp_path)
    run(hierlab, "plot", "mine.json", "-o", "tree.png", cwd=tmp_path)
    run(hierlab, "export", "mine.json", "--to", "csv", "-o", "mine.csv", cwd=tmp_path)
    made = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert {"mine.json", "tree.png", "tree.csv", "mine.csv"} <= made


def test_the_clean_environment_has_no_torch_and_the_study_opens(clean: Path, tmp_path: Path):
    code = (
        "import importlib.util as find, hierlab\n"
        "from hierlab._files import studies_path\n"
        "from hierlab.study.store import StudyStore\n"
        "print(find.find_spec('torch'), hierlab.__file__)\n"
        "with StudyStore(studies_path('clip')) as study: print(len(study.grid.encoders))"
    )
    where, encoders = run(str(clean / "python"), "-c", code, cwd=tmp_path).splitlines()
    absent, home = where.split(maxsplit=1)
    assert absent == "None"
    assert Path(home).is_relative_to(clean.parent)
    assert int(encoders) == 7
