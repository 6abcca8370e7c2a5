"""What the encoder's classifier saw, in a few bytes behind the header: a path through a label map.

    cluster and confidence of level 1 │ the other levels, range coded │ check

The first byte alone tells the first level where that has at most fifteen clusters; the others
follow coarse to fine, each among the siblings that the label map gives it, so that any cut tells
what its bytes determine. The specification is docs/format.md, section 8.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codec_plugin.bitstream.fields import Field
from codec_plugin.errors import BitstreamError, ConfigError

if TYPE_CHECKING:
    from codec_plugin.bitstream.container import Header
    from codec_plugin.bitstream.label_tree import LabelTree

__all__ = ["FileAnswer", "LabelPath", "answer_of", "pack_answer", "read_answer"]

STEPS = 16
"""Steps of confidence at the first level, and the most at any other."""

FEWEST_STEPS = 3
_ESCAPE = 15
_BEYOND = Field("first cluster of the answer", 3, 0, 10**6 - 1 - _ESCAPE, variable=True)


@dataclass(frozen=True)
class LabelPath:
    """One cluster a level, coarse first.

    Attributes:
        clusters: number of the cluster at each level; at a level that refines the one above it lies
            inside the cluster before it.
        confidences: its probability, 0..1.
        tree: the label map; none is the checkpoint's.
    """

    clusters: tuple[int, ...]
    confidences: tuple[float, ...]
    tree: LabelTree | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class FileAnswer:
    """What the bytes of a file say of its class, coarse first, as far as they go.

    Attributes:
        state: "whole" (all arrived, its check is right), "cut", or "damaged" (nothing can be read).
        clusters: number of the cluster at each level that arrived.
        at_least: its probability is this or more, 0..1.
    """

    state: str
    clusters: tuple[int, ...] = ()
    at_least: tuple[float, ...] = ()


_DAMAGED = FileAnswer("damaged")


def pack_answer(path: LabelPath, tree: LabelTree) -> bytes:
    """The segment of an answer, its check included: 4 bytes for nested maps of 10, 100, 1000.

    Raises:
        ConfigError: not a path through the label map, or a confidence outside 0..1.
    """
    _check(path, tree)
    first, *others = path.clusters
    step = _step(path.confidences[0], STEPS)
    if first < _ESCAPE:
        start = bytes([first << 4 | step])
    else:
        start = bytes([_ESCAPE << 4 | step]) + _BEYOND.pack(first - _ESCAPE)
    size, steps = _room(tree, first)
    point, width, above = 0, 1 << 8 * size, first
    for level, cluster in enumerate(others, 1):
        siblings = tree.siblings(level, above)
        if len(siblings) > 1:
            width //= len(siblings) * steps
            step = _step(path.confidences[level], steps)
            point += (siblings.index(cluster) * steps + step) * width
        above = cluster
    body = start + point.to_bytes(size, "big")
    return body + bytes([_check_byte(body)])


def answer_of(data: bytes, header: Header, tree: LabelTree | None = None) -> FileAnswer | None:
    """What a file or a prefix of one says of its class; None where it was written without."""
    if not header.answer_bytes:
        return None
    return read_answer(data[header.size_bytes : header.first_stage], header.answer_bytes, tree)


def read_answer(data: bytes, length: int, tree: LabelTree | None = None) -> FileAnswer:
    """What arrived of an answer.

    Args:
        data: the bytes that arrived, at most `length`.
        length: of the whole answer, as the header says.
        tree: the file's label map; without it the first level alone is read.
    """
    whole = len(data) == length
    if whole and (length < 2 or data[-1] != _check_byte(data[:-1])):
        return _DAMAGED
    state, body = "whole" if whole else "cut", data[: length - 1]
    if not body:
        return FileAnswer(state)
    first, at = body[0] >> 4, 1
    if first == _ESCAPE:
        try:
            got = _BEYOND.read(body, 1)
        except BitstreamError:
            return _DAMAGED
        if got is None:
            return _DAMAGED if whole else FileAnswer(state)
        first, at = got[0] + _ESCAPE, got[1]
    bound = _at_least(body[0] & 0x0F, STEPS)
    if tree is None:
        return FileAnswer(state, (first,), (bound,))
    if first >= tree.sizes[0] or length != at + _room(tree, first)[0] + 1:
        return _DAMAGED
    return _others(body[at:], state, first, bound, tree)


def _others(rest: bytes, state: str, first: int, bound: float, tree: LabelTree) -> FileAnswer:
    """The levels behind the first, as far as all files that begin with `rest` agree on them."""
    size, steps = _room(tree, first)
    missing = 8 * (size - len(rest))
    low = int.from_bytes(rest, "big") << missing
    high, width = low + (1 << missing) - 1, 1 << 8 * size
    clusters, bounds, sure = [first], [bound], True
    for level in range(1, tree.n_levels):
        siblings = tree.siblings(level, clusters[-1])
        if len(siblings) == 1:
            clusters.append(siblings[0])
            bounds.append(bounds[-1])
            continue
        width //= len(siblings) * steps
        least, most = low // width, min(high // width, len(siblings) * steps - 1)
        if least > most:
            return _DAMAGED
        number, step = divmod(least, steps)
        if most // steps != number:
            sure = False
            break
        clusters.append(siblings[number])
        bounds.append(_at_least(step, steps))
        if least != most:
            sure = False
            break
        low, high = low - least * width, high - least * width
    if sure and not missing and low:
        return _DAMAGED
    for level in range(len(clusters) - 1, 0, -1):
        if tree.refines(level):  # a cluster is at least as likely as one inside it
            bounds[level - 1] = max(bounds[level - 1], bounds[level])
    return FileAnswer(state, tuple(clusters), tuple(bounds))


def _room(tree: LabelTree, first: int) -> tuple[int, int]:
    """Bytes of the levels behind the first, and steps of confidence at each of them."""
    product, levels = tree.products[first], tree.n_levels - 1
    if product == 1:
        return 0, STEPS
    size = -(-(product * FEWEST_STEPS**levels - 1).bit_length() // 8)
    steps = STEPS
    while product * steps**levels > 1 << 8 * size:
        steps -= 1
    return size, steps


def _at_least(step: int, steps: int) -> float:
    """Least probability of a step: 1 − (1 − step/steps)², finer towards 1."""
    return step * (2 * steps - step) / steps**2


def _step(confidence: float, steps: int) -> int:
    """The last step whose least probability is not above `confidence`."""
    return max(step for step in range(steps) if _at_least(step, steps) <= confidence)


def _check_byte(body: bytes) -> int:
    """Low byte of the header's CRC-16, over the answer."""
    return binascii.crc_hqx(body, 0xFFFF) & 0xFF


def _check(path: LabelPath, tree: LabelTree) -> None:
    """Refuse what is no path through the label map."""
    for values in (path.clusters, path.confidences):
        if len(values) != tree.n_levels:
            raise ConfigError(
                f"an answer names a cluster and a confidence for each of the {tree.n_levels} "
                f"levels {', '.join(tree.level_names)}; got {len(path.clusters)} and "
                f"{len(path.confidences)}"
            )
    above = 0
    for level, name in enumerate(tree.level_names):
        cluster, confidence = path.clusters[level], path.confidences[level]
        if not 0 <= cluster < tree.sizes[level]:
            raise ConfigError(
                f"answer: cluster of level {name} must be 0 to {tree.sizes[level] - 1}; "
                f"got {cluster}"
            )
        if cluster not in tree.siblings(level, above):
            raise ConfigError(
                f"answer: cluster {cluster} of level {name} does not lie inside cluster {above} of "
                f"level {tree.level_names[level - 1]}; give a path from coarse to fine"
            )
        if not 0 <= confidence <= 1:
            raise ConfigError(
                f"answer: the confidence of level {name} must lie in 0..1; got {confidence}"
            )
        above = cluster
