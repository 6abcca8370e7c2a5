"""Fixtures for every package's tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout the tests stand in."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Prototypes, oracles and images that are not shipped; tests that need them skip by name."""
    for candidate in (os.environ.get("HIERLAB_SHARED"), ROOT.parent / "shared" / "data"):
        if candidate and (Path(candidate) / "prototypes").is_dir():
            return Path(candidate)
    pytest.skip("needs the prototypes, oracles and images that HIERLAB_SHARED names")
