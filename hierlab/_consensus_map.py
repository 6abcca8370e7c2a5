"""From the names of encoders to a described label map with confidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hierlab.errors import BuilderError

if TYPE_CHECKING:
    from hierlab.classes import ClassList
    from hierlab.embeddings.prototypes import Prototypes
    from hierlab.labelmap import LabelMap

__all__ = ["consensus_map"]


def consensus_map(
    encoders: Sequence[str],
    classes: ClassList,
    k: Sequence[int],
    names: Sequence[str],
    *,
    name: str,
    tool: str,
    stable: bool = False,
    source: str = "auto",
    seed: int = 0,
    runs: int = 10,
    parameters: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    wordnet: str | Path | None = None,
) -> LabelMap:
    """Make one nested hierarchy of several encoders, or of all prompt sets of one.

    Args:
        encoders: variants `MODEL[:PRETRAINED][@PROMPTS]` or npz files.
        classes: the C classes.
        k: numbers of clusters, rising, checked.
        names: of the levels.
        name: of the map.
        tool: name and version for the provenance.
        stable: take every shipped prompt set of the encoder, if it names none.
        source: `table`, `weights` or `auto`.
        seed: of the runs that judge the confidence; the partition does not depend on it.
        runs: how many such runs.
        parameters: of `ConsensusSettings`.
        progress: told (done, total) runs.
        wordnet: folder with a WordNet of one's own.

    Raises:
        BuilderError: no encoder, one named twice, or an unknown parameter.
        PrototypeError: an encoder cannot be had here.
    """
    from hierlab.assembly import describe, told_of
    from hierlab.builders import BuildInput
    from hierlab.builders.consensus import consensus
    from hierlab.clustering import mean_cosines
    from hierlab.labelmap import LabelMap
    from hierlab.wordnet.resolution import with_resolution
    from hierlab.wordnet.taxonomy import taxonomy_for

    settings = _settings(parameters or {})
    found = _resolved(encoders, classes, source, stable)
    vectors = [one.vectors for one in found]
    made = consensus(vectors, k, settings=settings, runs=runs, seed=seed, progress=progress)
    similarity = mean_cosines(vectors)
    taxonomy = taxonomy_for(classes, wordnet=wordnet)
    classes = with_resolution(classes, taxonomy)
    inputs = BuildInput(classes, similarity=similarity, taxonomy=taxonomy)
    provenance = {
        "method": "consensus",
        "parameters": {**asdict(settings), "runs": runs},
        "seed": seed,
        "source": {"kind": "consensus", "encoders": [one.origin for one in found]},
        "tool": tool,
        **told_of(inputs),
    }
    return LabelMap(
        name, classes, describe(inputs, made.labels, names, made.confidence), provenance
    )


def _settings(parameters: dict[str, Any]) -> Any:
    from hierlab.clustering import ConsensusSettings

    known = asdict(ConsensusSettings())
    for given in parameters:
        if given not in known:
            raise BuilderError(
                f"consensus has no parameter {given!r}; it has {', '.join(sorted(known))}"
            )
    return ConsensusSettings(**parameters)


def _resolved(
    encoders: Sequence[str], classes: ClassList, source: str, stable: bool
) -> list[Prototypes]:
    from hierlab.embeddings.prototypes import resolve

    if not encoders or not all(encoders):
        raise BuilderError("a consensus needs at least one encoder, got none")
    if len(set(encoders)) != len(encoders):
        raise BuilderError(f"an encoder stands twice in {', '.join(encoders)}")
    wanted = [one for given in encoders for one in (_prompt_sets(given) if stable else [given])]
    found = [resolve(one, classes, source=source) for one in wanted]
    # Two names may mean one variant; it would count twice.
    return list({one.digest: one for one in found}.values())


def _prompt_sets(encoder: str) -> list[str]:
    """Every prompt set that a shipped table of the encoder's usual weights has."""
    from pathlib import Path

    from hierlab.embeddings.model_spec import parse_variant
    from hierlab.embeddings.similarity_table import find_table, list_tables

    if encoder.endswith(".npz") or Path(encoder).is_file():
        return [encoder]
    variant = parse_variant(encoder)
    usual = find_table(variant)
    if usual is None or variant.prompts is not None:
        return [encoder]
    weights = (usual.model, usual.pretrained)
    sets = [table.variant for table in list_tables() if (table.model, table.pretrained) == weights]
    return sets or [encoder]
