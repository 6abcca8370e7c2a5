"""Which files this program made, and of what kind each is, by what they hold."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import BinaryIO

__all__ = ["kind_of", "kind_of_content", "made_by_hierlab"]

_END_BYTES = 8192
_MAX_BYTES = 64 * 2**20

# What our pictures, pages and graphs say of their maker, near their start or end.
_MARKS = re.compile(
    rb'<meta name="generator" content="hierlab">'
    rb"|Software\0hierlab"
    rb"|/Creator \(hierlab\)"
    rb"|<dc:title>hierlab</dc:title>"
    rb"|<!-- hierlab -->"
    rb'|"made_by":\s*"hierlab"'
)
# What a marked file is, by how it begins.
_BEGINNINGS = (
    (re.compile(rb"\x89PNG|%PDF"), "picture"),
    (re.compile(rb"\s*<!doctype html|\s*<html", re.IGNORECASE), "page"),
    (re.compile(rb"(?s).{0,400}<svg"), "picture"),
    (re.compile(rb"\s*[{<]"), "tree or graph"),
)
_LABEL_MAP = re.compile(rb'"format"\s*:\s*"hierlab-label-map"')
_KEPT_REPORT = re.compile(rb'\{"cells":"[0-9a-f]{64}"')
# Prototypes are a zip, whose directory of members stands last.
_PROTOTYPES = (b"vectors.npy", b"model.npy", b"pretrained.npy", b"prompts.npy")
# Tables hold nothing but their numbers: these headers are nobody else's.
_HEADERS = {
    b"class_idx,wnid,label,method,target_k,cluster_id,level,cluster": "table of classes",
    b"level,cluster,name,synset,size,medoid": "table of clusters",
    b"level,rank,cluster,classes": "table of sizes",
    b"node,left,right,height,classes": "table of merges",
    b"hierarchy,policy,level,k,": "table of measures",
    b"k,stability,stability_se,silhouette,gap,wu_palmer_within,largest": "table of counts",
}
_PARENTS = re.compile(rb'child,parent,name\n[^\n]*,"?[\w.-]+/[^\n]*,')


def made_by_hierlab(path: Path) -> bool:
    """Whether a file is one of ours: a label map, or a picture, page, table or graph we wrote.

    Judged by content alone: a file that only has a usual name is another's.

    Raises:
        OSError: it cannot be read.
    """
    return kind_of(path) is not None


def kind_of(path: Path) -> str | None:
    """What a file of ours is: "label map", "picture", "table of sizes", …; None for another's.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return _kind(stream)


def kind_of_content(content: bytes | str) -> str | None:
    """The same of what is about to be written."""
    return _kind(io.BytesIO(content.encode() if isinstance(content, str) else content))


def _kind(stream: BinaryIO) -> str | None:
    head = stream.read(_END_BYTES)
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END_BYTES))
    tail = stream.read(_END_BYTES)
    if _MARKS.search(head) or _MARKS.search(tail):
        return next((kind for begins, kind in _BEGINNINGS if begins.match(head)), "page")
    if head.startswith(b"PK"):
        return "set of prototypes" if all(name in tail for name in _PROTOTYPES) else None
    if _KEPT_REPORT.match(head):
        return "report of a study"
    if head.startswith(b"{") and size <= _MAX_BYTES:
        stream.seek(0)
        return "label map" if _LABEL_MAP.search(stream.read()) else None
    for header, kind in _HEADERS.items():
        if head.startswith(header):
            return kind
    if _PARENTS.match(head):
        return "table of parents"
    return "table of similarities" if _is_square_table(head) else None


def _is_square_table(head: bytes) -> bool:
    """A heatmap's numbers: the first row is called as the first column."""
    first, _, rest = head.partition(b"\n")
    corner, _, names = first.partition(b",")
    start = rest.split(b",", 1)[0]
    return corner == b"classes" and bool(start) and names.split(b",", 1)[0].strip() == start
