"""Builders beside scikit-learn and faiss in one run, as a markdown table of ratios.

    python benchmarks/bench_builders.py [--classes 21000 --dimensions 768 --k 10,100,1000]

Without options: the shipped ViT-B-32 table at K = 10 and 100. With --classes: clustered random
unit vectors of that size; peak memory is of the process so far, so the leanest run first.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import time
from collections.abc import Callable

import numpy as np

from hierlab.builders import BuildInput, get_builder
from hierlab.classes import ClassList
from hierlab.datasets.class_lists import load_classes
from hierlab.embeddings.similarity_table import load_table

METHODS = ("ward", "topdown", "bottomup", "bisecting", "kmeans")


def data(classes: int, dimensions: int) -> BuildInput:
    """The shipped table, or vectors in nested random clusters."""
    if not classes:
        return BuildInput(load_classes("imagenet-1k"), vectors=load_table("ViT-B-32").vectors)
    random = np.random.default_rng(0)
    top, inner = random.normal(size=(12, dimensions)), random.normal(size=(150, dimensions))
    group = random.integers(0, 150, classes)
    vectors = top[group % 12] + inner[group] + random.normal(size=(classes, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = tuple(map(str, range(classes)))
    return BuildInput(ClassList("custom", names, names), vectors=vectors)


def timed(run: Callable[[], object]) -> tuple[float, float, float]:
    """Wall and CPU seconds, and the peak GiB of the process so far."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return time.perf_counter() - wall, time.process_time() - cpu, peak


def scikit_ward(vectors: np.ndarray, k: tuple[int, ...]) -> None:
    """One scikit-learn Ward run a level."""
    from sklearn.cluster import AgglomerativeClustering

    for clusters in k:
        AgglomerativeClustering(clusters, linkage="ward").fit(vectors)


def scikit_kmeans(vectors: np.ndarray, k: tuple[int, ...]) -> None:
    """scikit-learn's k-means, ten starts."""
    from sklearn.cluster import KMeans

    for clusters in k:
        KMeans(clusters, n_init=10, random_state=0).fit(vectors)


def scikit_bisecting(vectors: np.ndarray, k: tuple[int, ...]) -> None:
    """scikit-learn's bisecting k-means."""
    from sklearn.cluster import BisectingKMeans

    for clusters in k:
        BisectingKMeans(clusters, n_init=4, random_state=0).fit(vectors)


def faiss_kmeans(vectors: np.ndarray, k: tuple[int, ...]) -> None:
    """faiss, 25 steps, ten starts, float32."""
    import faiss

    rows = vectors.astype(np.float32)
    for clusters in k:
        faiss.Kmeans(rows.shape[1], clusters, niter=25, nredo=10, seed=1).train(rows)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classes", type=int, default=0)
    parser.add_argument("--dimensions", type=int, default=768)
    parser.add_argument("--k", default="10,100")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    k = tuple(map(int, options.k.split(",")))
    inputs = data(options.classes, options.dimensions)
    vectors = inputs.vectors
    assert vectors is not None
    runs: dict[str, Callable[[], object]] = {
        f"hierlab {name}": lambda name=name: get_builder(name)(inputs, k=k, seed=0)
        for name in options.methods.split(",")
    }
    if not options.no_peers:
        runs |= {
            "scikit-learn Ward": lambda: scikit_ward(vectors, k),
            "scikit-learn bisecting": lambda: scikit_bisecting(vectors, k),
            "scikit-learn k-means": lambda: scikit_kmeans(vectors, k),
            "faiss k-means": lambda: faiss_kmeans(vectors, k),
        }
    print(f"{len(vectors)} x {vectors.shape[1]}, K = {options.k}\n")
    print("| method | wall s | CPU s | CPU over the first row's | peak GiB so far |")
    print("|---|---|---|---|---|")
    for module in ("sklearn.cluster", *(() if options.no_peers else ("faiss",))):
        importlib.import_module(module)  # loading is not what is measured
    first = 0.0
    for name, run in runs.items():
        wall, cpu, peak = timed(run)
        first = first or cpu
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {cpu / first:.1f} | {peak:.2f} |", flush=True)


if __name__ == "__main__":
    main()
