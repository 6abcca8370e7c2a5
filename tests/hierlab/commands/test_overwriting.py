"""Commands never replace an input or another's file, and always their own former output."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hierlab.cli import app
from hierlab.errors import HierlabError
from hierlab.labelmap import load_label_map
from tests.hierlab.label_maps import make_map

Run = Callable[..., str]
GRAPH = {
    "nodes": [
        {"id": name} for name in ("f00000000", "f00000001", "n00000001", "n00000002", "n00000003")
    ],
    "links": [
        {"source": "f00000000", "target": "f00000001"},
        {"source": "f00000000", "target": "n00000003"},
        {"source": "f00000001", "target": "n00000001"},
        {"source": "f00000001", "target": "n00000002"},
    ],
}
GOODS = "name,kind\nsaw,tool\naxe,tool\ncat,pet\ndog,pet\ncar,thing\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder; what it refuses is raised."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None:
            raise result.exception
        return result.output

    return call


def test_an_import_without_a_name_leaves_its_source(run: Run) -> None:
    Path("graph.json").write_text(json.dumps(GRAPH))
    before = Path("graph.json").read_bytes()
    told = run("import", "graph.json", "--from", "nbdt")
    assert Path("graph.json").read_bytes() == before
    assert "graph-2.json" in told
    assert len(load_label_map("graph-2.json").classes) == 3
    run("import", "graph.json")  # and again, over its own former output
    with pytest.raises(HierlabError, match=r"graph\.json is read by this command"):
        run("import", "graph.json", "-o", "graph.json")
    assert Path("graph.json").read_bytes() == before
    run("import", "graph.json", "-o", "graph.json", "--force")
    assert len(load_label_map("graph.json").classes) == 3


def test_a_map_without_a_file_name_replaces_the_same_map_only(run: Run) -> None:
    Path("goods.csv").write_text(GOODS)
    named = ("import", "goods.csv", "--key", "name", "--levels", "kind")
    for _ in range(2):
        assert "stays as it is" not in run(*named, "--identity")
    for _ in range(2):
        assert "goods.json is there already and stays as it is; this map is goods-2.json" in (
            run(*named)
        )
    assert [len(load_label_map(f"goods{end}.json").levels) for end in ("", "-2")] == [2, 1]
    run(*named, "--force")
    assert len(load_label_map("goods.json").levels) == 1
    assert sorted(path.name for path in Path().iterdir()) == [
        "goods-2.json",
        "goods.csv",
        "goods.json",
    ]


def test_a_plot_does_not_replace_the_table_that_a_map_came_from(run: Run) -> None:
    Path("goods.csv").write_text(GOODS)
    run("import", "goods.csv")
    for output in ("goods.html", "goods.svg"):
        with pytest.raises(HierlabError, match=r"goods\.csv exists and was not made by"):
            run("plot", "goods.json", "-o", output)
        assert not Path(output).exists()
    assert Path("goods.csv").read_text() == GOODS
    with pytest.raises(HierlabError, match=r"goods\.csv exists"):
        run("export", "goods.json", "--to", "csv")
    for _ in range(2):
        run("plot", "goods.json", "-o", "tree.html")
        run("plot", "goods.json", "-o", "sizes.png", "--kind", "sizes")
    assert Path("goods.csv").read_text() == GOODS


def test_a_file_is_replaced_by_one_of_its_kind_alone(run: Run) -> None:
    Path("goods.csv").write_text(GOODS)
    run("import", "goods.csv")
    other = ("import", "goods.csv", "--key", "name", "--levels", "kind", "-o")
    run("plot", "goods.json", "-o", "d.png")
    run("plot", "goods.json", "-o", "d.html")
    run("export", "goods.json", "--to", "graphml", "-o", "d.graphml")
    run("export", "goods.json", "--to", "csv", "-o", "table.csv")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    for name, kind in (("d.png", "picture"), ("d.html", "page"), ("d.csv", "table of clusters")):
        with pytest.raises(HierlabError, match=f"is a {kind}, and would be replaced by a label"):
            run(*other, name)
    with pytest.raises(HierlabError, match="is a picture, and would be replaced by a tree or"):
        run("export", "goods.json", "--to", "graphml", "-o", "d.png")
    with pytest.raises(HierlabError, match="is a tree or graph, and would be replaced by a table"):
        run("export", "goods.json", "--to", "csv", "-o", "d.graphml")
    with pytest.raises(HierlabError, match="table of classes, and would be replaced by a table of"):
        run("plot", "goods.json", "-o", "table.png")
    assert {path: path.read_bytes() for path in Path().iterdir()} == before
    run(*other, "d.png", "--force")
    assert load_label_map("d.png").levels


def test_figures_of_one_name_share_numbers_that_are_true_of_both(run: Run) -> None:
    make_map([[0, 0, 1, 1]], list("abcd")).save("a.json")
    make_map([[0, 1, 1, 1]], list("abcd")).save("b.json")
    for output in ("t.png", "t.html", "t.png"):
        run("plot", "a.json", "-o", output)
    before = {path: path.read_bytes() for path in Path().iterdir()}
    for output in ("t.html", "t.svg", "t.png"):
        with pytest.raises(HierlabError, match=r"t\.csv has the numbers of t\.(png|html)"):
            run("plot", "b.json", "-o", output)
    with pytest.raises(HierlabError, match=r"t\.csv is a table of clusters, and would be replaced"):
        run("plot", "a.json", "-o", "t.svg", "--kind", "sizes")
    assert {path: path.read_bytes() for path in Path().iterdir()} == before
    run("plot", "b.json", "-o", "t.html", "--force")
    Path("t.html").unlink()
    run("plot", "a.json", "-o", "t.png")  # it is its own


@pytest.mark.parametrize("kind", ["icicle", "sizes", "heatmap", "dendrogram", "within-between"])
def test_a_figure_may_be_drawn_again(kind: str, run: Run) -> None:
    classes = ["n02123045", "n02129165", "n02088364", "n02106030"]
    Path("c.txt").write_text("\n".join(classes))
    run("build", "--classes", "c.txt", "--method", "wordnet-k", "--k", "2,4", "-o", "m.json")
    for _ in range(2):
        run("plot", "m.json", "-o", "t.svg", "--kind", kind)


def test_a_build_leaves_its_class_list(run: Run) -> None:
    Path("cls.json").write_text('["cat", "dog", "car", "bus"]')
    np.savetxt("s.csv", np.eye(4) + 0.1, delimiter=",")
    arguments = ("build", "--classes", "cls.json", "--similarity", "s.csv", "--k", "2")
    told = run(*arguments, "--name", "cls")
    assert Path("cls.json").read_text().startswith('["cat"')
    assert "cls-2.json" in told
    with pytest.raises(HierlabError, match="is read by this command"):
        run(*arguments, "-o", "s.csv")
    Path("notes.json").write_text("{}")
    with pytest.raises(HierlabError, match="was not made by this program"):
        run(*arguments, "-o", "notes.json")
    for _ in range(2):
        run(*arguments, "-o", "mine.json")
    run(*arguments, "-o", "notes.json", "--force")
    assert load_label_map("notes.json") == load_label_map("mine.json")


@pytest.mark.parametrize(
    "format",
    ["csv", "parents", "newick", "nested-json", "paths", "linkage", "graphml", "nbdt", "breeds"],
)
def test_an_export_may_be_done_again(format: str, run: Run) -> None:
    make_map([[0, 0, 1, 1], [0, 1, 2, 2]], list("abcd")).save("m.json")
    first = run("export", "m.json", "--to", format)
    assert run("export", "m.json", "--to", format) == first
    written = Path(first.splitlines()[0])
    shutil.copy("m.json", "copy.json")
    written.unlink()
    written.write_text("mine")
    with pytest.raises(HierlabError, match="was not made by this program"):
        run(
            "export",
            "copy.json",
            "--to",
            format,
            "-o",
            str(written.parent if format == "breeds" else written),
        )
    assert written.read_text() == "mine"


def test_an_import_says_how_it_read_a_file(run: Run) -> None:
    Path("goods.csv").write_text(GOODS)
    told = run("import", "goods.csv", "--key", "name", "--levels", "kind")
    assert told.splitlines()[0] == (
        "read as csv: a table with commas and a row per class: keys from 'name', levels from 'kind'"
    )
    Path("edges.txt").write_text("root animal\nanimal cat\nanimal dog\nroot car\n")
    told = run("import", "edges.txt", "--parent-first")
    assert "read as parents: an edge list with blanks, parent, child in a line" in told


def test_an_export_to_standard_output_goes_through(tmp_path: Path) -> None:
    make_map([[0, 0, 1, 1], [0, 1, 2, 2]], list("abcd")).save(tmp_path / "m.json")
    command = [
        sys.executable,
        "-m",
        "hierlab",
        "export",
        str(tmp_path / "m.json"),
        "--to",
        "newick",
    ]
    told = subprocess.run(
        [*command, "-o", "/dev/stdout"], capture_output=True, check=True, text=True
    )
    assert told.stdout.startswith("((")
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"]


@pytest.mark.parametrize("ending", [".png", ".SVG", ".pdf", ".html"])
def test_a_map_does_not_get_the_name_of_a_figure(run: Run, ending: str) -> None:
    Path("goods.csv").write_text(GOODS)
    with pytest.raises(HierlabError, match=r"is called like a p\w+, and would be a label map"):
        run("import", "goods.csv", "-o", f"goods{ending}")
    assert sorted(Path().iterdir()) == [Path("goods.csv")]
    run("import", "goods.csv", "-o", f"goods{ending}", "--force")
    assert load_label_map(f"goods{ending}").classes


def test_curves_of_suggest_k_are_an_svg(run: Run) -> None:
    with pytest.raises(HierlabError, match=r"cannot draw to 'k\.png': .* ending in \.svg"):
        run("suggest-k", "--clip", "ViT-B-32", "-o", "k.png")
    assert list(Path().iterdir()) == []
