"""No file of a stranger's is lost: what the commands write over, through and beside."""

import gzip
import io
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from codec_plugin.bitstream.container import read_header
from codec_plugin.checkpointing.checkpoint import (
    load_checkpoint,
    save_checkpoint,
    unpack_checkpoint,
)
from codec_plugin.data.picture import write_pixels
from codec_plugin.evaluation.results_table import Row, read_rows, write_rows
from codec_plugin.utils.file_signature import made_by_codec
from hierlab.labelmap import load_label_map
from tests.codec_plugin.commands.test_c2f import BLOB, CHECKPOINT, start
from tests.codec_plugin.tiny import DATA, tiny_picture


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(result, *words: str) -> None:
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    for word in words:
        assert word in result.err


def test_the_original_survives_the_default_names(run, photo: Path) -> None:
    before = photo.read_bytes()
    run("encode", photo, *CHECKPOINT)
    result = run("decode", photo.with_suffix(".c2f"), *CHECKPOINT)
    assert "photo-decoded.png" in result.out
    assert photo.read_bytes() == before
    first = photo.with_name("photo-decoded.png").read_bytes()
    assert run("decode", photo.with_suffix(".c2f"), *CHECKPOINT).code == 0  # ours may be replaced
    assert photo.with_name("photo-decoded.png").read_bytes() == first
    photo.unlink()
    assert f"{photo}: 90" in run("decode", photo.with_suffix(".c2f"), *CHECKPOINT).out


def test_pictures_of_one_name_make_two_files(run, photo: Path) -> None:
    other = photo.with_suffix(".jpg")
    Image.fromarray(tiny_picture()[::-1]).save(other)
    names = [run("encode", image, *CHECKPOINT).out.partition(": ")[0] for image in (photo, other)]
    assert names == [f"{photo}.c2f", f"{other}.c2f"]
    assert Path(names[0]).read_bytes() == BLOB != Path(names[1]).read_bytes()


def test_nothing_replaces_an_input_or_a_strangers_file(run, photo: Path) -> None:
    before = photo.read_bytes()
    refused(run("encode", photo, *CHECKPOINT, "-o", photo), "read by this command", "--force")
    run("encode", photo, *CHECKPOINT)
    blob = photo.with_suffix(".c2f")
    refused(run("cut", blob, "--bytes", 300, "-o", blob), "read by this command")
    refused(run("decode", blob, *CHECKPOINT, "-o", photo), "not made by this program")
    mine = photo.with_name("mine.txt")
    mine.write_text("kept")
    for asked in (("encode", photo, *CHECKPOINT), ("cut", blob, "--bytes", 300)):
        refused(run(*asked, "-o", mine), "mine.txt exists", "--force")
    assert (photo.read_bytes(), mine.read_text(), blob.read_bytes()) == (before, "kept", BLOB)
    assert run("encode", photo, *CHECKPOINT, "-o", mine, "--force").code == 0
    assert mine.read_bytes() == BLOB
    Path("checkpoint.safetensors").write_bytes((DATA / "tiny-v1.safetensors").read_bytes())
    own = ("--checkpoint", "checkpoint.safetensors", "-o", "checkpoint.safetensors")
    refused(run("encode", photo, *own), "read by this command")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".avif"])
def test_our_pictures_say_so(suffix: str) -> None:
    path = Path(f"a{suffix}")
    path.write_bytes(write_pixels(tiny_picture(), suffix))
    assert made_by_codec(path)
    Image.fromarray(tiny_picture()).save(path)
    assert not made_by_codec(path)


def test_our_other_files_are_known(repository: Path) -> None:
    assert made_by_codec(DATA / "tiny-v1.c2f")
    assert made_by_codec(DATA / "tiny-v2.c2f")  # with an answer
    assert made_by_codec(DATA / "tiny-v1.safetensors")
    assert made_by_codec(repository / "codec_plugin" / "results" / "photographs.csv.gz")
    write_rows(Path("a.parquet"), [Row("a", "b", "c", 5, 0.1)] * 500)
    assert made_by_codec(Path("a.parquet"))
    Path("strange.csv.gz").write_bytes(gzip.compress(b"subject,age\n"))
    assert not made_by_codec(Path("strange.csv.gz"))
    for name, text in (("b.csv", "subject,age\n"), ("b.json", "[]"), ("b.md", "# Notes\n")):
        Path(name).write_text(text)
        assert not made_by_codec(Path(name))


def test_tables_and_curves_do_not_replace_strangers_files(run, repository: Path) -> None:
    table = Path("rows.csv")
    shipped = repository / "codec_plugin" / "results" / "photographs.csv.gz"
    lines = gzip.decompress(shipped.read_bytes()).decode().splitlines(keepends=True)
    kept = [line for line in lines if line.startswith(("subject", "avif,", "clean"))]
    table.write_text("".join(kept[:1] + kept[-40:] + kept[1:40]))
    Path("notes.md").write_text("# Notes\n")
    Path("page.html").write_text("<p>mine</p>")
    refused(run("report", table, "-o", "notes.md"), "notes.md exists")
    refused(run("plot", table, "-o", "page.html"), "page.html exists")
    refused(run("export", "run", "-o", "notes.md"), "notes.md exists")
    refused(run("demo", "-o", "page.html"), "page.html exists")
    assert Path("notes.md").read_text() == "# Notes\n"
    assert Path("page.html").read_text() == "<p>mine</p>"
    for _ in range(2):  # what they wrote themselves they may write again
        assert run("report", table, "--reference", "avif", "-o", "tables.md").code == 0
        assert run("plot", table, "-o", "curves.html").code == 0
        assert run("plot", table, "-o", "curves.png").code == 0


def test_a_file_is_replaced_by_one_of_its_kind_alone(run, photo: Path) -> None:
    blob = photo.with_name("b.c2f")
    for _ in range(2):
        assert run("encode", photo, *CHECKPOINT, "-o", blob).code == 0
        assert run("decode", blob, *CHECKPOINT, "-o", "seen.png").code == 0
    Path("model.safetensors").write_bytes((DATA / "tiny-v1.safetensors").read_bytes())
    before = Path("seen.png").read_bytes(), Path("model.safetensors").read_bytes()
    for asked, target, kinds in (
        (("encode", photo, *CHECKPOINT), "seen.png", ("a picture", "a .c2f file")),
        (("cut", blob, "--bytes", 300), "model.safetensors", ("a checkpoint", "a .c2f file")),
        (("export", "run"), "seen.png", ("a picture", "a checkpoint")),
    ):
        refused(run(*asked, "-o", target), f"{target} is {kinds[0]}, and would be replaced by")
        refused(run(*asked, "-o", target), f"by {kinds[1]}", "--force")
    assert (Path("seen.png").read_bytes(), Path("model.safetensors").read_bytes()) == before
    Path("rows.csv").write_text("my,own\n")  # the table that a parquet file is made from
    asked = ("eval", "jpeg", "--data", photo.parent, "-o", "rows.parquet")
    refused(run(*asked), "rows.csv exists")


def test_no_name_says_another_kind(run, photo: Path) -> None:
    """A .c2f file called photo-2.png opens nowhere."""
    encode = ("encode", photo, *CHECKPOINT)
    told = "p.png is called like a picture, and would be a .c2f file"
    refused(run(*encode, "-o", "p.png"), told, "--force")
    assert not Path("p.png").exists()
    assert run(*encode, "-o", "p.c2f").code == 0
    told = "q.c2f is called like a .c2f file, and would be a picture"
    refused(run("decode", "p.c2f", *CHECKPOINT, "-o", "q.c2f"), told)
    assert run("decode", "p.c2f", *CHECKPOINT, "-o", "q.png").code == 0


def test_tables_of_measurements_do_not_replace_labels(run, photo: Path) -> None:
    labels = photo.with_name("labels.csv")
    labels.write_text("file,wnid\nphoto.png,n01440764\n")
    asked = ("eval", "jpeg", "--data", photo.parent, "-o")
    refused(run(*asked, labels), "labels.csv is read by this command")
    refused(run("bench", "--data", photo.parent, "-o", labels), "labels.csv is a file")
    assert labels.read_text() == "file,wnid\nphoto.png,n01440764\n"
    mine = photo.with_name("bench")
    mine.mkdir()
    (mine / "results.csv").write_text("my,own\n")
    refused(run("bench", "--data", photo.parent, "-o", mine), "results.csv exists")


def test_a_device_a_pipe_and_a_link_stay(run, photo: Path) -> None:
    blob = photo.with_name("b.c2f")
    run("encode", photo, *CHECKPOINT, "-o", blob)
    assert run("decode", blob, *CHECKPOINT, "-o", "/dev/null").code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.mkfifo("pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(Path("pipe").read_bytes()))
    reader.start()
    assert run("decode", blob, *CHECKPOINT, "-o", "pipe").code == 0
    reader.join()
    assert Image.open(io.BytesIO(got[0])).size == (90, 70)
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
    real, link = Path("real.c2f"), Path("link.c2f")
    real.write_bytes(BLOB[:50])
    real.chmod(0o600)
    link.symlink_to(real)
    run("encode", photo, *CHECKPOINT, "-o", link)
    assert link.is_symlink()
    assert (real.read_bytes(), stat.S_IMODE(real.stat().st_mode)) == (BLOB, 0o600)


def finished(process: "subprocess.Popen[bytes]", data: bytes = b"") -> tuple[int, str]:
    _, told = process.communicate(data, timeout=300)
    return process.returncode, told.decode()


def test_a_full_device_and_closed_ends_are_one_sentence(repository: Path) -> None:
    shell = f'exec "{sys.executable}" -m codec_plugin'
    file = DATA / "tiny-v1.c2f"
    cases = {
        f'{shell} cut "{file}" --bytes 300 -o - > /dev/full': "standard output: No space left",
        f'{shell} inspect "{file}" > /dev/full': "No space left",
        f"{shell} encode - <&-": "standard input is closed",
        f"{shell} decode - -o a.png <&-": "standard input is closed",
        f'{shell} cut "{file}" --bytes 300 -o - >&-': "standard output: it is closed",
    }
    for command, sentence in cases.items():
        done = subprocess.run(["sh", "-c", command], cwd=repository, capture_output=True)
        told = done.stderr.decode()
        assert done.returncode == 2, told
        assert sentence in told
        assert told.count("\n") == 1
        assert told.startswith("c2f: ")


def test_a_terminated_command_leaves_nothing_behind(repository: Path, tmp_path: Path) -> None:
    """While the output is being written, which the pipe makes as long as we like."""
    process = start("decode", "-", *CHECKPOINT, "-o", str(tmp_path / "a.png"), cwd=repository)
    assert process.stdin is not None
    process.stdin.write(BLOB[:200])
    process.stdin.flush()
    while not (tmp_path / "a.png").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    code, told = finished(process)
    assert code == 143
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_ctrl_c_is_heard_while_modules_are_imported(repository: Path) -> None:
    """At whichever import it comes: each is made to be the one."""
    code = """
import sys
import codec_plugin.cli as cli
class Stop:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == module: raise KeyboardInterrupt
module = sys.argv[1]
sys.modules.pop(module, None)
sys.meta_path.insert(0, Stop)
sys.argv = ["c2f", "--help"]
cli.main()
"""
    for module in ("signal", "typer", "codec_plugin.commands", "hierlab.errors"):
        done = subprocess.run(
            [sys.executable, "-c", code, module], cwd=repository, capture_output=True
        )
        assert done.stderr.decode() == "c2f: stopped\n", module
        assert done.returncode == 130


def test_the_package_imports_nothing_before_it_listens(repository: Path) -> None:
    code = (
        "import sys; before = set(sys.modules)\nimport codec_plugin.cli\n"
        "print(' '.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-SEc", code], cwd=repository, capture_output=True,
                          env={**os.environ, "PYTHONPATH": ""})  # fmt: skip
    made = set(done.stdout.decode().split())
    assert "codec_plugin.cli" in made
    assert not made & {"typing", "re", "typer", "pathlib", "hierlab"}


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A checkpoint as a training leaves it: its label map, not a shipped one, beside it."""
    label_map = load_label_map("vit-b-32-topdown-10-100-1000")
    run_folder = tmp_path / "runs" / "mine"
    run_folder.mkdir(parents=True)
    (run_folder / "hierarchy.json").write_bytes(label_map.encode())
    own = unpack_checkpoint((DATA / "tiny-v1.safetensors").read_bytes())
    meta = msgspec.structs.replace(
        own.meta,
        label_map_id=label_map.id,
        label_map_name="a map of mine",
        classifier="efficientnet-lite0",
        gammas=(1.0, 0.0, 0.0),
        provenance={"by": "test"},
    )
    save_checkpoint(run_folder / "best.safetensors", own.model, own.exact, own.tables, meta)
    return run_folder / "best.safetensors"


def test_the_map_beside_a_checkpoint_is_found(run, photo: Path, trained: Path) -> None:
    chosen = ("--checkpoint", trained)
    assert run("encode", photo, *chosen, "--effort", 1).code == 0
    told = run("classify", photo.with_suffix(".c2f"), *chosen, "--chunk", 4096)
    assert told.code == 0
    photographs = photo.parent / "photographs"
    photographs.mkdir()
    photo.rename(photographs / "photo.png")
    asked = ("--data", photographs, "-o", "r.csv", "--cuts", 0)
    assert run("eval", trained, *asked).code == 0
    (row, *_) = read_rows(Path("r.csv"))
    assert row.identity.label_map == load_checkpoint(trained).meta.label_map_id[:16]
    other = load_label_map("wordnet-k-10-100-1000")  # not the one it was trained for
    trained.with_name("hierarchy.json").write_bytes(other.encode())
    assert load_checkpoint(trained).hierarchy_file == ""


def test_a_foreign_file_says_where_its_model_is(run, trained: Path) -> None:
    Path("a.c2f").write_bytes(BLOB)
    model = BLOB[4:8].hex()
    for command in ("decode", "classify"):
        refused(
            run(command, "a.c2f"), f"made by model {model}", f"--checkpoint {Path('runs/mine')}"
        )
    trained.unlink()
    refused(run("decode", "a.c2f"), f"made by model {model}", "leaves it in its run's folder")


def test_several_pictures_become_files_in_a_folder(run, photo: Path) -> None:
    other, broken = photo.with_name("other.png"), photo.with_name("broken.png")
    Image.fromarray(tiny_picture()[::-1]).save(other)
    broken.write_text("no picture")
    alone = {
        image: run("encode", image, "-o", "alone.c2f", *CHECKPOINT) for image in (photo, other)
    }
    assert all(result.code == 0 for result in alone.values())
    result = run("encode", photo, broken, other, "-o", "made/here", *CHECKPOINT)
    assert result.code == 2  # one of them was not coded
    assert result.err.count("\n") == 1
    assert "broken.png" in result.err
    assert [line.partition(":")[0] for line in result.out.splitlines()] == [
        "made/here/photo.c2f",
        "made/here/other.c2f",
    ]
    assert Path("made/here/other.c2f").read_bytes() == Path("alone.c2f").read_bytes()
    Path("made/here/cut.c2f").write_bytes(Path("alone.c2f").read_bytes()[:5])
    files = sorted(Path("made/here").glob("*.c2f"))
    result = run("decode", *files, "-o", "made", *CHECKPOINT)
    assert result.code == 2
    assert "cut.c2f" in result.err
    assert sorted(path.name for path in Path("made").glob("*.png")) == ["other.png", "photo.png"]
    assert run("encode", photo, "-o", "made", *CHECKPOINT).out.startswith("made/photo.c2f: ")


def test_a_picture_that_cannot_be_coded_leaves_the_others(run, photo: Path) -> None:
    wide = photo.with_name("wide.png")
    Image.fromarray(tiny_picture()).resize((300, 300)).save(wide)
    assert run("encode", photo, wide, "-o", "whole", *CHECKPOINT).code == 0
    heads = [
        read_header(Path(f"whole/{name}.c2f").read_bytes()).size_bytes for name in ("photo", "wide")
    ]
    assert heads[0] < heads[1]
    result = run("encode", wide, photo, "-o", "made", "--max-bytes", heads[0], *CHECKPOINT)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert f"{wide}: a limit of {heads[0]} does not hold the header" in result.err
    assert [path.name for path in Path("made").iterdir()] == ["photo.c2f"]


def test_what_is_said_of_all_files_is_said_once(run, photo: Path) -> None:
    assert run("encode", photo, photo, *CHECKPOINT).out.count("photo.c2f") == 1
    made = photo.with_suffix(".c2f")
    Path("seen").mkdir()
    assert run("decode", made, made, "-o", "seen", *CHECKPOINT).out.count(" pixels from ") == 1
    other = photo.with_name("other.c2f")
    other.write_bytes(made.read_bytes())
    refused(run("decode", made, other, "-o", "seen", "-c", "nope"), "nope")
    refused(run("encode", photo, "--class", "", *CHECKPOINT), "label map")  # asked for


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        (("--effort-stages", "1"), "--effort a number"),
        (("--classifier", "bogus"), "--effort serves"),
        (("--hierarchy", "nope"), "--effort, --answer"),
        (("--answer", "--classifier", "none"), "none is nobody"),
        (("--answer", "--class", "dog"), "give one of them"),
    ],
)
def test_options_that_nothing_reads_are_refused(run, photo: Path, options, missing: str) -> None:
    refused(run("encode", photo, *options, *CHECKPOINT), missing)
    assert not photo.with_suffix(".c2f").exists()


def test_several_pictures_without_a_folder_lie_beside_their_own(run, photo: Path) -> None:
    other = photo.with_name("other.png")
    Image.fromarray(tiny_picture()[::-1]).save(other)
    assert run("encode", photo, other, *CHECKPOINT).code == 0
    assert photo.with_suffix(".c2f").exists()
    assert other.with_suffix(".c2f").exists()


def test_several_pictures_do_not_fit_one_place(run, photo: Path) -> None:
    again = photo.parent / "again" / photo.name
    again.parent.mkdir()
    again.write_bytes(photo.read_bytes())
    refused(run("encode", photo, again, "-o", "made", *CHECKPOINT), "would both be made/photo.c2f")
    refused(run("encode", photo, "-", *CHECKPOINT), "- stands alone")
    refused(run("encode", photo, again, "-o", "-", *CHECKPOINT), "one pipe")
    Path("file").write_text("mine")
    refused(run("encode", photo, again, "-o", "file", *CHECKPOINT), "file is a file")
    refused(run("decode", "a.c2f", "b.c2f", "-o", "file", *CHECKPOINT), "file is a file")
    assert Path("file").read_text() == "mine"
    # No input is replaced by what another one becomes, though this program made it.
    assert run("encode", photo, "-o", "head.c2f", *CHECKPOINT).code == 0
    assert run("decode", "head.c2f", "-o", "ours.png", *CHECKPOINT).code == 0
    ours = Path("ours.png").rename(photo.with_suffix(".c2f"))  # a picture under another ending
    refused(run("encode", photo, ours, *CHECKPOINT), ours.name)
