"""Ward's minimum-variance tree by nearest-neighbour chains, lean enough for 21,000 classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hierlab.clustering.vectors import Assignment, Matrix

__all__ = ["SpanningTree", "tree_of_costs", "two_stage_tree", "ward_tree"]

Costs: TypeAlias = NDArray[np.floating[Any]]

_DOUBLE_UP_TO = 4096  # rows; above it distances are float32, half the memory and time
_WHOLE_UP_TO = 24_000  # rows; the float32 matrix is then 2.3 GB, the most that is ever held
_MERGED_BLOCK = 16_000


@dataclass(frozen=True)
class SpanningTree:
    """Merges of n points as n − 1 edges between representatives, cheapest first.

    Args:
        edges: (n − 1, 2) points of the two clusters that each merge joins.
        costs: (n − 1,) rise of the within-cluster sum of squares, not falling.
    """

    edges: Assignment
    costs: Matrix

    def cut(self, k: int) -> Assignment:
        """Return (n,) labels of the `k` clusters that the n − k cheapest merges leave."""
        count = len(self.edges) + 1
        parent = list(range(count))

        def root(node: int) -> int:
            while parent[node] != node:
                parent[node] = parent[parent[node]]
                node = parent[node]
            return node

        for left, right in self.edges[: count - k].tolist():
            parent[root(right)] = root(left)
        roots = np.array([root(node) for node in range(count)])
        labels: Assignment = np.unique(roots, return_inverse=True)[1]
        return labels


def ward_tree(vectors: Matrix, weights: Matrix | None = None) -> SpanningTree:
    """Build Ward's tree; exact up to 24,000 rows, in two stages beyond.

    Args:
        vectors: (n, D) rows.
        weights: (n,) how many points each row stands for; one each by default.

    Source: Ward, JASA 58, 1963; nearest-neighbour chains: Murtagh, Computer Journal 26(4), 1983;
        distances are updated with Lance and Williams, Computer Journal 9(4), 1967.
    """
    masses = np.ones(len(vectors)) if weights is None else weights
    if len(vectors) > _WHOLE_UP_TO:
        return two_stage_tree(vectors, masses)
    return tree_of_costs(_merge_costs(vectors, masses), masses)


def tree_of_costs(costs: Costs, weights: Matrix | None = None) -> SpanningTree:
    """Build Ward's tree of n points of which only the cost of merging each pair is known.

    Args:
        costs: (n, n) symmetric, half the squared distance for single points; it is overwritten.
        weights: (n,) how many points each stands for; one each by default.
    """
    np.fill_diagonal(costs, np.inf)
    masses = np.ones(len(costs)) if weights is None else weights
    return _sorted_tree(*_Chain(costs, masses).run())


def _sorted_tree(edges: Assignment, costs: Matrix) -> SpanningTree:
    order = np.argsort(costs, kind="stable")
    return SpanningTree(edges[order], costs[order])


def _merge_costs(vectors: Matrix, masses: Matrix) -> Costs:
    """(n, n) rise of the sum of squares if two rows merge."""
    kind: Any = np.float64 if len(vectors) <= _DOUBLE_UP_TO else np.float32
    rows: Costs = vectors.astype(kind)
    costs: Costs = rows @ rows.T
    squares: Costs = np.einsum("nd,nd->n", rows, rows)
    light: Costs = masses.astype(kind)
    for start in range(0, len(rows), 1024):  # in place, block by block: no second matrix
        part = slice(start, start + 1024)
        block = costs[part]
        block *= -2
        block += squares[part, None]
        block += squares[None, :]
        np.maximum(block, 0, out=block)
        block *= light[part, None] * light[None, :] / (light[part, None] + light[None, :])
    return costs


class _Chain:
    """One run of the nearest-neighbour chain over a matrix of merge costs, which it consumes."""

    def __init__(self, costs: Costs, masses: Matrix) -> None:
        self.costs = costs
        self.masses = masses.astype(costs.dtype)
        self.points = np.arange(len(costs))  # the point that represents each row
        self.dead = np.zeros(len(costs), dtype=costs.dtype)  # infinite once merged away
        self.buffer = np.empty(len(costs), dtype=costs.dtype)
        self.alive = len(costs)
        self.chain: list[int] = []

    def run(self) -> tuple[Assignment, Matrix]:
        """Merge everything; returns edges and costs in the order found."""
        merges = self.alive - 1
        edges = np.empty((merges, 2), dtype=np.int64)
        costs = np.empty(merges)
        for number in range(merges):
            left, right, cost = self._next_pair()
            edges[number] = self.points[left], self.points[right]
            costs[number] = cost
            self._merge(left, right, cost)
            if self.alive > 64 and self.alive < 0.6 * len(self.costs):
                self._compact()
        return edges, costs

    def _next_pair(self) -> tuple[int, int, float]:
        """Walk from nearest neighbour to nearest neighbour until two choose each other."""
        chain = self.chain
        if not chain:
            chain.append(int(np.argmin(self.dead)))
        while True:
            tip = chain[-1]
            np.add(self.costs[tip], self.dead, out=self.buffer)
            near = int(np.argmin(self.buffer))
            cost = float(self.buffer[near])
            if len(chain) > 1 and self.buffer[chain[-2]] <= cost:
                near = chain[-2]  # ties go back, so that the walk ends
                del chain[-2:]
                return min(tip, near), max(tip, near), cost
            if near in chain:  # rounding made a cycle: start again where we stand
                chain[:] = [tip]
            else:
                chain.append(near)

    def _merge(self, kept: int, gone: int, cost: float) -> None:
        first, second = self.masses[kept], self.masses[gone]
        joined = (first + self.masses) * self.costs[kept]
        joined += (second + self.masses) * self.costs[gone]
        joined -= self.masses * self.costs.dtype.type(cost)
        joined /= first + second + self.masses
        np.maximum(joined, 0, out=joined)
        joined[kept] = np.inf
        self.costs[kept] = joined
        self.costs[:, kept] = joined
        self.masses[kept] = first + second
        self.dead[gone] = np.inf
        self.alive -= 1

    def _compact(self) -> None:
        """Drop merged rows and columns: most of the work then runs on a small matrix."""
        keep = np.flatnonzero(self.dead == 0)
        place = np.full(len(self.dead), -1)
        place[keep] = np.arange(len(keep))
        smaller = np.empty((len(keep), len(keep)), dtype=self.costs.dtype)
        for row, old in enumerate(keep):
            np.take(self.costs[old], keep, out=smaller[row])
        self.costs = smaller
        self.masses = self.masses[keep]
        self.points = self.points[keep]
        self.dead = np.zeros(len(keep), dtype=smaller.dtype)
        self.buffer = np.empty(len(keep), dtype=smaller.dtype)
        self.chain = [int(place[row]) for row in self.chain]


def two_stage_tree(vectors: Matrix, masses: Matrix, most: int = _MERGED_BLOCK) -> SpanningTree:
    """Ward inside blocks of the rows until few groups are left, then over the groups.

    The rows are split along their main directions into blocks of at most `most`, each block is
    merged down to its share of so many groups, and the groups are merged as weighted points.
    """
    blocks = _blocks(vectors, np.arange(len(vectors)), most)
    edges: list[Assignment] = []
    costs: list[Matrix] = []
    tops: list[Assignment] = []
    for block in blocks:
        tree = ward_tree(vectors[block], masses[block])
        groups = max(1, most * len(block) // len(vectors))
        below = len(block) - groups
        edges.append(block[tree.edges[:below]])
        costs.append(tree.costs[:below])
        tops.append(tree.cut(groups))
    offset = np.cumsum([0, *(int(top.max()) + 1 for top in tops)])
    labels = np.empty(len(vectors), dtype=np.int64)
    for block, top, start in zip(blocks, tops, offset, strict=False):
        labels[block] = top + start
    total: Matrix = np.bincount(labels, masses).astype(np.float64)
    means = np.zeros((len(total), vectors.shape[1]))
    np.add.at(means, labels, vectors * masses[:, None])
    upper = ward_tree(means / total[:, None], total)
    first = np.unique(labels, return_index=True)[1]
    edges.append(first[upper.edges])
    # Group merges come after every merge inside a block, whatever they cost.
    costs.append(np.maximum(upper.costs, max(float(part.max(initial=0)) for part in costs)))
    return _sorted_tree(np.concatenate(edges), np.concatenate(costs))


def _blocks(vectors: Matrix, rows: Assignment, most: int) -> list[Assignment]:
    """Halve rows at the median of their main direction until each part fits."""
    if len(rows) <= most:
        return [rows]
    part = vectors[rows] - vectors[rows].mean(axis=0)
    direction = np.linalg.eigh(part.T @ part)[1][:, -1]
    order = rows[np.argsort(part @ direction, kind="stable")]
    half = len(order) // 2
    halves = (np.sort(order[:half]), np.sort(order[half:]))
    return [block for rows in halves for block in _blocks(vectors, rows, most)]
