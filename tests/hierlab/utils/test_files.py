"""Files: whole or not at all, through what is no plain file, never over another's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hierlab.embeddings.prototypes import Prototypes, save_prototypes
from hierlab.errors import HierlabError
from hierlab.formats import export
from hierlab.plots import plot
from hierlab.utils.file_signature import made_by_hierlab
from hierlab.utils.files import guard_output, open_atomic, write_atomic
from tests.hierlab.label_maps import make_map

MAP = make_map([[0, 0, 1, 1, 1], [0, 1, 2, 2, 3]], list("abcde"))


def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    mask = os.umask(0o022)
    try:
        write_atomic(path, "one")
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    write_atomic(path, "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o600)
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    path = tmp_path / "there" / "file"
    path.write_text("old")
    link = tmp_path / "link"
    link.symlink_to("there/file")
    (tmp_path / "second").symlink_to(link)
    write_atomic(tmp_path / "second", "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    dangling = tmp_path / "dangling"
    dangling.symlink_to("there/later")
    write_atomic(dangling, "made")
    assert (tmp_path / "there" / "later").read_text() == "made"
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    with pytest.raises(HierlabError, match="symbolic links"):
        write_atomic(circle, "x")


def test_devices_and_pipes_are_written_through(tmp_path: Path) -> None:
    assert write_atomic("/dev/null", "gone") == Path("/dev/null")
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    write_atomic(pipe, "through")
    reader.join(10)
    assert heard == ["through"]
    assert pipe.is_fifo()


def test_standard_output_by_name_is_written_in_order(tmp_path: Path) -> None:
    code = (
        "import sys; from hierlab.utils.files import write_atomic; "
        "sys.stdout.write('first '); write_atomic('/dev/stdout', 'second')"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert told.stdout == b"first second"
    # A shell's >> names a plain file; what stood in it stays.
    path = tmp_path / "log"
    path.write_text("before ")
    with path.open("ab") as stream:
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
    assert path.read_text() == "before first second"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupt_leaves_the_old_file_and_nothing_else(
    interrupt: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(interrupt):
        _write_half(path, interrupt)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def _write_half(path: Path, interrupt: type[BaseException]) -> None:
    with open_atomic(path) as stream:
        stream.write(b"half")
        raise interrupt


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HierlabError, match=r"cannot write .*: Is a directory"):
        write_atomic(tmp_path, "x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(HierlabError, match=r"cannot write .*: "):
        write_atomic(tmp_path / "file" / "below", "x")
    with pytest.raises(HierlabError, match="No space left"):
        write_atomic("/dev/full", "x")


def test_the_longest_names_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)
    assert write_atomic(path, "x").read_text() == "x"


def test_no_output_over_an_input_by_any_name(tmp_path: Path) -> None:
    path = MAP.save(tmp_path / "in.json")  # one of ours, and still an input
    link, hard = tmp_path / "link.json", tmp_path / "hard.json"
    link.symlink_to(path)
    os.link(path, hard)
    for name in (path, link, hard, tmp_path / "." / "in.json"):
        with pytest.raises(HierlabError, match="is read by this command and would be replaced"):
            guard_output(name, ["rn50-kmeans-10-100-1000", path])
        guard_output(name, [path], force=True)
    guard_output(path, [tmp_path / "other.json", "a shipped name"])
    guard_output(tmp_path / "new.json", [path])
    guard_output("/dev/null", ["/dev/null"])


def test_no_output_over_a_file_of_another(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"format": "mine"}')
    with pytest.raises(HierlabError, match="was not made by this program"):
        guard_output(path)
    guard_output(path, force=True)
    guard_output(path, content='{"format": "mine"}')  # nothing is lost
    with pytest.raises(HierlabError, match="was not made by this program"):
        guard_output(path, content='{"format": "else"}')
    guard_output(path, ours=lambda path: "mine" in path.read_text())


@pytest.mark.parametrize("suffix", [".html", ".png", ".svg", ".pdf"])
def test_own_pictures_and_pages_are_known_again(suffix: str, tmp_path: Path) -> None:
    for path in plot(MAP, tmp_path / f"figure{suffix}"):
        assert made_by_hierlab(path)


@pytest.mark.parametrize("kind", ["sizes", "heatmap"])
def test_own_numbers_are_known_again(kind: str, tmp_path: Path) -> None:
    given = np.eye(5) if kind == "heatmap" else None
    for path in plot(MAP, tmp_path / "figure.svg", kind, similarity=given):  # type: ignore[arg-type]
        assert made_by_hierlab(path)


def test_own_maps_and_prototypes_are_known_again(tmp_path: Path) -> None:
    assert made_by_hierlab(MAP.save(tmp_path / "map.json"))
    found = Prototypes(np.eye(3), None)
    assert made_by_hierlab(save_prototypes(found, tmp_path / "three.npz"))


@pytest.mark.parametrize(
    "format", ["csv", "parents", "graphml", "networkx-json", "nbdt", "nested-json"]
)
def test_own_exports_are_known_again(format: str, tmp_path: Path) -> None:
    assert made_by_hierlab(export(MAP, format, tmp_path / "map.json")[0])


ANOTHERS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "json": lambda path: path.write_text('{"hierlab": "hierlab-label-map"}'),
    "page": lambda path: path.write_text("<html><body>about hierlab</body></html>"),
    "table": lambda path: path.write_text("id,name,class\n1,tabby,cat\n"),
    "classes": lambda path: path.write_text("classes,group\ncat,pets\n"),
    "edges": lambda path: path.write_text("child,parent,name\ncat,pet,cat\n"),
    "npz": lambda path: np.savez(path, vectors=np.eye(2)),
    "npy": lambda path: np.save(path, np.eye(2)),
}


@pytest.mark.parametrize("kind", ANOTHERS)
def test_files_of_others_are_not_taken_for_ours(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"file.{kind}"
    ANOTHERS[kind](path)
    assert not made_by_hierlab(path)
