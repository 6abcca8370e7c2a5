"""Commands, options, public names, methods and formats of the former release are all still there.

`data/public-names.json` is what the former release had. A name may be added here without a change
of that file; one that goes needs a line under "Removed" in CHANGELOG.md and its removal there.
"""

import json
from pathlib import Path

import pytest
import typer

import codec_plugin
import hierlab
from codec_plugin import commands as codec_commands
from codec_plugin.baselines.registry import method_names
from codec_plugin.evaluation.codecs.registry import codec_names
from hierlab import builders, formats
from hierlab import commands as hierarchy_commands

FORMER: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parent / "data" / "public-names.json").read_text(encoding="utf-8")
)


def options(app: typer.Typer) -> dict[str, list[str]]:
    """Options and arguments of every command."""
    group = typer.main.get_command(app)
    return {
        name: sorted(
            {
                option
                for parameter in command.params
                for option in (
                    parameter.opts
                    if parameter.param_type_name == "option"
                    else [str(parameter.name).upper()]
                )
            }
        )
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def now() -> dict[str, dict[str, list[str]]]:
    """The same lists, of this checkout."""
    hierlab_app, c2f = typer.Typer(), typer.Typer()
    hierarchy_commands.register_all(hierlab_app)
    codec_commands.register(c2f)
    kinds = formats.registered().values()
    return {
        "commands of hierlab": options(hierlab_app),
        "commands of c2f": options(c2f),
        "names": {
            "hierlab": sorted(hierlab.__all__),
            "codec_plugin": sorted(codec_plugin.__all__),
            "builders": sorted(builders.registered()),
            "imported formats": sorted(one.name for one in kinds if one.importer),
            "exported formats": sorted(one.name for one in kinds if one.exporter),
            "codecs": sorted(codec_names()),
            "learned methods": sorted(method_names()),
        },
    }


@pytest.mark.parametrize("part", sorted(FORMER))
def test_nothing_of_the_former_release_is_lost(part: str) -> None:
    present = now()[part]
    lost = {
        name: missing
        for name, former in FORMER[part].items()
        if (missing := sorted(set(former) - set(present.get(name, ())))) or name not in present
    }
    assert not lost


@pytest.mark.parametrize("package", [hierlab, codec_plugin], ids=lambda one: one.__name__)
def test_every_public_name_can_be_imported(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name) is not None
