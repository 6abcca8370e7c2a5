"""The 500 test photographs of the published tables, from a clone of the repository that has them.

They are half of the 1,000 labelled photographs of the NIPS 2017 competition on adversarial attacks
and defences (its development set; Kurakin et al. 2018, arXiv 1804.00097), CC BY 2.0, with ImageNet
classes but not from ImageNet. The tables were measured on pictures that had been scaled and then
compressed twice, lightly, so that is done again here, to the bit where Pillow's encoders are alike.
"""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from codec_plugin.data.image_labels import TABLE
from codec_plugin.data.photograph_sets.new_folder import (
    README,
    MadeSet,
    new_folder,
    pixel_digest,
    read_digests,
    write_labels,
)
from codec_plugin.errors import DataError
from hierlab.datasets.class_lists import load_classes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codec_plugin.data.photograph_sets.new_folder import Show

__all__ = ["REPOSITORY", "make_nips17"]

REPOSITORY = "https://github.com/ZhengyuZhao/Targeted-Tansfer"
COMMIT = "ae67d1be8386"
SIDE_PX = 256
JPEG_QUALITY, WEBP_QUALITY = 92, 93
_METADATA = "images.csv"
_NEEDED = ("ImageId", "TrueLabel", "OriginalLandingURL", "License", "Author")
_LICENCES = {"https://creativecommons.org/licenses/by/2.0/": "CC-BY-2.0"}
_COLUMNS = ("file", "wnid", "class_idx", "licence", "author", "url", "source")

_TEXT = f"""# 500 photographs with ImageNet classes

Half of the development set of the NIPS 2017 competition on adversarial attacks and defences
(Kurakin et al. 2018, arXiv 1804.00097), from {REPOSITORY}
at commit {COMMIT}. The classes are ImageNet's, the photographs are not: they were chosen by hand
from Flickr, show their object well, and are easier than ImageNet's validation set
(EfficientNet-Lite0 and Lite2 are right on 92 and 96 of a random hundred). For measuring: nothing of
this project was trained on them.

**Licence.** Every photograph is under CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/);
`{TABLE}` names its author and its address.

**Changes.** The set's 299 × 299 pixels were scaled to {SIDE_PX} × {SIDE_PX} (the whole picture,
Lanczos), and compressed as JPEG of quality {JPEG_QUALITY} without subsampling, then as WebP of
quality {WEBP_QUALITY}, method 6.

**{TABLE}.** `file`; `wnid`, the class; `class_idx`, its place in ImageNet's usual order from 0;
`licence`; `author`; `url`; `source`.

Made by `c2f data nips17`, which compares every source file and every result with a list.
"""


def make_nips17(
    source: Path,
    output: Path,
    *,
    digests: list[dict[str, str]] | None = None,
    show: Show = lambda done, total: None,
) -> MadeSet:
    """Make the folder of test photographs with labels.csv and a README.

    Args:
        source: a clone of `REPOSITORY`, or the folder `dataset` in it.
        output: a folder that is yet to be made.
        digests: which photographs, and digests of their files and pixels; the shipped 500.
        show: told after each photograph.
    Raises:
        DataError: no such clone, a photograph is missing or another, or `output` exists.
    """
    wanted = read_digests("nips17.csv") if digests is None else digests
    root = _dataset(source)
    known = _metadata(root / _METADATA)
    classes = load_classes("imagenet-1k").ids
    rows, differing = [], []
    with new_folder(output) as made:
        for number, entry in enumerate(wanted):
            name = entry["image"]
            if name not in known:
                raise DataError(f"{root / _METADATA} has no photograph {name}; {_CLONE}")
            facts = known[name]
            index = int(facts["TrueLabel"]) - 1
            file = f"{classes[index]}_{name}.webp"
            data = _converted(root / "images" / f"{name}.png", entry["source"])
            (made / file).write_bytes(data)
            if _digest_of(data) != entry["pixels"]:
                differing.append(file)
            licence = _LICENCES.get(facts["License"], facts["License"])
            place = f"{REPOSITORY.removeprefix('https://github.com/')}@{COMMIT}"
            told = (licence, facts["Author"], facts["OriginalLandingURL"])
            rows.append(
                (file, classes[index], str(index), *told, f"{place}:dataset/images/{name}.png")
            )
            show(number + 1, len(wanted))
        rows.sort()
        write_labels(made, _COLUMNS, rows)
        (made / README).write_text(_TEXT, encoding="utf-8")
    return MadeSet(len(rows), len(rows), len({row[1] for row in rows}), tuple(sorted(differing)))


_CLONE = f"clone it anew: git clone {REPOSITORY}"


def _dataset(source: Path) -> Path:
    for root in (source / "dataset", source):
        if (root / _METADATA).is_file() and (root / "images").is_dir():
            return root
    raise DataError(
        f"no dataset/{_METADATA} and dataset/images in {source}; "
        f"--from names a clone: git clone {REPOSITORY}"
    )


def _metadata(table: Path) -> dict[str, Mapping[str, str]]:
    """What the set says of each photograph, by its name."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {table}: {error}; {_CLONE}") from error
    lacking = [name for name in _NEEDED if not rows or not all(row.get(name) for row in rows)]
    if lacking:
        raise DataError(f"{table} lacks {', '.join(lacking)}; {_CLONE}")
    return {row["ImageId"]: row for row in rows}


def _converted(path: Path, expected: str) -> bytes:
    """A photograph of the set, scaled and compressed as the tables had it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; {_CLONE}") from error
    if hashlib.sha256(content).hexdigest()[:16] != expected:
        raise DataError(f"{path} is not the file that the tables were made from; {_CLONE}")
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    first, second = io.BytesIO(), io.BytesIO()
    small.save(first, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    with Image.open(first) as image:
        image.save(second, "WEBP", quality=WEBP_QUALITY, method=6)
    return second.getvalue()


def _digest_of(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        return pixel_digest(np.asarray(image.convert("RGB")))
