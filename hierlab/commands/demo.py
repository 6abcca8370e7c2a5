"""hierlab demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierlab.commands._options import Clip
from hierlab.commands._outputs import Force, guard_outputs
from hierlab.utils.terminal import emit_table, progress, say


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for maps and pictures.")
    ] = Path("out/demo"),
    clip: Clip = "ViT-B-32",
    force: Force = False,
) -> None:
    """Build three hierarchies, measure and compare them, draw the default one."""
    from hierlab.demo import FILES, run_demo

    guard_outputs({output / name: kind for name, kind in FILES.items()}, (), force=force)
    with progress("hierlab demo") as on_progress:
        result = run_demo(output, clip=str(clip), on_progress=on_progress)
    emit_table(
        ("hierarchy", "level", "K", "nested", "largest", "Wu-Palmer by class", "between", "random"),
        result.rows,
        title=f"Hierarchies of ImageNet-1K; Wu-Palmer is nltk's (policy {result.policy!r})",
    )
    say()
    emit_table(
        ("compared with the default", "level", "ARI", "classes that moved"), result.agreement
    )
    say()
    for path in result.files:
        say(str(path))
