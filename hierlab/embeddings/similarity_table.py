"""Similarity tables: the cosine between every two classes, from which vectors are recovered."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.embeddings.model_spec import Variant, parse_variant
from hierlab.errors import PrototypeError
from hierlab.utils.files import data_path, read_bounded

__all__ = [
    "SimilarityTable",
    "TableHeader",
    "encode_table",
    "find_table",
    "list_tables",
    "load_table",
    "no_such_table",
    "read_table",
    "table_path",
]

FORMAT = "hierlab-similarity-table"
VERSION = 1
SUFFIX = ".table"
MAX_BYTES = 256 * 2**20
_MAX_HEADER_BYTES = 64 * 2**10
_STEPS = 2**24 - 1  # a cosine is a whole number of steps, in three bytes
_PROMPTS_IN_ORDER_OF_TRUST = ("80", "7", "photo", "a", "name")


class TableHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """First line of a table file: what the numbers are and where they come from.

    Args:
        model: open_clip's name of the model.
        pretrained: tag of its weights.
        prompts: short name of the prompt set.
        prompts_told: the prompts in the words of their source.
        pretrained_told: the weights in the words of their source.
        class_set: name of the class list.
        class_hash: `ClassList.hash` of it.
        count: C, number of classes.
        dimensions: D of the text vectors that the cosines are of.
        low: cosine that step 0 stands for.
        high: cosine that step 2^24 − 1 stands for.
        source: public repository, commit and file of the text vectors.
        licence: what that source says.
        made: how the table was computed.
        sha256: of the bytes after the header.
    """

    format: str
    version: int
    model: str
    pretrained: str
    prompts: str
    prompts_told: str
    pretrained_told: str
    class_set: str
    class_hash: str
    count: int
    dimensions: int
    low: float
    high: float
    source: str
    licence: str
    made: str
    sha256: str

    @property
    def parts(self) -> Variant:
        """Model, weights and prompts."""
        return Variant(self.model, self.pretrained, self.prompts)

    @property
    def variant(self) -> str:
        """`MODEL:PRETRAINED@PROMPTS`, as `--clip` takes it."""
        return str(self.parts)

    @property
    def about(self) -> str:
        """Prompts and weights in the words of their source, for lists.

        Which script of the source made them is left to `prompts_told`.
        """
        prompts = _BRACKETS.sub(_without_scripts, self.prompts_told)
        return f"{self.count} classes of {self.class_set}; prompts: {prompts}"

    @property
    def payload_bytes(self) -> int:
        """Size of the numbers: three bytes for each pair of classes."""
        return 3 * (self.count * (self.count - 1) // 2)


_BRACKETS = re.compile(r"\s*\(([^()]*)\)")


def _without_scripts(remark: re.Match[str]) -> str:
    """A remark in brackets, up to where it names a script of its source."""
    whole = remark[1].split(", ")
    kept = list(itertools.takewhile(lambda part: ".py" not in part, whole))
    return remark[0] if len(kept) == len(whole) else f" ({', '.join(kept)})" if kept else ""


@dataclass(frozen=True)
class SimilarityTable:
    """Cosines of all pairs of C classes.

    Args:
        header: what they are.
        steps: (C (C − 1) / 2,) uint32, the rows of the upper triangle one after the other.
    """

    header: TableHeader
    steps: NDArray[np.uint32]

    @cached_property
    def similarity(self) -> NDArray[np.float64]:
        """(C, C) cosines, one on the diagonal; off by at most half a step, 3e-8."""
        header = self.header
        matrix = np.eye(header.count)
        rows, columns = np.triu_indices(header.count, 1)
        values = header.low + self.steps * ((header.high - header.low) / _STEPS)
        matrix[rows, columns] = values
        matrix[columns, rows] = values
        return matrix

    @cached_property
    def vectors(self) -> NDArray[np.float64]:
        """(C, D) unit rows whose cosines these are: the text vectors up to a rotation.

        Coordinates are principal axes, the longest first; D is the text vectors' own, filled
        with zeros where the classes span less, because k-means' stopping rule depends on it.
        """
        values, axes = np.linalg.eigh(self.similarity)
        kept = min(self.header.dimensions, self.header.count)
        # eigh leaves signs open; fix them so that two machines agree on the coordinates.
        axes = axes[:, ::-1][:, :kept]
        peak = axes[np.abs(axes).argmax(axis=0), np.arange(kept)]
        scaled = axes * np.sqrt(np.clip(values[::-1][:kept], 0, None)) * np.sign(peak)
        vectors = np.zeros((self.header.count, self.header.dimensions))
        vectors[:, :kept] = scaled
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def encode_table(vectors: NDArray[np.float64], facts: Mapping[str, str]) -> bytes:
    """Compute a table file from (C, D) text vectors of any length.

    Products of float16 numbers add up exactly in float64, whatever the order, so vectors that
    were stored as float16 give the same bytes on every machine.

    Args:
        vectors: text vectors of the classes, none of them zero.
        facts: the header's texts, from `model` to `made`.
    """
    count, dimensions = vectors.shape
    products = vectors @ vectors.T
    lengths = np.sqrt(np.diag(products))
    rows, columns = np.triu_indices(count, 1)
    cosines = np.minimum(products[rows, columns] / (lengths[rows] * lengths[columns]), 1)
    # The ends are rounded outwards, to numbers that read well in the header.
    low = math.floor(1000 * cosines.min(initial=1)) / 1000
    high = math.ceil(1000 * cosines.max(initial=low)) / 1000
    steps = np.rint((cosines - low) * (_STEPS / ((high - low) or 1))).astype("<u4")
    # Byte planes, the high bytes first: an archive that holds the file can then compress them.
    planes = steps.view(np.uint8).reshape(-1, 4)[:, 2::-1]
    payload = planes.T.tobytes()
    header = TableHeader(
        format=FORMAT,
        version=VERSION,
        count=count,
        dimensions=dimensions,
        low=low,
        high=high,
        sha256=hashlib.sha256(payload).hexdigest(),
        **facts,
    )
    line = bytes(msgspec.json.encode(header, order="sorted"))
    return b"\n".join((line, payload))


def read_table(path: str | Path) -> SimilarityTable:
    """Read one table file.

    Raises:
        PrototypeError: the file is not a sound table.
        HierlabError: the file cannot be read.
    """
    content = read_bounded(path, MAX_BYTES)
    header = _header(content[:_MAX_HEADER_BYTES], path)
    payload = content[content.index(b"\n") + 1 :]
    if len(payload) != header.payload_bytes:
        raise PrototypeError(
            f"{path}: expected {header.payload_bytes} bytes for {header.count} classes, "
            f"got {len(payload)}; the file was cut or changed"
        )
    if hashlib.sha256(payload).hexdigest() != header.sha256:
        raise PrototypeError(f"{path}: the numbers do not match their checksum; get the file anew")
    planes = np.frombuffer(payload, dtype=np.uint8).reshape(3, -1)
    steps = np.zeros((planes.shape[1], 4), dtype=np.uint8)
    steps[:, 2::-1] = planes.T
    return SimilarityTable(header, steps.view("<u4")[:, 0])


def _header(start: bytes, path: str | Path) -> TableHeader:
    line, newline, _ = start.partition(b"\n")
    try:
        header = msgspec.json.decode(line if newline else b"", type=TableHeader)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PrototypeError(f"{path}: not a similarity table ({error})") from error
    if header.format != FORMAT or header.version != VERSION:
        raise PrototypeError(
            f"{path}: expected {FORMAT} version {VERSION}, "
            f"got {header.format!r} version {header.version}"
        )
    sound = header.count >= 1 and header.dimensions >= 1 and header.dimensions <= 2**16
    if not sound or header.payload_bytes > MAX_BYTES:
        raise PrototypeError(
            f"{path}: {header.count} classes of {header.dimensions} dimensions cannot be"
        )
    return header


def list_tables() -> tuple[TableHeader, ...]:
    """Headers of the shipped tables: by model and weights, each one's default prompts first."""
    headers = []
    for path in sorted(data_path("tables").glob(f"*{SUFFIX}")):
        with path.open("rb") as stream:
            headers.append(_header(stream.read(_MAX_HEADER_BYTES), path))
    return tuple(sorted(headers, key=_order))


def _order(header: TableHeader) -> tuple[str, bool, str, int, str]:
    trust = _PROMPTS_IN_ORDER_OF_TRUST
    rank = trust.index(header.prompts) if header.prompts in trust else len(trust)
    # A model's name alone means OpenAI's weights where there are such.
    return header.model, header.pretrained != "openai", header.pretrained, rank, header.prompts


def find_table(variant: str | Variant) -> TableHeader | None:
    """Header of the table that a variant means, or None.

    Weights not named: OpenAI's, else the model's only ones. Prompts not named: the first there is
    of 80 templates, 7 templates, "a photo of a {}", "a {}", "{}".
    """
    wanted = parse_variant(variant) if isinstance(variant, str) else variant
    headers = [header for header in list_tables() if wanted.matches(header.parts)]
    tags = {header.pretrained for header in headers}
    if not headers or (wanted.pretrained is None and len(tags) > 1 and "openai" not in tags):
        return None
    return headers[0]


def load_table(variant: str | Variant) -> SimilarityTable:
    """Read the shipped table of a variant `MODEL[:PRETRAINED][@PROMPTS]`.

    Raises:
        PrototypeError: no such table; the message lists those that there are.
    """
    header = find_table(variant)
    if header is None:
        raise no_such_table(variant)
    return read_table(table_path(header.parts))


def no_such_table(variant: str | Variant) -> PrototypeError:
    """What to raise for a variant without a table: it says which there are."""
    names = ", ".join(known.variant for known in list_tables()) or "none"
    return PrototypeError(f"no similarity table for {variant}; there are {names}")


def table_path(variant: Variant) -> Path:
    """File of a variant's shipped table."""
    return data_path("tables", table_name(variant))


def table_name(variant: Variant) -> str:
    """File name of a variant's table."""
    return f"{variant.model}.{variant.pretrained}.{variant.prompts}{SUFFIX}"
