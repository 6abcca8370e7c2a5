"""Fixtures for every package's tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option for running later, where more is installed, what was skipped."""
    parser.addoption("--skipped-to", metavar="FILE", help="write the tests that were skipped to it")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One test a line: `pytest @FILE` runs them."""
    if target := terminalreporter.config.getoption("--skipped-to"):
        skipped = [report.nodeid for report in terminalreporter.stats.get("skipped", [])]
        Path(target).write_text("".join(f"{one}\n" for one in dict.fromkeys(skipped)))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout the tests stand in."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Prototypes, oracles and images that are not shipped: only from where HIERLAB_SHARED says."""
    named = os.environ.get("HIERLAB_SHARED")
    if not named:
        pytest.skip("needs data that is not shipped: HIERLAB_SHARED=folder with prototypes/ in it")
    for candidate in (Path(named), Path(named) / "data"):
        if (candidate / "prototypes").is_dir():
            return candidate
    pytest.fail(f"HIERLAB_SHARED={named}: no folder prototypes/ or data/prototypes/ in it")
