"""hierlab measure."""

from __future__ import annotations

from typing import Annotated

import typer

from hierlab.commands._options import Clip, Json, MapFile, Prototypes


def measure(
    label_map: MapFile,
    clip: Clip = None,
    prototypes: Prototypes = None,
    seed: Annotated[int, typer.Option(help="For random partitions and the bootstrap.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure a hierarchy: Wu-Palmer consistency, sizes, nesting, silhouette."""
    from hierlab._terminal import emit_json
    from hierlab.labelmap import load_label_map
    from hierlab.measure import measure as measure_map

    report = measure_map(load_label_map(label_map), clip=clip, prototypes=prototypes, seed=seed)
    if as_json:
        emit_json(report)
    else:
        say_report(report)
