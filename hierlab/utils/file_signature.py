"""Which files this program made, by what they hold."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["made_by_hierlab"]

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
_LABEL_MAP = re.compile(rb'"format"\s*:\s*"hierlab-label-map"')
# Prototypes are a zip, whose directory of members stands last.
_PROTOTYPES = (b"vectors.npy", b"model.npy", b"pretrained.npy", b"prompts.npy")
# Tables hold nothing but their numbers: these headers are nobody else's.
_HEADERS = (
    b"class_idx,wnid,label,method,target_k,cluster_id,level,cluster",
    b"level,cluster,name,synset,size,medoid",
    b"level,rank,cluster,classes",
    b"first,second,ari",
    b"hierarchy,policy,level,k,",
    b"k,stability,stability_se,silhouette,gap,wu_palmer_within,largest",
)
_PARENTS = re.compile(rb'child,parent,name\n[^\n]*,"?[\w.-]+/[^\n]*,')


def made_by_hierlab(path: Path) -> bool:
    """Whether a file is one of ours: a label map, or a picture, page, table or graph we wrote.

    Judged by content alone: a file that only has a usual name is another's.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_END_BYTES)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END_BYTES))
        tail = stream.read(_END_BYTES)
        if _MARKS.search(head) or _MARKS.search(tail):
            return True
        if head.startswith(b"PK"):
            return all(name in tail for name in _PROTOTYPES)
        if head.startswith(b"{") and size <= _MAX_BYTES:
            stream.seek(0)
            return _LABEL_MAP.search(stream.read()) is not None
    return head.startswith(_HEADERS) or bool(_PARENTS.match(head)) or _is_square_table(head)


def _is_square_table(head: bytes) -> bool:
    """A heatmap's numbers: the first row is called as the first column."""
    first, _, rest = head.partition(b"\n")
    corner, _, names = first.partition(b",")
    start = rest.split(b",", 1)[0]
    return corner == b"classes" and bool(start) and names.split(b",", 1)[0].strip() == start
