"""The command line: quick to start, one sentence and exit 2 for bad input, nothing half-written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hierlab

HEAVY = ("torch", "open_clip", "nltk", "sklearn", "pandas", "matplotlib", "networkx", "streamlit")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from hierlab.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / "mine.json"
    done = run("build", "--clip", "ViT-B-32", "--k", "10,100,1000", "-o", str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def broken(built: Path, tmp_path: Path):
    """Write the built map with one field changed and return its path."""

    def write(**changes: object) -> Path:
        content = json.loads(built.read_bytes()) | changes
        path = tmp_path / "broken.json"
        path.write_text(json.dumps(content))
        return path

    return write


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['hierlab', '--help']\n"
        "from hierlab.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stdout


def test_building_from_tables_needs_no_torch(tmp_path: Path):
    code = (
        "import sys, hierlab\n"
        "hierlab.build(clip='ViT-B-32', k=(10, 100)).save(sys.argv[1])\n"
        "print('torch' in sys.modules, 'open_clip' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "False"]


def test_build_is_nested_complete_and_repeatable(built: Path, tmp_path: Path):
    label_map = hierlab.load_label_map(built)
    assert label_map.nested
    assert [level.k for level in label_map] == [10, 100, 1000]
    again = tmp_path / "again.json"
    done = run("build", "--clip", "ViT-B-32", "--k", "10,100,1000", "-o", str(again))
    assert done.returncode == 0
    assert again.read_bytes() == built.read_bytes()


def test_python_and_command_line_agree(built: Path):
    assert hierlab.build(clip="ViT-B-32", k=(10, 100, 1000)).encode() == built.read_bytes()


def test_show_finds_classes_clusters_and_levels(built: Path):
    assert "tabby" in run("show", str(built), "--class", "tabby").stdout
    report = json.loads(run("show", str(built), "--level", "coarse", "--json").stdout)
    assert report[0]["k"] == 10
    assert sum(cluster["size"] for cluster in report[0]["clusters"]) == 1000
    one = json.loads(run("show", str(built), "--cluster", "0", "--json").stdout)
    assert one["size"] == len(one["members"])


def test_measure_compare_plot_export_import(built: Path, tmp_path: Path):
    measured = json.loads(run("measure", str(built), "--json").stdout)
    assert (measured["classes"], measured["shape"]["nested"]) == (1000, True)
    assert [level["k"] for level in measured["shape"]["levels"]] == [10, 100, 1000]
    assert measured["consistency"][0]["levels"][0]["lift"] > 0.1
    assert {row["grouping"] for row in measured["people"]} >= {"geirhos16", "entity13"}
    compared = run("compare", str(built), "wordnet-k-10-100-1000")
    assert compared.returncode == 0
    assert "ARI" in compared.stdout
    plotted = run("plot", str(built), "-o", str(tmp_path / "tree.png"))
    assert plotted.returncode == 0, plotted.stderr
    assert (tmp_path / "tree.png").read_bytes().startswith(b"\x89PNG")
    exported = run("export", str(built), "--to", "csv", "-o", str(tmp_path / "mine.csv"))
    assert exported.returncode == 0, exported.stderr
    back = run(
        "import", str(tmp_path / "mine.csv"), "--from", "csv", "-o", str(tmp_path / "back.json")
    )
    assert back.returncode == 0, back.stderr
    labels = hierlab.load_label_map(tmp_path / "back.json").levels[0].labels
    assert np.array_equal(labels, hierlab.load_label_map(built).levels[0].labels)


def test_list_names_what_is_here():
    found = json.loads(run("list", "--json").stdout)
    assert "topdown" in [item["name"] for item in found["methods"]]
    assert any(item["name"].startswith("ViT-B-32") for item in found["variants"])
    assert "wordnet-k-10-100-1000" in [item["name"] for item in found["hierarchies"]]
    assert all(item["about"] for kind in found.values() for item in kind)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--clip", "ViT-B-32", "--k", "0,10"), "at least 1 cluster"),
        (("--clip", "ViT-B-32", "--k", "10,1001"), "more than the 1000 classes"),
        (("--clip", "ViT-B-32", "--k", "100,10"), "must rise"),
        (("--clip", "ViT-B-32", "--k", "10,10"), "must rise"),
        (("--clip", "ViT-B-32", "--k", "ten"), "whole numbers"),
        (("--clip", "ViT-B-32", "--method", "magic"), "no method 'magic'"),
        (("--clip", "ViT-B-32", "--set", "depth=3"), "no parameter 'depth'"),
        (("--clip", "ViT-B-32", "--set", "depth"), "name=value"),
        (("--clip", "ViT-Z-99", "--from", "table"), "ViT-Z-99"),
        (("--classes", "no-such-list.txt", "--clip", "ViT-B-32"), "no-such-list.txt"),
        (("--prototypes", "no-such-file.npz"), "no-such-file.npz"),
        ((), "--clip"),
    ],
)
def test_bad_build_is_one_sentence_and_exit_2(
    arguments: tuple[str, ...], words: str, tmp_path: Path
):
    done = run("build", *arguments, "-o", "out.json", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_unwritable_output_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = run("build", "--clip", "ViT-B-32", "-o", str(tmp_path / "file" / "out.json"))
    assert done.returncode == 2
    assert done.stderr.startswith("hierlab: cannot write")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_that_are_not_numbers_are_refused(value: float, tmp_path: Path):
    vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype(np.float32)
    vectors[3, 2] = value
    np.savez(tmp_path / "bad.npz", vectors=vectors)
    done = run("build", "--prototypes", str(tmp_path / "bad.npz"), "-o", str(tmp_path / "o.json"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_damaged_map_is_named_by_field(broken):
    assert "version" in run("show", str(broken(version=2))).stderr
    assert "nested" in run("show", str(broken(nested=False))).stderr
    done = run("show", str(broken(levels=[])))
    assert done.returncode == 2
    assert "levels" in done.stderr


def test_a_truncated_map_is_one_sentence(built: Path, tmp_path: Path):
    (tmp_path / "half.json").write_bytes(built.read_bytes()[:5000])
    done = run("measure", str(tmp_path / "half.json"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_output_to_a_closed_pipe_is_silent(built: Path):
    command = f"{sys.executable} -m hierlab show {built} --level fine | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_list_of_ones_own_says_how_it_was_read(tmp_path: Path):
    (tmp_path / "a.csv").write_text(
        "no;thing;what;size\n7;dogs;;1\n8;bat;bat.n.05;2\n9;goose;grey.goose.n.99;3\n"
    )
    columns = ("--key", "no", "--name-column", "thing", "--synset-column", "what")
    options = ("--classes", "a.csv", "--method", "wordnet-k", "--k", "2", "-o", "a.json")
    done = run("build", *options, *columns, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    read = (
        "semicolons: key in column 'no', name in column 'thing', synset in column 'what'; "
        "columns 'size' left aside"
    )
    lost = "1 synsets of the list are not in WordNet 3.0, such as 'grey.goose.n.99'"
    assert done.stderr.splitlines() == [f"a.csv: 3 classes; {read}", lost]
    assert done.stdout.splitlines()[-1] == (
        "WordNet 3.0, shipped: 1 by the synset given, 1 by name, 1 by a form of the name; "
        "hierlab show a.json --resolution lists them"
    )
    assert hierlab.load_label_map(tmp_path / "a.json").provenance["read"] == f"{read}; {lost}"
    rows = json.loads(run("show", "a.json", "--resolution", "--json", cwd=tmp_path).stdout)
    assert [(row["id"], row["synset"], row["how"]) for row in rows] == [
        ("7", "dog.n.01", "form"),
        ("8", "bat.n.05", "synset"),
        ("9", "goose.n.01", "name"),
    ]
    table = run("show", "a.json", "--resolution", cwd=tmp_path)
    assert "bat.n.05    synset  a club used for hitting" in table.stdout
    assert "a column `synset`" in table.stderr
    shown = run("show", "a.json", "--class", "dogs", cwd=tmp_path).stdout
    assert "WordNet: dog.n.01 (by a form of the name): a member of the genus Canis" in shown
    wrong = run("build", *options, "--key", "nope", cwd=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr == (
        "hierlab: a.csv: no column 'nope' for the key; the columns are no, thing, what, size\n"
    )


def test_prototypes_bring_their_own_classes_to_suggest_k(tmp_path: Path):
    names = [f"thing {number}" for number in range(12)]
    vectors = np.random.default_rng(0).standard_normal((12, 5)).astype(np.float32)
    np.savez(tmp_path / "p.npz", vectors=vectors, ids=names, names=names)
    done = run("suggest-k", "--prototypes", str(tmp_path / "p.npz"), "--k", "2,4", "--draws", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2].split()[0] == "2"
