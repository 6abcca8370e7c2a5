"""The consensus of several encoders, or of all prompt sets of one, as a label map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hierlab.builders.consensus import consensus
from hierlab.classes import ClassList
from hierlab.clustering import ConsensusSettings, mean_cosines
from hierlab.embeddings.model_spec import parse_variant
from hierlab.embeddings.prototypes import Prototypes
from hierlab.embeddings.resolve import resolve
from hierlab.embeddings.similarity_table import find_table, list_tables
from hierlab.errors import BuilderError
from hierlab.hierarchy.description import TOOL, describe, reading_provenance
from hierlab.labelmap import LabelMap
from hierlab.wordnet.taxonomy import resolved

__all__ = ["consensus_map"]

RUNS = 10  # that judge the confidence


def consensus_map(
    encoders: Sequence[str],
    classes: ClassList,
    k: Sequence[int],
    names: Sequence[str],
    *,
    name: str,
    stable: bool = False,
    source: str = "auto",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    wordnet: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabelMap:
    """Make one nested hierarchy of several encoders, or of all prompt sets of one.

    Args:
        encoders: variants `MODEL[:PRETRAINED][@PROMPTS]` or npz files.
        classes: the C classes.
        k: strictly increasing numbers of clusters, checked.
        names: of the levels.
        name: of the map.
        stable: take every shipped prompt set of the encoder, if it names none.
        source: `table`, `weights` or `auto`.
        seed: of the runs that judge the confidence; the partition does not depend on it.
        parameters: of `ConsensusSettings`.
        wordnet: folder with a WordNet of one's own.
        progress: called with (done, total) after each run that judges the confidence.

    Raises:
        BuilderError: no encoder, one named twice, or an unknown parameter.
        PrototypeError: an encoder cannot be had here.
    """
    settings = _settings(parameters or {})
    prototypes = _resolved(encoders, classes, source, stable)
    vectors = [one.vectors for one in prototypes]
    result = consensus(vectors, k, settings=settings, runs=RUNS, seed=seed, progress=progress)
    classes, taxonomy = resolved(classes, wordnet=wordnet)
    levels = describe(
        classes,
        result.labels,
        names,
        taxonomy=taxonomy,
        similarity=mean_cosines(vectors),
        confidence=result.confidence,
    )
    provenance = {
        "method": "consensus",
        "parameters": {**asdict(settings), "runs": RUNS},
        "seed": seed,
        "source": {"kind": "consensus", "encoders": [one.origin for one in prototypes]},
        "tool": TOOL,
        **reading_provenance(classes, taxonomy),
    }
    return LabelMap(name, classes, levels, provenance)


def _settings(parameters: Mapping[str, Any]) -> ConsensusSettings:
    known = asdict(ConsensusSettings())
    if unknown := next((name for name in parameters if name not in known), None):
        raise BuilderError(
            f"consensus has no parameter {unknown!r}; it has {', '.join(sorted(known))}"
        )
    return ConsensusSettings(**parameters)


def _resolved(
    encoders: Sequence[str], classes: ClassList, source: str, stable: bool
) -> list[Prototypes]:
    if not encoders or not all(encoders):
        raise BuilderError("a consensus needs at least one encoder, got none")
    if len(set(encoders)) != len(encoders):
        raise BuilderError(f"an encoder stands twice in {', '.join(encoders)}")
    wanted = [one for name in encoders for one in (_prompt_sets(name) if stable else [name])]
    prototypes = [resolve(one, classes, source=source) for one in wanted]
    # Two names may mean one variant; it would count twice.
    return list({one.digest: one for one in prototypes}.values())


def _prompt_sets(encoder: str) -> list[str]:
    """Every prompt set that a shipped table of the encoder's usual weights has."""
    if encoder.endswith(".npz") or Path(encoder).is_file():
        return [encoder]
    variant = parse_variant(encoder)
    usual = find_table(variant)
    if usual is None or variant.prompts is not None:
        return [encoder]
    weights = (usual.model, usual.pretrained)
    return [table.variant for table in list_tables() if (table.model, table.pretrained) == weights]
