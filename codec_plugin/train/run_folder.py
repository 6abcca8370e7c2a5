"""The folder of a training run: its settings and label map on disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from codec_plugin.errors import TrainingError
from codec_plugin.train.settings import TrainSettings, apply_override, settings_from
from hierlab.utils.files import write_atomic

__all__ = ["HIERARCHY_FILE", "SETTINGS_FILE", "stored_settings", "stored_tree", "write_settings"]

SETTINGS_FILE = "settings.json"
HIERARCHY_FILE = "hierarchy.json"
_RETIRED = ("split_gain", "passes")
"""Settings of former versions that shaped the start of a run only."""


def stored_tree(run: Path) -> dict[str, Any]:
    """Settings of a run as it keeps them, as plain values.

    Raises:
        TrainingError: the folder holds no run.
    """
    try:
        tree: dict[str, Any] = msgspec.json.decode((run / SETTINGS_FILE).read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise TrainingError(f"{run} holds no run ({error})") from error
    return {key: value for key, value in tree.items() if key not in _RETIRED}


def stored_settings(run: Path, overrides: Sequence[str] = (), data: str = "") -> TrainSettings:
    """Settings of a run, with `a.b=c` overrides and another place of the photographs laid over.

    Raises:
        TrainingError: the folder holds no run.
        ConfigError: overrides that do not fit.
    """
    tree = stored_tree(run)
    for override in overrides:
        apply_override(tree, override)
    if data:
        tree["data"]["path"] = data
    return settings_from(tree, source=str(run / SETTINGS_FILE))


def write_settings(run: Path, settings: TrainSettings) -> None:
    """Keep the settings in the run's folder, which is made if needed."""
    write_atomic(run / SETTINGS_FILE, msgspec.json.format(settings.to_json(), indent=1) + "\n")
