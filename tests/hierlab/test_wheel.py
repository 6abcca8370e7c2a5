"""The wheel carries its data and works from any folder, in an environment that has nothing else.

The base is installed anew from a package index. For the extras, which are gigabytes, the packages
that the wheel's own metadata asks for, and those that these ask for, are linked from where the
tests run: that shows that the declared packages suffice, not that an index has them.
"""

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution, distribution
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # an install, beside other tests
NO_INDEX = ("Could not find a version", "No matching distribution", "Failed to establish")
SHIPPED = "vit-b-32-consensus-10-100-1000"


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


def needed(wheel: Path, extra: str) -> dict[str, Distribution]:
    """Installed packages that `wheel` asks for with an extra, and those that they ask for."""
    own = zipfile.Path(wheel, f"{'-'.join(wheel.name.split('-')[:2])}.dist-info/")
    lines = PathDistribution(own).requires or ()
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(line), extra) for line in lines]
    while waiting:
        requirement, wanted = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": wanted}):
            continue
        for inner in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, inner))
            if name == "hierlab":
                waiting += [(Requirement(line), inner) for line in lines]
                continue
            try:
                found[name] = distribution(name)
            except PackageNotFoundError:
                pytest.skip(f"{name} is not installed: pip install 'hierlab[{extra}]'")
            waiting += [(Requirement(line), inner) for line in found[name].requires or ()]
    return found


@pytest.fixture(scope="module")
def with_extra(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes an environment with the wheel and what one extra declares; gives its `bin`."""

    def make(extra: str) -> Path:
        folder = tmp_path_factory.mktemp(extra) / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
        for package in needed(wheel, extra).values():
            for file in package.files or ():
                source = Path(str(package.locate_file(file)))
                if ".." in file.parts or source.suffix == ".pyc" or not source.is_file():
                    continue
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                (site / file).symlink_to(source)
                compiled = Path(cache_from_source(str(source)))
                if source.suffix == ".py" and compiled.is_file():
                    again = Path(cache_from_source(str(site / file)))
                    again.parent.mkdir(exist_ok=True)
                    again.symlink_to(compiled)
        python = str(folder / "bin" / "python")
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q"]
        subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
        return folder / "bin"

    return make


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
        "codec_plugin/data/photograph_sets/nips17.csv",
        "codec_plugin/results/photographs.csv.gz",
        "app/main.py",
    ):
        assert wanted in names
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not any("tests/" in name for name in names)
    arrays = {name for name in names if name.endswith(".npz")}
    assert arrays == {"hierlab/_shipped/data/wordnet/nouns.npz"}  # no vectors of others' models


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
        "from hierlab.utils.files import studies_path\n"
        "from hierlab.study.store import StudyStore\n"
        "print(find.find_spec('torch'), hierlab.__file__)\n"
        "with StudyStore(studies_path('clip')) as study: print(len(study.grid.encoders))"
    )
    where, encoders = run(str(clean / "python"), "-c", code, cwd=tmp_path).splitlines()
    absent, home = where.split(maxsplit=1)
    assert absent == "None"
    assert Path(home).is_relative_to(clean.parent)
    assert int(encoders) == 7


IMPORT_ALL = """
import importlib, pkgutil, sys
for top in sys.argv[1].split(","):
    package = importlib.import_module(top)
    assert "venv" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, top + "."):
        if not (module.name.startswith(tuple(sys.argv[2:])) or module.name.endswith("__main__")):
            importlib.import_module(module.name)
"""


def test_the_codec_works_with_what_its_extra_declares(
    with_extra: Callable[[str], Path], repository: Path, tmp_path: Path
):
    clean = with_extra("codec")
    python, c2f = str(clean / "python"), str(clean / "c2f")
    adapter = "codec_plugin.compressai_model"
    run(python, "-c", IMPORT_ALL, "hierlab,codec_plugin", adapter, cwd=tmp_path)
    absent = (
        "import importlib.util as u; print(u.find_spec('streamlit'), u.find_spec('compressai'))"
    )
    assert run(python, "-c", absent, cwd=tmp_path).split() == ["None", "None"]
    photo = repository / "codec_plugin" / "photos" / "chelsea.png"
    run(c2f, "encode", str(photo), "-o", "a.c2f", cwd=tmp_path)
    run(c2f, "cut", "a.c2f", "--bytes", "900", "-o", "head.c2f", cwd=tmp_path)
    run(c2f, "decode", "head.c2f", "-o", "head.png", cwd=tmp_path)
    assert (tmp_path / "head.c2f").stat().st_size <= 900
    assert (tmp_path / "head.png").stat().st_size > 0
    assert "mammal" in run(c2f, "classify", "a.c2f", cwd=tmp_path)


def test_the_app_opens_with_what_its_extra_declares(
    with_extra: Callable[[str], Path], tmp_path: Path
):
    clean = with_extra("app")
    python = str(clean / "python")
    # The parts of the Codec page need torch; the page itself says so where it is missing.
    run(python, "-c", IMPORT_ALL, "app", "app.codec_page.", cwd=tmp_path)
    opened = (
        "import importlib.util as u, app.main\n"
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file(app.main.__file__, default_timeout=120).run()\n"
        "assert not page.exception, page.exception\n"
        "script = 'import app.views.codec; app.views.codec.render()'\n"
        "lacking = AppTest.from_string(script, default_timeout=120).run()\n"
        "assert not lacking.exception, lacking.exception\n"
        "assert 'hierlab[codec]' in lacking.info[0].value, lacking.main\n"
        "print(u.find_spec('torch'), len(page.markdown) > 0)"
    )
    assert run(python, "-c", opened, cwd=tmp_path).split() == ["None", "True"]
