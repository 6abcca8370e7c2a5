"""A hierarchy being built for a visitor: in a process of its own, so that it can be stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import weakref
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.data import build_worker
from hierlab import ClassList, HierlabError, LabelMap
from hierlab.labelmap import loads_label_map

__all__ = ["MAX_BUILDS", "BuildJob", "BuildRefusedError"]

# Each takes a core and some hundred megabytes.
MAX_BUILDS = 2
_ROOT = Path(__file__).resolve().parents[2]
_jobs: weakref.WeakSet[BuildJob] = weakref.WeakSet()


class BuildRefusedError(Exception):
    """Nothing was built; the message is for the page."""


class BuildJob:
    """One build. It ends when it is done, stopped, or nobody holds it any more.

    Args:
        arguments: of `hierlab.build`; `classes` is a name or a `ClassList`.

    Raises:
        BuildRefusedError: as many are running on this server as may.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        if sum(one.running for one in _jobs) >= MAX_BUILDS:
            raise BuildRefusedError(
                f"{MAX_BUILDS} hierarchies are being built on this server; try again in a minute."
            )
        classes = arguments["classes"]
        told = asdict(classes) if isinstance(classes, ClassList) else classes
        folder = tempfile.TemporaryDirectory(prefix="hierlab-build-")
        self._folder = Path(folder.name)
        request = json.dumps({**arguments, "classes": told})
        (self._folder / build_worker.REQUEST).write_text(request, encoding="utf-8")
        self._log = self._folder / "progress.txt"
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        with self._log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", build_worker.__name__, folder.name],
                stdout=stream,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
        self._began = time.monotonic()
        self._end = weakref.finalize(self, _end, self._process, folder)
        _jobs.add(self)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._end.alive and self._process.poll() is None

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    @property
    def progress(self) -> tuple[int, int] | None:
        """Runs done, of how many; None before the first, or where the method has none."""
        lines = self._log.read_text().splitlines() if self._end.alive else []
        parts = lines[-1].split() if lines else []
        return (int(parts[0]), int(parts[1])) if len(parts) == 2 else None

    def stop(self) -> None:
        """End the process, if it runs, and remove whatever it wrote."""
        self._end()

    def result(self) -> LabelMap:
        """What was built; the job is over then.

        Raises:
            BuildRefusedError: nothing was, and why.
        """
        self._process.wait()
        try:
            refused = self._folder / build_worker.REFUSED
            if refused.is_file():
                raise BuildRefusedError(refused.read_text(encoding="utf-8"))
            built = self._folder / build_worker.MAP
            if not built.is_file():
                raise BuildRefusedError(
                    "The build ended without a result; perhaps the server has too little memory."
                )
            return loads_label_map(built.read_bytes(), source="the built map")
        except HierlabError as error:
            raise BuildRefusedError(str(error)) from error
        finally:
            self.stop()


def _end(process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    folder.cleanup()
