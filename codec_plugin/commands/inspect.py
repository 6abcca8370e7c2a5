"""`c2f inspect`: what a file says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from codec_plugin.commands._files import AsJson, Stream, read_input

__all__ = ["inspect"]


def inspect(
    stream: Stream,
    hierarchy: Annotated[
        str, typer.Option(help="Label map that names the answer's clusters; default: found.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show header, answer, stages, checks, and a file's checkpoint and label map."""
    from codec_plugin.commands._answers import AnswerReader

    data = read_input(stream)
    report = describe(data, stream)
    answer = AnswerReader(hierarchy).read(data, stream)
    if as_json:
        report["answer"] = answer.to_json()
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    grey = ", grey" if report["grey"] else ""
    checkpoint = report["checkpoint"] or "no checkpoint that is shipped, or lies near"
    typer.echo(f"picture     {report['width_px']} × {report['height_px']} pixels{grey}")
    typer.echo(f"model       {report['model_id']} ({checkpoint})")
    typer.echo(f"label map   {report['label_map_id']} ({report['label_map'] or 'unknown'})")
    typer.echo(f"header      {report['header_bytes']} bytes, check right")
    if answer.bytes:
        size = f"{answer.bytes} byte{'s' if answer.bytes > 1 else ''}"
        typer.echo(f"answer      {size}, {answer.state}: {answer}")
    for stage in report["stages"]:
        name = f" ({stage['level']})" if stage["level"] else ""
        typer.echo(
            f"stage {stage['stage']}     {stage['received_bytes']} of {stage['bytes']} bytes, "
            f"{stage['state']}{name}"
        )
    if extra := report["extra_bytes"]:
        typer.echo(f"ignored     {extra} byte{'s' * (extra > 1)} after the last stage")
    typer.echo(
        f"file        {report['received_bytes']} of {report['file_bytes']} bytes, "
        f"{report['rate_bpp']:.3f} bits per pixel"
    )


def describe(data: bytes, name: str = "") -> dict[str, Any]:
    """All that the bytes of a file or of a prefix tell, ready for JSON.

    Args:
        data: at least the header.
        name: of the file: label maps are looked for beside it too.

    Raises:
        BitstreamError: not a file of this format, damaged, or cut inside the header.
    """
    from codec_plugin.bitstream.container import CHECK_BYTES, read_header
    from codec_plugin.bitstream.segments import split_segments
    from codec_plugin.checkpointing.label_maps import find_label_map
    from codec_plugin.checkpointing.shipped import find_record

    header = read_header(data)
    place, record = find_record(header.model_id.hex(), Path(name)) or (None, None)
    levels = dict(zip(record.level_ends, record.level_names, strict=False)) if record else {}
    label_map = record.label_map_name if record else ""
    label_map = label_map or find_label_map(header.label_map_id.hex(), Path(name))
    segments = {segment.stage: segment for segment in split_segments(data, header)}
    stages, start = [], header.first_stage
    for stage, end in enumerate(header.ends):
        segment = segments.get(stage)
        received = max(0, min(len(data), end) - start)
        if segment is None:
            state = "missing"
        elif segment.check == "absent":
            state = "cut"
        else:
            state = "complete, check right" if segment.check == "right" else "damaged, check wrong"
        stages.append(
            {
                "stage": stage + 1,
                "level": levels.get(stage, ""),
                "bytes": header.payload_bytes[stage] + CHECK_BYTES,
                "received_bytes": received,
                "state": state,
            }
        )
        start = end
    received = min(len(data), header.ends[-1])
    return {
        "version": header.version,
        "width_px": header.width_px,
        "height_px": header.height_px,
        "grey": header.grey,
        "model_id": header.model_id.hex(),
        "checkpoint": place,
        "label_map_id": header.label_map_id.hex(),
        "label_map": label_map or None,
        "header_bytes": header.size_bytes,
        "stages": stages,
        "received_bytes": received,
        "file_bytes": header.ends[-1],
        "extra_bytes": len(data) - received,
        "rate_bpp": 8 * received / (header.width_px * header.height_px),
    }
