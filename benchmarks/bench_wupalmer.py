"""All-pairs Wu-Palmer against NLTK, in one run: python benchmarks/bench_wupalmer.py [--large].

NLTK is asked about a sample of pairs, and its time is scaled to all pairs. It reads WordNet 3.0
from the folder of dictionary files that this machine has; Debian's leaves out two small files that
the similarity does not need, so NLTK gets a copy of the folder with those made up.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from hierlab.datasets.class_lists import load_classes
from hierlab.regenerate.wordnet import DEBIAN
from hierlab.wordnet.taxonomy import Taxonomy
from hierlab.wordnet.wu_palmer import wu_palmer, wu_palmer_blocks

LARGE = 21_841


def nltk_reader(folder: Path) -> Any:
    """NLTK's WordNet over a copy of the dictionary files in `folder`."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    source = Path(DEBIAN)
    if not (source / "data.noun").is_file():
        sys.exit("WordNet 3.0 is not installed; run: apt install wordnet-base")
    for file in source.iterdir():
        if file.is_file() and "." in file.name:
            shutil.copy(file, folder)
    (folder / "index.sense").touch()
    (folder / "lexnames").write_text("".join(f"{n:02d}\tfile{n}\t1\n" for n in range(45)))
    nltk.data.path.insert(0, str(folder))
    # The mapping between versions is for other languages and needs index.sense.
    WordNetCorpusReader.map_wn = lambda *_, **__: None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return WordNetCorpusReader(str(folder), None)


def against_nltk(pairs: int, repeats: int) -> dict[str, float | int]:
    """CPU seconds of both for 1000 x 1000 classes, and how many sampled pairs differ."""
    taxonomy, wnids = Taxonomy.shipped(), load_classes("imagenet-1k").ids
    ours, found = [], wu_palmer(taxonomy, wnids)
    for _ in range(repeats):
        start = time.process_time()
        found = wu_palmer(taxonomy, wnids)
        ours.append(time.process_time() - start)
    with tempfile.TemporaryDirectory() as folder:
        reader = nltk_reader(Path(folder))
        synsets = [reader.synset_from_pos_and_offset("n", int(wnid[1:])) for wnid in wnids]
        sample = np.random.default_rng(0).integers(0, len(wnids), (pairs, 2)).tolist()
        start = time.process_time()
        told = [synsets[one].wup_similarity(synsets[other]) for one, other in sample]
        theirs = (time.process_time() - start) / pairs
    differ = sum(
        found[one, other] != value for (one, other), value in zip(sample, told, strict=True)
    )
    total = theirs * len(wnids) ** 2
    return {
        "hierlab_cpu_s": min(ours),
        "nltk_cpu_s_per_pair": theirs,
        "nltk_cpu_s_extrapolated": total,
        "ratio": total / min(ours),
        "pairs_sampled": pairs,
        "pairs_that_differ": int(differ),
    }


def large(classes: int) -> dict[str, float | int]:
    """CPU seconds and peak memory of all pairs of random nouns, in blocks."""
    taxonomy = Taxonomy.wordnet()
    wnids = [synset.wnid for synset in taxonomy]
    chosen = np.random.default_rng(0).choice(len(wnids), classes, replace=False)
    start, total = time.process_time(), 0.0
    for _, block in wu_palmer_blocks(taxonomy, [wnids[number] for number in np.sort(chosen)]):
        total += float(block.sum())
    return {
        "classes": classes,
        "cpu_s": time.process_time() - start,
        "mean_similarity": total / classes**2,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3000, help="pairs that NLTK is asked about")
    parser.add_argument("--repeats", type=int, default=7, help="the best of so many runs counts")
    parser.add_argument("--large", action="store_true", help=f"also {LARGE} nouns, in blocks")
    arguments = parser.parse_args()
    report = {"large": large(LARGE)} if arguments.large else {}
    report["imagenet_1k"] = against_nltk(arguments.pairs, arguments.repeats)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
