"""Make candidates for the photographs of `c2f demo`, and measure which of them make its point.

python docs/choose_photographs.py candidates CLONE -o FOLDER     # those without the 500 of tables
python docs/choose_photographs.py measure FOLDER -o measured.csv [--avif] [--effort 20]
"""

import csv
import hashlib
from pathlib import Path
from typing import Annotated

import torch
import typer

from codec_plugin.bitstream.container import read_header
from codec_plugin.classifiers import load_classifier
from codec_plugin.codec import Codec
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.label_hierarchy import load_hierarchy
from codec_plugin.data.photograph_sets.new_folder import read_digests
from codec_plugin.data.photograph_sets.nips17 import make_nips17
from codec_plugin.evaluation.codecs.base import Pixels
from codec_plugin.evaluation.codecs.conventional import (
    SWEEPS,
    decode_conventional,
    encode_conventional,
)
from codec_plugin.evaluation.recognition import Recogniser, image_tensor

SURE = 0.8
COLUMNS = ("file", "codec", "bytes", "classifier", "level", "answer", "probability", "right")
Row = tuple[str, str, int, str, str, str, float, bool]
app = typer.Typer(add_completion=False)


@app.command()
def candidates(
    clone: Annotated[Path, typer.Argument(help="Of the repository of `c2f data nips17`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder.")],
    only: Annotated[str, typer.Option(help="Image names of the set, with commas.")] = "",
) -> None:
    """Scale and compress photographs as `c2f data nips17` does, but not the 500 that it makes."""
    tested = {entry["image"] for entry in read_digests("nips17.csv")}
    files = sorted((clone / "dataset" / "images").glob("*.png"))
    chosen = [file for file in files if file.stem not in tested]
    if only:
        chosen = [file for file in chosen if file.stem in only.split(",")]
    entries = [
        {
            "image": file.stem,
            "source": hashlib.sha256(file.read_bytes()).hexdigest()[:16],
            "pixels": "",
        }
        for file in chosen
    ]
    made = make_nips17(clone, output, digests=entries)
    (output / "README.md").unlink()  # it tells of the test photographs
    typer.echo(f"{output}: {made.photographs} photographs, {made.classes} classes")


def versions(codec: Codec, pixels: Pixels, effort: int, avif: bool) -> list[tuple[str, bytes]]:
    """Files of a photograph: ours cut at the ends of its stages, and AVIF's sweep."""
    searched = {"": 0, f" searched {effort}": effort} if effort else {"": 0}
    found = []
    for name, steps in searched.items():
        blob = codec.encode(pixels, effort=steps)
        found += [(f"ours{name}", blob[:end]) for end in read_header(blob).ends]
    if avif:
        found += [
            ("avif", encode_conventional("avif", pixels, quality)) for quality in SWEEPS["avif"]
        ]
    return found


def answers(
    recogniser: Recogniser, pixels: Pixels, label: int
) -> list[tuple[str, str, float, bool]]:
    """By level: the most probable cluster, its probability, and whether the class stands in it."""
    known, seen = recogniser.hierarchy, recogniser.answer(image_tensor(pixels))
    names = recogniser.names(seen)
    return [
        (level, names[k], seen.confidences[k], seen.clusters[k] == int(known.labels[k][label]))
        for k, level in enumerate(known.level_names)
    ]


def right_from(rows: list[Row], least: float = 0.0) -> str:
    """Bytes from which one codec's answers at one level are right, and as sure as `least`."""
    held = "-"
    for row in sorted(rows, key=lambda row: -row[2]):
        if not row[7] or row[6] < least:
            break
        held = str(row[2])
    return held


def summary(rows: list[Row]) -> str:
    """One photograph in lines: by codec and level, the bytes from which each classifier is right,
    and in brackets those from which it is sure, too."""
    lines = [rows[0][0]]
    for codec in dict.fromkeys(row[1] for row in rows):
        words = []
        for level in dict.fromkeys(row[4] for row in rows):
            told = []
            for who in dict.fromkeys(row[3] for row in rows):
                own = [r for r in rows if (r[1], r[3], r[4]) == (codec, who, level)]
                if codec == "original":
                    told.append(f"{own[0][5]} {100 * own[0][6]:.0f} %" + " !" * (not own[0][7]))
                else:
                    told.append(f"{right_from(own)} ({right_from(own, SURE)})")
            words.append(f"{level} {' / '.join(told)}")
        lines.append(f"  {codec:12} {'; '.join(words)}")
    return "\n".join(lines)


@app.command()
def measure(
    folder: Annotated[Path, typer.Argument(help="Photographs with labels.csv.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Every answer, as CSV.")],
    checkpoint: Annotated[str, typer.Option("--checkpoint", "-c")] = "compact",
    classifier: Annotated[str, typer.Option(help="With commas; each answers for itself.")] = (
        "efficientnet-lite0,efficientnet-lite1,efficientnet-lite2"
    ),
    effort: Annotated[int, typer.Option(help="Steps of a search, measured beside none.")] = 0,
    avif: Annotated[bool, typer.Option(help="AVIF's files beside ours.")] = False,
    only: Annotated[str, typer.Option(help="Parts of file names, with commas.")] = "",
) -> None:
    """For each photograph, the bytes from which classifiers are right and sure at every level."""
    torch.set_num_threads(1)
    codec = Codec.load(checkpoint)
    label_map = load_hierarchy(codec.checkpoint.label_map)
    judges = [Recogniser(load_classifier(name), label_map) for name in classifier.split(",")]
    photographs = ImageFolder(folder, label_map.lookup, cache=False)
    with output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number, (name, label) in enumerate(
            zip(photographs.names, photographs.labels, strict=True)
        ):
            if label < 0 or (only and not any(part in name for part in only.split(","))):
                continue
            pixels, rows = photographs.pixels(number), []
            files = versions(codec, pixels, effort, avif)
            for kind, data in [("original", b""), *files]:
                picture = pixels
                if data:
                    ours = kind.startswith("ours")
                    picture = codec.decode(data).pixels if ours else decode_conventional(data)
                for judge in judges:
                    rows += [
                        (name, kind, len(data), judge.classifier.name, *answer)
                        for answer in answers(judge, picture, label)
                    ]
            writer.writerows(rows)
            stream.flush()
            typer.echo(summary(rows))
            typer.echo(f"{number + 1} of {len(photographs)}", err=True)


if __name__ == "__main__":
    app()
