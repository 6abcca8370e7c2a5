"""`c2f train`: run a preset, or go on with a run."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["train"]


def train(
    preset: Annotated[str, typer.Option(help="Shipped preset or a TOML file.")] = "compact",
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
    """Train a codec for a label map; stop it with Ctrl-C and resume it at any time."""
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
    with _Display(trainer.fabric.is_global_zero) as display:
        result = trainer.train(minutes=minutes, progress=display)
    if trainer.fabric.is_global_zero:
        # The best is that of held-out photographs; shards have none.
        made = [result.run / f"{name}.safetensors" for name in ("best", "last")]
        found = [f"checkpoint {path}" for path in made if path.exists()]
        told = found[0] if found else f"c2f export {result.run} -o FILE makes a checkpoint"
        typer.echo(f"{result.reason} at step {result.step}; {told}")
        if result.reason != "finished":
            typer.echo(f"go on with: c2f train --resume {result.run}")


def _beginning(method: str, resume: Path | None) -> Callable[..., Any]:
    """What builds the trainer: of a preset, of a method, or of a run that goes on."""
    from functools import partial

    from codec_plugin.train.start import start_run

    if resume is not None:
        from codec_plugin.baselines.training import MethodTrainer, method_of_run

        known = method_of_run(resume)
        if known is not None:
            return partial(start_run, resume=resume, make=partial(MethodTrainer, known))
        return partial(start_run, resume=resume)
    if method:
        from codec_plugin.baselines.training import start_method

        return partial(start_method, method)
    return start_run


class _Display:
    """A progress line with ETA on stderr; silent when that is not a terminal."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown and sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "_Display":
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task("train", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, now: Any) -> None:
        """Show a step's progress."""
        if self._bar is not None:
            self._bar.update(
                self._task,
                completed=now.step,
                total=now.total_steps,
                description=f"{now.phase}  {now.rate_bpp:.3f} bpp  {now.psnr_db:.1f} dB",
            )
