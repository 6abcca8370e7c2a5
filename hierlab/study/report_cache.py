"""A cache of study reports: JSON files, each under the digest of the cells it was computed from."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hierlab.errors import HierlabError
from hierlab.study.report import study_report
from hierlab.study.results import StudyReport
from hierlab.study.store import StudyStore
from hierlab.utils.files import cache_folder, read_bounded, write_atomic

__all__ = ["kept_report", "write_report"]

_FILE = "report.json"
_MAX_BYTES = 16 * 2**20
# Raised whenever the report of the same cells would come out another.
_EDITION = 3


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file holds: the report, and of which cells."""

    cells: str
    report: StudyReport


def kept_report(folder: str | Path) -> StudyReport:
    """The report of a study without reference or image similarity, seed 0.

    It is looked for in the study's folder and in the user's cache folder; if neither has that of
    these cells, it is computed and put into the cache folder.

    Raises:
        StudyError: no study or no finished cell.
    """
    digest = _digest(folder)
    own, cached = Path(folder) / _FILE, cache_folder() / f"study-{digest[:32]}.json"
    for path in (own, cached):
        if (known := _read(path, digest)) is not None:
            return known
    report = study_report(folder)
    with contextlib.suppress(HierlabError):  # nowhere to keep it: the next one computes it again
        write_atomic(cached, _encoded(digest, report))
    return report


def write_report(folder: str | Path, report: StudyReport) -> Path:
    """Put a report into its study's folder, for whoever opens it next."""
    return write_atomic(Path(folder) / _FILE, _encoded(_digest(folder), report))


def _encoded(digest: str, report: StudyReport) -> bytes:
    kept = _Kept(cells=digest, report=report)
    return msgspec.json.encode(kept, enc_hook=_plain, order="sorted") + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.round(6).tolist()
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


def _array(kind: Any, value: Any) -> Any:
    return np.asarray(value, dtype=np.float64)


def _read(path: Path, digest: str) -> StudyReport | None:
    """The report in a file if it is of these cells; a damaged or foreign file counts as none."""
    if not path.is_file():
        return None
    try:
        kept = msgspec.json.decode(read_bounded(path, _MAX_BYTES), type=_Kept, dec_hook=_array)
    except (HierlabError, msgspec.DecodeError, ValueError, TypeError):
        return None
    return kept.report if kept.cells == digest else None


def _digest(folder: str | Path) -> str:
    """SHA-256 over the edition, the grid and every finished cell with its labels."""
    digest = hashlib.sha256(f"edition {_EDITION}\n".encode())
    with StudyStore(folder) as store:
        digest.update(store.grid.encode())
        for cell in store.cells():
            digest.update(cell.key.encode())
            digest.update(store.labels(cell).tobytes())
    return digest.hexdigest()
