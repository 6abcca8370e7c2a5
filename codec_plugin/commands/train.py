"""`c2f train`: run a preset, or go on with a run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from codec_plugin.commands._files import note
from codec_plugin.commands._progress import progress

__all__ = ["train"]


def train(
    preset: Annotated[
        str, typer.Option(help="Shipped preset or a TOML file; default: compact.")
    ] = "",
    method: Annotated[
        str, typer.Option(help="A learned peer, by the preset's recipe: double-tail-drop, …")
    ] = "",
    data: Annotated[str, typer.Option(help="Folder of photographs, or WebDataset shards.")] = "",
    hierarchy: Annotated[str, typer.Option(help="Label map file, or a shipped one.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so many minutes.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Override a setting: phases.joint.steps=100.")
    ] = None,
    devices: Annotated[str, typer.Option(help="Lightning Fabric devices.")] = "auto",
    accelerator: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
) -> None:
    """Train a codec for a label map; Ctrl-C or SIGTERM stops it, --resume goes on at any time."""
    from codec_plugin.train.run_overview import broken_photographs, overview

    begin = _beginning(method, resume)
    trainer = begin(
        preset,
        list(set_ or []),
        data=data,
        hierarchy=hierarchy,
        output=output,
        devices=devices,
        accelerator=accelerator,
    )
    first = trainer.fabric.is_global_zero
    folder = trainer.held.folder
    if first and folder is not None:
        with progress("photographs checked") as show:
            checked = folder.check(show)
        if checked < len(folder):
            note(f"{checked} of {len(folder)} photographs checked, the others as they come")
    if first:
        for sentence in overview(trainer):
            note(sentence)
    known = set(trainer.source.broken)
    with progress("train", shown=first) as show:
        result = trainer.train(
            minutes=minutes,
            progress=lambda now: show(
                now.step,
                now.total_steps,
                f"{now.phase}  {now.rate_bpp:.3f} bpp  {now.psnr_db:.1f} dB  "
                f"{now.crops_per_second:.1f} crops/s",
            ),
        )
    if first:
        late = {k: why for k, why in trainer.source.broken.items() if k not in known}
        for sentence in broken_photographs(late):
            note(sentence)
        for sentence in _closing(result, trainer.settings.start):
            typer.echo(sentence)


def _closing(result: Any, start: str) -> list[str]:
    """How it ended, what came of it, and what to do next."""
    # The best is that of held-out photographs; shards have none.
    made = [result.run / f"{name}.safetensors" for name in ("best", "last")]
    checkpoints = [path for path in made if path.exists()]
    outcome = f"checkpoint {checkpoints[0]}" if checkpoints else "no checkpoint yet"
    pace = f", {result.crops_per_second:.1f} crops a second" if result.crops_per_second else ""
    lines = [f"{result.reason} at step {result.step}{pace}; {outcome}"]
    if result.comparison is not None:
        lines.append(_compared(result.comparison, start))
    if result.reason != "finished":
        lines.append(f"go on with: c2f train --resume {result.run}")
    if checkpoints:
        lines.append(f"try it with: c2f encode PHOTOGRAPH -c {checkpoints[0]}")
    else:
        lines.append(f"make one with: c2f export {result.run} -o FILE")
    return lines


def _compared(comparison: Any, started: str) -> str:
    """Rate and distortion of the first and the last stage, at the start and now."""

    def ends(figures: Any) -> str:
        shown = [figures[0], figures[-1]] if len(figures) > 1 else [figures[0]]
        return ", ".join(f"{f.rate_bpp:.3f} bpp {f.psnr_db:.2f} dB" for f in shown)

    count = comparison.photographs
    whose = "1 photograph" if count == 1 else f"{count} photographs"
    stages = "first and last stage" if len(comparison.now) > 1 else "one stage"
    share = 100 * abs(comparison.change)
    if comparison.change > 0:
        verdict = f"worse than the start: the objective rose by {share:.1f} %; train longer"
        verdict += f", or keep what it started from, {started}" if started else ""
    else:
        verdict = f"better than the start: the objective fell by {share:.1f} %"
    return (
        f"held out ({whose}, estimated bits, {stages}): {ends(comparison.start)} at the start, "
        f"{ends(comparison.now)} now; {verdict}"
    )


def _beginning(method: str, resume: Path | None) -> Callable[..., Any]:
    """What builds the trainer: of a preset, of a method, or of a run that goes on."""
    from codec_plugin.train.run_setup import start_run

    if resume is not None:
        from codec_plugin.baselines.training import MethodTrainer, method_of_run
        from codec_plugin.errors import ConfigError

        known = method_of_run(resume)
        if method and (known is None or known.name != method):
            raise ConfigError(
                f"the run in {resume} is not one of method {method}; leave --method out"
            )
        if known is not None:
            return partial(start_run, resume=resume, make=partial(MethodTrainer, known))
        return partial(start_run, resume=resume)
    if method:
        from codec_plugin.baselines.training import start_method

        return partial(start_method, method)
    return start_run
