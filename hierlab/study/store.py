"""The store of a study: its grid, and its finished cells in one SQLite file, keyed by content."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import msgspec
import numpy as np
from numpy.typing import NDArray

from hierlab.errors import StudyError
from hierlab.study.grid import Cell, StudyGrid
from hierlab.utils.files import read_bounded, write_atomic

__all__ = ["StudyStore"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cells (key TEXT PRIMARY KEY, cell BLOB NOT NULL, labels BLOB NOT NULL)
WITHOUT ROWID
"""
_GRID, _CELLS = "study.json", "cells.sqlite"
_MAX_GRID_BYTES = 2**20


class StudyStore:
    """The grid and the finished cells of one study; a context manager.

        study.json    the grid, as asked for
        cells.sqlite  key ─► cell (JSON), labels (deflated int32; −1 = class not in the draw)

    Raises:
        StudyError: the folder holds another study, or no study where one must be.
    """

    def __init__(self, folder: str | Path, grid: StudyGrid | None = None) -> None:
        self.folder = Path(folder)
        path = self.folder / _GRID
        if grid is None:
            self.grid = self._read(path)
        else:
            if path.exists() and self._read(path) != grid:
                raise StudyError(
                    f"{self.folder} holds a study of another grid; continue that one with --resume "
                    "or choose another folder"
                )
            write_atomic(path, grid.encode())
            self.grid = grid
        try:
            self._database = _opened(self.folder / _CELLS)
        except sqlite3.Error as error:
            raise StudyError(f"{self.folder / _CELLS}: not a store of cells ({error})") from error

    @staticmethod
    def _read(path: Path) -> StudyGrid:
        if not path.is_file():
            raise StudyError(f"no study in {path.parent}: expected a file {_GRID} there")
        try:
            return msgspec.json.decode(read_bounded(path, _MAX_GRID_BYTES), type=StudyGrid)
        except msgspec.DecodeError as error:
            raise StudyError(f"{path}: not the grid of a study ({error})") from error

    def __enter__(self) -> StudyStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def keys(self) -> set[str]:
        """Keys of the finished cells."""
        return {key for (key,) in self._database.execute("SELECT key FROM cells")}

    def put(self, cells: Iterable[tuple[Cell, NDArray[np.int32]]]) -> None:
        """Keep finished cells, all or none; one that is there already stays as it is."""
        rows = [
            (cell.key, msgspec.json.encode(cell, order="sorted"), _packed(labels))
            for cell, labels in cells
        ]
        with self._database:
            self._database.executemany("INSERT OR IGNORE INTO cells VALUES (?, ?, ?)", rows)

    def cells(self) -> list[Cell]:
        """Every finished cell, in order of its fields; the labels stay on disk."""
        rows = self._database.execute("SELECT cell FROM cells")
        cells = [msgspec.json.decode(cell, type=Cell) for (cell,) in rows]
        return sorted(cells, key=msgspec.structs.astuple)

    def labels(self, cell: Cell) -> NDArray[np.int32]:
        """(C,) labels of one finished cell; −1 where a class was not drawn.

        Raises:
            StudyError: the cell is not finished, or its bytes are damaged.
        """
        rows = self._database.execute("SELECT labels FROM cells WHERE key = ?", (cell.key,))
        row = rows.fetchone()
        if row is None:
            raise StudyError(f"cell {cell.key[:12]} is not in {self.folder}; resume the study")
        try:
            return np.frombuffer(zlib.decompress(row[0]), dtype="<i4")
        except (zlib.error, ValueError) as error:
            raise StudyError(f"cell {cell.key[:12]} of {self.folder} is damaged") from error


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=60)
    try:
        # A crash loses at most the last commit; a write-ahead log would leave more files.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_SCHEMA)
        database.commit()
    except sqlite3.Error:
        database.close()
        raise
    return database


def _packed(labels: NDArray[np.int32]) -> bytes:
    return zlib.compress(np.ascontiguousarray(labels, dtype="<i4").tobytes(), 6)
