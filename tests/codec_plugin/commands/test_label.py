"""`c2f encode --answer`, `label`, `classify` and `inspect`, as a person uses them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from codec_plugin.bitstream.answer import LabelPath, pack_answer
from codec_plugin.bitstream.container import pack_header, read_header
from codec_plugin.bitstream.label_tree import load_label_tree
from codec_plugin.checkpointing.checkpoint import save_checkpoint, unpack_checkpoint
from codec_plugin.codec import Codec
from codec_plugin.data.picture import read_picture
from hierlab.labelmap import load_label_map
from tests.codec_plugin.tiny import ANSWER, DATA, stored_codec, tiny_picture

MAP = "vit-b-32-topdown-10-100-1000"


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stored checkpoint, as one trained for a shipped label map."""
    monkeypatch.chdir(tmp_path)
    own = unpack_checkpoint((DATA / "tiny-v1.safetensors").read_bytes())
    label_map = load_label_map(MAP)
    meta = msgspec.structs.replace(
        own.meta,
        label_map_id=label_map.id,
        label_map_name=MAP,
        classifier="efficientnet-lite0",
        provenance={"by": "test"},
    )
    save_checkpoint(tmp_path / "own.safetensors", own.model, own.exact, own.tables, meta)
    return tmp_path / "own.safetensors"


@pytest.fixture
def labelled(checkpoint: Path, photo: Path) -> Path:
    """A file whose answer is a path that no classifier chose."""
    blob = Codec.load(checkpoint).encode(
        read_picture(photo), answer=LabelPath((3, 35, 282), (0.99, 0.9, 0.6))
    )
    (photo.parent / "a.c2f").write_bytes(blob)
    return photo.parent / "a.c2f"


def test_encode_writes_what_the_classifier_sees(run, checkpoint: Path, photo: Path) -> None:
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.evaluation.recognition import Recogniser

    chosen = ("--checkpoint", checkpoint)
    assert run("encode", photo, *chosen, "-o", "plain.c2f").code == 0
    assert run("encode", photo, *chosen, "--answer", "-o", "told.c2f").code == 0
    assert Path("told.c2f").stat().st_size == Path("plain.c2f").stat().st_size + 4
    recogniser = Recogniser(load_classifier("efficientnet-lite0"), load_hierarchy(MAP))
    import torch

    pixels = torch.tensor(read_picture(photo).pixels).permute(2, 0, 1) / 255
    path = recogniser.path(pixels)
    (row,) = json.loads(run("label", "told.c2f", "--json").out)
    assert tuple(level["cluster"] for level in row["levels"]) == path.clusters
    for level, confidence in zip(row["levels"], path.confidences, strict=True):
        assert level["at_least"] <= confidence + 1e-4
    names = [load_label_map(MAP).levels[n].clusters[c].name for n, c in enumerate(path.clusters)]
    assert [level["name"] for level in row["levels"]] == names
    said = run("classify", "told.c2f", *chosen, "--chunk", 4096).out
    assert said.startswith(f"the file says     coarse: {names[0]} ≥ ")
    assert "the picture shows\n" in said
    looks = json.loads(run("classify", "told.c2f", *chosen, "--chunk", 4096, "--json").out)
    assert looks[-1]["file_says"] == row["levels"]
    looks = json.loads(run("classify", "plain.c2f", *chosen, "--chunk", 4096, "--json").out)
    assert "file_says" not in looks[-1]


def test_encode_writes_the_class_that_it_is_told(run, checkpoint: Path, photo: Path) -> None:
    chosen = ("--checkpoint", checkpoint)
    result = run("encode", photo, *chosen, "--class", "Golden_Retriever", "-o", "told.c2f")
    assert result.code == 0
    label_map = load_label_map(MAP)
    number = label_map.classes.ids.index("n02099601")
    (row,) = json.loads(run("label", "told.c2f", "--json").out)
    wanted = [int(level.labels[number]) for level in label_map.levels]
    assert [level["cluster"] for level in row["levels"]] == wanted
    assert all(level["at_least"] > 0.9 for level in row["levels"])
    by_key = run("encode", photo, *chosen, "--class", "n02099601", "-o", "key.c2f")
    assert by_key.code == 0
    assert Path("key.c2f").read_bytes() == Path("told.c2f").read_bytes()
    for options, said in [
        (("--class", "yeti"), "has no class 'yeti'"),
        (("--class", "terrier"), "Staffordshire Bull Terrier, "),  # what the word is a part of
        (("--class", "crane"), "goes by its key or name: crane bird, construction crane\n"),
        (("--class", "beagle", "--hierarchy", "wordnet-k-10-100-1000"), "the checkpoint's is"),
        (("--class", "beagle", "--answer"), "give one of them"),
    ]:
        result = run("encode", photo, *chosen, *options, "-o", "none.c2f")
        assert (result.code, result.err.count("\n")) == (2, 1)
        assert said in result.err
    assert not Path("none.c2f").exists()


def test_inspect_names_the_levels_of_a_checkpoint_that_lies_near(
    run, checkpoint: Path, labelled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = unpack_checkpoint(checkpoint.read_bytes())
    meta = msgspec.structs.replace(own.meta, level_names=("coarse", "fine"), level_blocks=(0, 2))
    save_checkpoint(checkpoint, own.model, own.exact, own.tables, meta)
    report = json.loads(run("inspect", labelled, "--json").out)
    assert Path(report["checkpoint"]).name == "own.safetensors"
    assert [stage["level"] for stage in report["stages"]] == ["coarse", "", "fine"]
    away = tmp_path_factory.mktemp("away") / "a.c2f"
    away.write_bytes(labelled.read_bytes())
    checkpoint.unlink()
    assert json.loads(run("inspect", away, "--json").out)["checkpoint"] is None
    assert "no checkpoint that is shipped, or lies near" in run("inspect", away).out


def test_nobody_to_ask_is_a_sentence(run, checkpoint: Path, photo: Path) -> None:
    asked = ("encode", photo, "--checkpoint", checkpoint, "--answer", "-o", "a.c2f")
    refused = run(*asked, "--classifier", "none")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "name one with --classifier" in refused.err
    refused = run(*asked, "--hierarchy", "wordnet-k-10-100-1000")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "the checkpoint's is" in refused.err
    assert not Path("a.c2f").exists()


def test_a_cut_behind_the_header_tells_the_coarse_class(run, labelled: Path) -> None:
    start = read_header(labelled.read_bytes()).size_bytes
    names = [load_label_map(MAP).levels[n].clusters[c].name for n, c in enumerate((3, 35, 282))]
    told = []
    for more in (0, 1, 3, 4):
        assert run("cut", labelled, "--bytes", start + more, "-o", f"{more}.c2f").code == 0
        told.append(run("label", f"{more}.c2f").out)
    assert told == [
        "0.c2f: nothing yet  (cut)\n",
        f"1.c2f: coarse: {names[0]} ≥ 98 %  (cut)\n",
        f"3.c2f: coarse: {names[0]} ≥ 98 %  mid: {names[1]} ≥ 85 %  "
        f"fine: {names[2]} ≥ 52 %  (cut)\n",
        f"4.c2f: coarse: {names[0]} ≥ 98 %  mid: {names[1]} ≥ 85 %  fine: {names[2]} ≥ 52 %\n",
    ]
    shown = run("inspect", "1.c2f").out
    assert f"answer      4 bytes, cut: coarse: {names[0]} ≥ 98 %" in shown
    report = json.loads(run("inspect", labelled, "--json").out)
    assert (report["version"], report["answer"]["state"]) == (2, "whole")
    sizes = [stage["received_bytes"] for stage in report["stages"]]
    assert report["header_bytes"] + 4 + sum(sizes) == report["file_bytes"]
    assert run("decode", "1.c2f", "--checkpoint", "own.safetensors").code == 0


def test_files_folders_and_patterns(run, labelled: Path) -> None:
    folder = Path("many/below")
    folder.mkdir(parents=True)
    (folder / "old.c2f").write_bytes((DATA / "tiny-v1.c2f").read_bytes())
    (folder / "new.c2f").write_bytes(labelled.read_bytes())
    (folder / "text.c2f").write_text("hello")
    (folder / "photo.png").write_text("no .c2f file")
    result = run("label", "many")
    assert result.code == 2  # one of them is no .c2f file
    assert [line.partition(":")[0] for line in result.out.splitlines()] == [
        "many/below/new.c2f",
        "many/below/old.c2f",
    ]
    assert "old.c2f: no answer in the file\n" in result.out
    assert result.err.startswith("c2f: many/below/text.c2f: the first bytes are")
    result = run("label", "many/*/[no]*.c2f", "--json")
    assert result.code == 0
    assert [row["state"] for row in json.loads(result.out)] == ["whole", "none"]
    missing = run("label", "many/below/new.c2f", "nothing*.c2f")
    assert missing.code == 2
    assert "cannot read nothing*.c2f" in missing.err
    assert missing.out.count("\n") == 1
    Path("empty").mkdir()
    assert "holds no .c2f file" in run("label", "empty").err


def test_a_label_map_that_is_not_here(run, labelled: Path, tmp_path: Path) -> None:
    """Its first level is told by number; the file is named, or found beside the picture."""
    (tmp_path / "b.c2f").write_bytes(stored_codec().encode(tiny_picture(), answer=ANSWER))
    said = run("label", "b.c2f").out
    assert said.startswith("b.c2f: level 1: cluster 0 ≥ 96 %")
    assert "label map abababab not found: give it with --hierarchy" in said
    own = load_label_map("wordnet-k-10-100-1000")
    header = read_header(labelled.read_bytes())
    own_map = type(own).from_labels(
        ["a", "b", "c", "d"], {"kind": [0, 0, 1, 1], "one": [0, 1, 2, 3]}, name="mine"
    )
    own_map.save(tmp_path / "elsewhere.json.kept")
    tree = load_label_tree(tmp_path / "elsewhere.json.kept")
    answer = pack_answer(LabelPath((1, 3), (0.9, 0.8)), tree)
    foreign = replace(header, label_map_id=bytes.fromhex(own_map.id)[:4], answer_bytes=len(answer))
    (tmp_path / "c.c2f").write_bytes(pack_header(foreign) + answer)
    assert "level 1: cluster 1" in run("label", "c.c2f").out
    given = run("label", "c.c2f", "--hierarchy", "elsewhere.json.kept").out
    assert "one: d ≥ " in given
    (tmp_path / "elsewhere.json.kept").rename(tmp_path / "mine.json")
    assert "one: d ≥ " in run("label", "c.c2f").out
    other = run("label", "a.c2f", "--hierarchy", "mine.json")
    assert other.code == 0
    assert "no answer in these files belongs to label map mine.json" in other.err


def test_a_probability_below_the_first_step_is_unsure(run, labelled: Path) -> None:
    blob = Codec.load("own.safetensors").encode(
        tiny_picture(), answer=LabelPath((3, 35, 282), (0.99, 0.9, 0.1))
    )
    labelled.write_bytes(blob)
    fine = load_label_map(MAP).levels[2].clusters[282].name
    assert run("label", labelled).out.endswith(f"fine: {fine} (unsure)\n")


def test_a_damaged_answer_is_told(run, labelled: Path) -> None:
    blob = bytearray(labelled.read_bytes())
    blob[read_header(bytes(blob)).size_bytes + 1] ^= 1
    labelled.write_bytes(blob)
    assert "a.c2f: the answer is damaged" in run("label", "a.c2f").out


def test_labelling_needs_no_torch_and_reads_the_first_bytes_only(
    labelled: Path, repository: Path
) -> None:
    code = (
        "import sys, codec_plugin.cli as cli\n"
        "sys.modules['torch'] = sys.modules['PIL'] = sys.modules['constriction'] = None\n"
        f"sys.argv = ['c2f', 'label', {str(labelled)!r}]\n"
        "try: cli.main()\nexcept SystemExit as stop: assert not stop.code, stop.code\n"
    )
    head = labelled.read_bytes()[:200]
    with labelled.open("wb") as stream:
        stream.write(head)
        stream.truncate(3 << 30)  # more than any command would read
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert "fine: " in done.stdout.decode()


def test_measurements_never_carry_an_answer(checkpoint: Path) -> None:
    """Accuracies are those of pictures: eval and bench write files of version 1."""
    from codec_plugin.baselines.registry import find_method
    from codec_plugin.evaluation.codecs.learned import Learned
    from codec_plugin.evaluation.codecs.own_codec import OwnCodec

    plain = Codec.load(checkpoint).encode(tiny_picture())
    assert plain[3] == 1
    assert OwnCodec(Codec.load(checkpoint)).encode(tiny_picture(), "file") == plain
    assert Learned(find_method("coarse2fine"), str(checkpoint)).encode(tiny_picture(), "") == plain
