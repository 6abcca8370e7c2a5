"""Sentences about a run that starts: its photographs, labels and levels."""

from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.shards import ShardSource
from codec_plugin.train.trainer import Trainer

__all__ = ["overview"]

_SHOWN = 5


def overview(trainer: Trainer) -> list[str]:
    """Sentences for a person who has just started a run."""
    sentences = list(trainer.notes)
    if trainer.held.folder is not None:
        sentences += _of_folder(trainer, trainer.held.folder)
    elif isinstance(trainer.source, ShardSource):
        sentences.append(_of_shards(trainer.source))
    return [*sentences, _of_levels(trainer)]


def broken_photographs(broken: dict[str, str], total: int | None = None) -> list[str]:
    """What was left out because it cannot be decoded."""
    if not broken:
        return []
    of = f" of {total}" if total is not None else ""
    shown = "; ".join(list(broken.values())[:_SHOWN]) + ("; …" if len(broken) > _SHOWN else "")
    return [f"{len(broken)}{of} photographs cannot be decoded and are left out: {shown}"]


def _of_folder(trainer: Trainer, folder: ImageFolder) -> list[str]:
    sentences = broken_photographs(folder.broken, len(folder))
    if folder.skipped:
        sentences.append(f"skipped {folder.skipped} files ._NAME: macOS's, no pictures")
    labelled = f"{folder.labelled} labelled with a class of the map"
    if folder.labelled and not any(phase.label_share for phase in trainer.settings.phases):
        labelled += " (labels do not count in training: label_share is 0)"
    held, sound = len(trainer.held.names), len(folder) - len(folder.broken)
    sentences.append(f"{sound} photographs, {held} of them held out by name; {labelled}")
    if folder.unknown_labels:
        names = ", ".join(map(repr, folder.unknown_labels[:_SHOWN]))
        more = len(folder.unknown_labels) - _SHOWN
        sentences.append(
            f"labels.csv names what is no class of the map, by key or name: {names}"
            + (f" and {more} more" if more > 0 else "")
        )
    return sentences


def _of_shards(source: ShardSource) -> str:
    if not source.class_index:
        return f"{len(source.shards)} shards; labels are not read: label_share is 0"
    labelled, seen = source.labelled()
    return (
        f"{len(source.shards)} shards; {labelled} of the first {seen} photographs are labelled "
        "with a class of the map (numbers in .cls count in the map's order)"
    )


def _of_levels(trainer: Trainer) -> str:
    hierarchy = trainer.hierarchy
    ends = trainer.settings.level_ends(hierarchy.n_levels)
    if not ends:
        return f"label map {hierarchy.name}: more levels than stages, none is promised"
    levels = zip(hierarchy.level_names, hierarchy.sizes, ends, strict=True)
    parts = ", ".join(
        f"{name} ({size}) by the end of stage {end + 1}" for name, size, end in levels
    )
    alone = ""
    if hierarchy.sizes[-1] < len(hierarchy.class_ids):
        alone = "; single classes are no level of it (hierlab import --identity adds that)"
    return f"label map {hierarchy.name}: {parts}{alone}"
