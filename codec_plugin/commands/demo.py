"""`c2f demo`: see what the shipped codec does, in a minute and without a network."""

import json
from pathlib import Path
from typing import Annotated

import typer

from codec_plugin.commands._files import (
    Force,
    OwnMap,
    Threads,
    guard,
    is_special,
    level_words,
    write_output,
)
from codec_plugin.data.photograph_sets.shipped import shipped_photos

__all__ = ["demo"]

_WEBP_QUALITY = 95  # a page shows the strip: what the codecs did is far coarser


def demo(
    photo: Annotated[
        str, typer.Argument(help=f"A file, or a shipped one: {', '.join(shipped_photos())}.")
    ] = next(iter(shipped_photos())),
    checkpoint: Annotated[str, typer.Option(help="Checkpoint file or shipped name.")] = "compact",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Picture strip: .png, or a smaller .webp.")
    ] = Path("c2f-demo.png"),
    hierarchy: OwnMap = "",
    force: Force = False,
    threads: Threads = None,
    json_out: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Encode a photograph, decode every stage and cut, beside JPEG, WebP and AVIF."""
    from codec_plugin.classifiers import load_classifier
    from codec_plugin.codec import Codec
    from codec_plugin.data.label_hierarchy import load_hierarchy
    from codec_plugin.data.picture import read_picture, write_pixels
    from codec_plugin.errors import ConfigError
    from codec_plugin.evaluation.demo import demo_rows, picture_strip
    from codec_plugin.evaluation.recognition import Recogniser, true_clusters
    from codec_plugin.utils.threads import use_threads

    guard(output, photo, checkpoint, hierarchy, kind="picture", force=force)
    kind = ".png" if is_special(str(output)) else output.suffix
    if kind.lower() not in (".png", ".webp"):
        raise ConfigError(f"the strip is drawn as .png or .webp, not {kind or output.name}")
    shipped = shipped_photos().get(photo)
    if shipped is None and not Path(photo).exists():
        known = ", ".join(shipped_photos())
        raise ConfigError(f"no file {photo!r}, and no shipped photograph of that name: {known}")
    pixels = read_picture(photo if shipped is None else shipped.path).bytes_rgb
    use_threads(threads)
    codec = Codec.load(checkpoint)
    label_map = load_hierarchy(hierarchy or codec.checkpoint.label_map)
    groups = demo_rows(codec, Recogniser(load_classifier(), label_map), pixels)
    true_names: tuple[str, ...] = ()
    if shipped is not None and shipped.class_id in label_map.index:
        clusters = true_clusters(label_map, shipped.class_id)
        levels = zip(label_map.cluster_names, clusters, strict=True)
        true_names = tuple(names[cluster] for names, cluster in levels)
    strip = write_pixels(picture_strip(pixels, groups, true_names), kind, _WEBP_QUALITY)
    write_output(str(output), strip)
    if json_out:
        rows = [row._asdict() for group in groups for row in group]
        typer.echo(json.dumps([{k: v for k, v in row.items() if k != "pixels"} for row in rows]))
        return
    if shipped is not None:
        typer.echo(f"{shipped.title}, by {shipped.author}, {shipped.licence}, {shipped.url}")
        if shipped.example == "failure":
            typer.echo("A failure: the first stage does not tell this class.")
        typer.echo("")
    for group in groups:
        for row in group:
            answers = level_words(label_map.level_names, row.names, row.confidences)
            typer.echo(
                f"{row.name:16} {row.bytes:6d} bytes  {row.rate_bpp:.3f} bpp  "
                f"{row.psnr_db:5.2f} dB  {answers}"
            )
        typer.echo("")
    typer.echo(f"picture strip: {output}")
