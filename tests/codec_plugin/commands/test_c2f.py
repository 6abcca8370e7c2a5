"""The command line `c2f`, as a person and as a pipe use it."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codec_plugin import cli
from codec_plugin.commands import command_names
from tests.codec_plugin.tiny import DATA

CHECKPOINT = ["--checkpoint", str(DATA / "tiny-v1.safetensors")]
BLOB = (DATA / "tiny-v1.c2f").read_bytes()


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_encode_cut_decode(run, photo: Path, tmp_path: Path) -> None:
    result = run("encode", photo, *CHECKPOINT)
    blob = photo.with_suffix(".c2f")
    assert result.code == 0
    assert result.out == f"{blob}: 90 × 70 pixels in 521 bytes (0.662 bits per pixel)\n"
    assert blob.read_bytes() == BLOB
    assert run("cut", blob, "--bytes", 300, "-o", tmp_path / "head.c2f").code == 0
    assert (tmp_path / "head.c2f").read_bytes() == BLOB[:300]
    assert run("decode", tmp_path / "head.c2f", *CHECKPOINT, "-o", tmp_path / "a.png").code == 0
    assert run("decode", blob, *CHECKPOINT, "--bytes", 300, "-o", tmp_path / "b.png").code == 0
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
    assert run("decode", blob, *CHECKPOINT, "--level", "mid", "-o", tmp_path / "c.png").code == 0
    run("encode", photo, *CHECKPOINT, "--stages", 2, "-o", tmp_path / "two.c2f")
    run("decode", tmp_path / "two.c2f", *CHECKPOINT)
    np.testing.assert_array_equal(pixels(tmp_path / "c.png"), pixels(tmp_path / "two.png"))


def test_limits_when_encoding(run, photo: Path, tmp_path: Path) -> None:
    run("encode", photo, *CHECKPOINT, "--max-bytes", 200, "-o", tmp_path / "a.c2f")
    run("encode", photo, *CHECKPOINT, "--bpp", 0.2, "-o", tmp_path / "b.c2f")
    assert (tmp_path / "a.c2f").read_bytes() == BLOB[:200]
    assert (tmp_path / "b.c2f").read_bytes() == BLOB[: int(0.2 * 6300 / 8)]


def test_inspect(run, tmp_path: Path) -> None:
    path = tmp_path / "a.c2f"
    path.write_bytes(BLOB[:300])
    report = json.loads(run("inspect", path, "--json").out)
    assert (report["width_px"], report["height_px"], report["header_bytes"]) == (90, 70, 23)
    assert report["label_map_id"] == "abababab"
    assert [stage["state"] for stage in report["stages"]] == [
        "complete, check right",
        "cut",
        "missing",
    ]
    assert 23 + sum(stage["received_bytes"] for stage in report["stages"]) == 300
    assert report["file_bytes"] == len(BLOB)
    shown = run("inspect", path).out
    assert "90 × 70 pixels" in shown
    assert "300 of 521 bytes" in shown
    damaged = bytearray(BLOB)
    damaged[-6] ^= 1
    path.write_bytes(damaged)
    assert "stage 3     205 of 205 bytes, damaged" in run("inspect", path).out
    path.write_bytes(BLOB + b"xy")
    assert "ignored     2 bytes after the last stage" in run("inspect", path).out


def test_damage_is_told_and_the_rest_decoded(run, tmp_path: Path) -> None:
    damaged = bytearray(BLOB)
    damaged[-6] ^= 1
    (tmp_path / "a.c2f").write_bytes(damaged)
    result = run("decode", tmp_path / "a.c2f", *CHECKPOINT)
    assert result.code == 0
    assert result.err.startswith("c2f: stage 3: check")
    assert "2 complete stages" in result.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["decode", "none.c2f", *CHECKPOINT], "cannot read none.c2f"),
        (["decode", "text.txt", *CHECKPOINT], "a .c2f file starts with"),
        (["decode", "short.c2f", *CHECKPOINT], "end inside the header"),
        (["decode", "whole.c2f", "--checkpoint", "none"], "no checkpoint 'none'"),
        (["decode", "whole.c2f", *CHECKPOINT, "--level", "x"], "coarse, mid, fine"),
        (["decode", "whole.c2f", *CHECKPOINT, "-o", "a.xyz"], "cannot write .xyz"),
        (["decode", "whole.c2f", *CHECKPOINT, "-o", "text.txt/a.png"], "cannot write"),
        (["decode", "whole.c2f", *CHECKPOINT, "--max-pixels", "10"], "limit of 10"),
        (["encode", "text.txt", *CHECKPOINT], "not an image"),
        (["encode", "none.png", *CHECKPOINT], "cannot read none.png"),
        (["cut", "whole.c2f", "-o", "b.c2f"], "--bytes N or --bpp B"),
        (["cut", "whole.c2f", "--bytes", "9", "-o", "b.c2f"], "does not hold the header"),
        (["cut", "text.txt", "--bytes", "90", "-o", "b.c2f"], "starts with"),
        (["inspect", "text.txt"], "starts with"),
    ],
)
def test_bad_input_is_one_sentence(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "short.c2f").write_bytes(BLOB[:12])
    (tmp_path / "whole.c2f").write_bytes(BLOB)
    before = sorted(p.name for p in tmp_path.iterdir())
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("c2f: ")
    assert sentence in result.err
    assert result.err.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_without_the_extra_the_command_says_how_to_get_it(
    run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in sys.modules if name.startswith("codec_plugin.evaluation")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it is not installed
    result = run("eval", "compact", "--data", tmp_path, "-o", tmp_path / "rows.csv")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "torch" in result.err
    assert "pip install 'hierlab[codec]'" in result.err


def test_an_unknown_command_and_option(run) -> None:
    assert run("enc").code == 2
    assert run("decode", "--nothing").code == 2


def test_help_names_every_command(run) -> None:
    shown = run("--help")
    assert shown.code == 0
    for name in command_names():
        assert f"\n  {name} " in shown.out
    assert list(command_names())[:4] == ["encode", "decode", "inspect", "cut"]


def test_tables_are_made_of_shipped_rows_too(run, tmp_path: Path) -> None:
    shipped = Path(cli.__file__).parent / "results" / "harder.csv.gz"
    tables, page = tmp_path / "tables.md", tmp_path / "page.html"
    assert run("report", shipped, "--reference", "avif", "-o", tables).code == 0
    assert "### Whole files" in tables.read_text(encoding="utf-8")
    assert run("report", shipped, "-o", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "139 photographs" in text
    assert "<svg" in text
    assert "<td class=word>lite2</td><td class=word>sister</td>" in text
    assert "<td class=word>mobilenetv2</td><td class=word>never asked</td>" in text
    drawn = ("plot", shipped, "-o", tmp_path / "curves.html", "--codecs")
    assert run(*drawn, "avif, webp").code == 0
    curves = (tmp_path / "curves.html").read_text(encoding="utf-8")
    assert [f'"name":"{name}"' in curves for name in ("avif", "webp", "webp-shrunk")] == [
        True,
        True,
        False,
    ]
    assert "no codec bpg" in run(*drawn, "bpg").err


def start(*arguments: str, **options: object) -> "subprocess.Popen[bytes]":
    """A real process; bytes in and out."""
    program = [sys.executable, "-m", "codec_plugin.cli", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=pipe, **options)  # type: ignore[call-overload]


def test_help_imports_nothing_heavy(repository: Path) -> None:
    code = (
        "import sys; from codec_plugin import cli; sys.argv = ['c2f', '--help']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'pandas', 'matplotlib', 'constriction', 'PIL', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_pipes(repository: Path, photo: Path, tmp_path: Path) -> None:
    encoder = start("encode", "-", *CHECKPOINT, cwd=repository)
    blob, told = encoder.communicate(photo.read_bytes(), timeout=300)
    assert (blob, told, encoder.returncode) == (BLOB, b"", 0)
    decoder = start("decode", "-", *CHECKPOINT, cwd=repository)
    image, _ = decoder.communicate(BLOB, timeout=300)
    with Image.open(io.BytesIO(image)) as found:
        assert found.size == (90, 70)
        assert found.format == "PNG"


def test_a_picture_appears_before_the_file_has_arrived(repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "live.png"
    process = start("decode", "-", *CHECKPOINT, "-o", str(target), cwd=repository)
    assert process.stdin is not None
    process.stdin.write(BLOB[:200])
    process.stdin.flush()
    patience = time.monotonic() + 240
    while not target.exists():
        assert time.monotonic() < patience
        assert process.poll() is None
        time.sleep(0.05)
    early = target.read_bytes()
    _, told = process.communicate(BLOB[200:], timeout=300)
    assert process.returncode == 0
    assert target.read_bytes() != early
    assert told.decode().count("c2f: ") >= 2
    assert [p.name for p in tmp_path.iterdir()] == ["live.png"]


def test_public_names() -> None:
    import codec_plugin

    assert list(codec_plugin.__all__) == sorted(codec_plugin.__all__)
    assert dir(codec_plugin) == codec_plugin.__all__
    for name in codec_plugin.__all__:
        assert getattr(codec_plugin, name).__name__ == name
    with pytest.raises(AttributeError, match="has no 'nothing'"):
        _ = codec_plugin.nothing
