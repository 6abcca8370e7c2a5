"""`c2f data`: folders of photographs to measure on."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import note
from codec_plugin.commands._progress import progress

__all__ = ["data"]

_TOLD = 3


class PhotographSet(Enum):
    """Sets that can be made."""

    NIPS17 = "nips17"
    KODAK = "kodak"
    FOLDER = "folder"


def data(
    name: Annotated[
        PhotographSet,
        typer.Argument(
            help="nips17: the 500 test photographs of the published tables, from a clone of "
            "github.com/ZhengyuZhao/Targeted-Tansfer; kodak: the 24 Kodak photographs, from a "
            "folder that has them; folder: squares from photographs of yours, labelled by their "
            "sub-folders."
        ),
    ],
    source: Annotated[Path, typer.Option("--from", help="The clone, or the folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to be made.")],
    side: Annotated[
        int | None,
        typer.Option(min=16, max=8192, help="Of the squares of `folder`, in pixels; default 256."),
    ] = None,
) -> None:
    """Make a folder of photographs with labels.csv and a README of source, licence and changes."""
    from codec_plugin.data.photograph_sets.kodak import make_kodak
    from codec_plugin.data.photograph_sets.nips17 import make_nips17
    from codec_plugin.data.photograph_sets.own_folder import make_own
    from codec_plugin.errors import ConfigError

    if side is not None and name is not PhotographSet.FOLDER:
        raise ConfigError(f"{name.value} has a size of its own; leave out --side")
    with progress(f"c2f data {name.value}") as show:
        if name is PhotographSet.NIPS17:
            made = make_nips17(source, output, show=show)
        elif name is PhotographSet.KODAK:
            made = make_kodak(source, output, show=show)
        else:
            made = make_own(source, output, side_px=side or 256, show=show)
    for sentence in made.left_out[:_TOLD]:
        note(f"left out: {sentence}")
    if len(made.left_out) > _TOLD:
        note(f"left out: {len(made.left_out) - _TOLD} more")
    if made.differing:
        note(
            f"{len(made.differing)} of {made.photographs} are not to the pixel those of the "
            f"published tables, such as {made.differing[0]}: this Pillow's JPEG or WebP encoder is "
            "another; tables made from them agree within their intervals, not to the digit"
        )
    labels = f", {made.labelled} with a label of {made.classes} classes" if made.labelled else ""
    typer.echo(f"{output}: {made.photographs} photographs{labels}")
