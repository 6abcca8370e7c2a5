"""Curves of a results table: rate against accuracy at each level, and rate against PSNR."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from codec_plugin.errors import ConfigError, DataError
from codec_plugin.evaluation.results_table import CLEAN, Row
from codec_plugin.evaluation.statistics.summary import (
    SummaryRow,
    level_names,
    measure_of,
    summarise,
)
from hierlab.errors import HierlabError
from hierlab.utils.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Curve", "Panel", "drawing", "panels", "save_curves"]


class Curve(NamedTuple):
    """One line: a subject's cuts in order of rate.

    Attributes:
        name: of the subject.
        rates_bpp: mean bits per pixel of the real files.
        values: means.
        low: lower ends of the 95 % intervals.
        high: upper ends.
        stage_ends: which points are ends of stages.
    """

    name: str
    rates_bpp: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    stage_ends: tuple[bool, ...]


class Panel(NamedTuple):
    """One diagram: its title, axis label, curves, and the original's level if there is one."""

    title: str
    axis: str
    curves: tuple[Curve, ...]
    clean: float | None


def panels(rows: Sequence[Row], summary: Sequence[SummaryRow] | None = None) -> list[Panel]:
    """Diagrams of a results table: accuracy in percent at each level, PSNR, and MS-SSIM if known.

    Where no photograph has a label, agreement with the original's answer stands for accuracy.

    Args:
        rows: of the table.
        summary: of `summarise`, where it is known already.
    """
    summary = summarise(rows) if summary is None else summary
    if not summary:
        raise ConfigError("the table of results is empty; run c2f eval first")
    result = []
    for level in level_names(rows):
        measure = measure_of(rows, level)
        labelled = measure.startswith("correct_")
        word = "accuracy" if labelled else "agreement with the original"
        result.append(_panel(summary, measure, f"{level} {word}", "%", 100.0))
    result.append(_panel(summary, "psnr_db", "PSNR", "dB", 1.0))
    if any(entry.mean("ms_ssim") is not None for entry in summary):
        result.append(_panel(summary, "ms_ssim", "MS-SSIM", "0 to 1", 1.0))
    return result


def save_curves(rows: Sequence[Row], path: Path) -> None:
    """Draw as PNG or as an HTML page that needs no network, as the file's name says.

    Raises:
        ConfigError: another kind of file, or an empty table.
        DataError: the file cannot be written.
    """
    if path.suffix not in (".png", ".html"):
        raise ConfigError(f"curves are drawn as .png or .html, not {path.suffix or path.name!r}")
    drawn = panels(rows)
    try:
        write_atomic(path, _png(drawn) if path.suffix == ".png" else _html(drawn))
    except HierlabError as error:
        raise DataError(str(error)) from error


def _png(drawn: Sequence[Panel]) -> bytes:
    picture = io.BytesIO()
    with drawing(drawn, len(drawn)) as figure:
        figure.savefig(picture, format="png", dpi=130, metadata={"Software": "hierlab"})
    return picture.getvalue()


@contextmanager
def drawing(drawn: Sequence[Panel], columns: int) -> Iterator["Figure"]:
    """Panels in so many columns; intervals as bands, ends of stages as marks, one legend below."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(drawn) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(4.6 * columns, 4.0 * rows), layout="constrained", squeeze=False
    )
    names = list(dict.fromkeys(curve.name for panel in drawn for curve in panel.curves))
    for axis in axes.flat[len(drawn) :]:
        axis.set_axis_off()
    for axis, panel in zip(axes.flat, drawn, strict=False):
        for curve in panel.curves:
            number = names.index(curve.name)
            colour = f"C{number}"
            style = ("-", "--", ":")[number // 10 % 3]  # there are ten colours
            axis.plot(curve.rates_bpp, curve.values, style, color=colour, label=curve.name, lw=1.4)
            axis.fill_between(curve.rates_bpp, curve.low, curve.high, color=colour, alpha=0.08)
            ends = [n for n, is_end in enumerate(curve.stage_ends) if is_end]
            axis.plot(
                [curve.rates_bpp[n] for n in ends], [curve.values[n] for n in ends], "o",
                color=colour, ms=5,
            )  # fmt: skip
        if panel.clean is not None:
            axis.axhline(panel.clean, color="0.5", lw=0.8, ls="--", label="original")
        axis.set(title=panel.title, xlabel="bits per pixel (file)", ylabel=panel.axis)
        axis.set_xscale("log")
        axis.grid(alpha=0.3)
    lines, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(lines, labels, fontsize=8, loc="outside lower center", ncols=min(7, 3 * columns))
    try:
        yield figure
    finally:
        pyplot.close(figure)


def _html(drawn: Sequence[Panel]) -> bytes:
    from plotly import colors, graph_objects
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(drawn), subplot_titles=[p.title for p in drawn])
    palette = colors.qualitative.D3
    for column, panel in enumerate(drawn, start=1):
        for number, curve in enumerate(panel.curves):
            symbols = ["circle" if end else "circle-open" for end in curve.stage_ends]
            spread = [high - value for high, value in zip(curve.high, curve.values, strict=True)]
            down = [value - low for low, value in zip(curve.low, curve.values, strict=True)]
            figure.add_trace(
                graph_objects.Scatter(
                    x=curve.rates_bpp,
                    y=curve.values,
                    error_y={"array": spread, "arrayminus": down, "thickness": 0.7},
                    name=curve.name,
                    legendgroup=curve.name,
                    showlegend=column == 1,
                    mode="lines+markers",
                    marker={"symbol": symbols, "size": 7},
                    line={"color": palette[number % len(palette)]},
                ),
                row=1,
                col=column,
            )
        if panel.clean is not None:
            figure.add_hline(y=panel.clean, line_dash="dot", line_width=1, row=1, col=column)
        figure.update_xaxes(type="log", title="bits per pixel (file)", row=1, col=column)
        figure.update_yaxes(title=panel.axis, row=1, col=column)
    figure.update_layout(height=480, template="plotly_white")
    page: str = figure.to_html(include_plotlyjs=True, div_id="curves")
    maker = '<head><meta name="generator" content="hierlab">'
    return page.replace("<head>", maker, 1).encode()


def _panel(
    summary: Sequence[SummaryRow], measure: str, title: str, axis: str, factor: float
) -> Panel:
    known = [entry for entry in summary if entry.mean(measure) is not None]
    curves = []
    for subject in dict.fromkeys(entry.subject for entry in known if entry.subject != CLEAN):
        own = [entry for entry in known if entry.subject == subject]
        rates = tuple(entry.mean("rate_bpp") or 0.0 for entry in own)
        bounds = ((factor * (v or 0.0) for v in entry.means[measure]) for entry in own)
        values, low, high = zip(*bounds, strict=True)
        ends = tuple(entry.cut.startswith("stage-") for entry in own)
        curves.append(Curve(subject, rates, values, low, high, ends))
    clean = next((entry.mean(measure) for entry in known if entry.subject == CLEAN), None)
    return Panel(title, axis, tuple(curves), None if clean is None else clean * factor)
