"""`c2f cut`: a valid shorter file."""

from __future__ import annotations

from typing import Annotated

import typer

from codec_plugin.commands._files import Bits, Force, Stream, guard, read_input, write_output

__all__ = ["cut"]


def cut(
    stream: Stream,
    output: Annotated[str, typer.Option("--output", "-o", help="File to write, or -.")],
    max_bytes: Annotated[
        int | None, typer.Option("--bytes", help="Keep the first so many bytes.")
    ] = None,
    bpp: Bits = None,
    force: Force = False,
) -> None:
    """Keep the first bytes of a file; the result decodes like any other."""
    from codec_plugin.bitstream.container import byte_limit, read_header
    from codec_plugin.errors import ConfigError

    if max_bytes is None and bpp is None:
        raise ConfigError("say how much to keep: --bytes N or --bpp B")
    guard(output, stream, kind=".c2f file", force=force)
    data = read_input(stream)
    header = read_header(data)
    kept = data[: byte_limit(header, max_bytes, bpp)]
    write_output(output, kept)
    if output != "-":
        typer.echo(f"{output}: {len(kept)} of {header.ends[-1]} bytes")
