"""Draw docs/images/architecture.svg: packages as boxes, what each imports as arrows.

    python docs/draw_architecture.py

Boxes are read from the imports of today's code. A package stands above all that it imports; only
arrows that do not follow from others are drawn (the transitive reduction).
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import networkx as nx

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("hierlab", "codec_plugin", "app")
COLOURS = {"hierlab": "#cfe3f1", "codec_plugin": "#fbe0c3", "app": "#d9ead3"}
WIDTH, HEIGHT, GAP = 1.95, 0.52, 0.42


def imports(file: Path) -> Iterator[str]:
    """Modules that a file imports, wherever the statement stands; not those for types only."""
    todo: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo.extend(node.orelse)
            continue
        todo.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def box(module: str) -> str | None:
    """The box of a module: its sub-package, or the file in a package's root."""
    first, *rest = module.split(".")
    if first not in PACKAGES or not rest:
        return None
    folder = ROOT / first / rest[0]
    return f"{first}.{rest[0]}" if folder.is_dir() or folder.with_suffix(".py").exists() else None


def graph() -> "nx.DiGraph[str]":
    """Boxes, with the number of lines of each, and the imports between them."""
    found: nx.DiGraph[str] = nx.DiGraph()
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            here = box(module)
            if here is None or (
                file.name in ("__init__.py", "__main__.py") and here.count(".") < 1
            ):
                continue
            if here.endswith((".__init__", ".__main__")):
                continue
            lines = len(file.read_text(encoding="utf-8").splitlines())
            found.add_node(here, lines=found.nodes.get(here, {}).get("lines", 0) + lines)
            for name in imports(file):
                other = box(name)
                if other is not None and other != here:
                    found.add_edge(here, other)
    return found


def levels(boxes: "nx.DiGraph[str]") -> dict[str, int]:
    """How many imports lie below each box, on the longest way down inside its package."""
    height: dict[str, int] = {}
    for one in reversed(list(nx.topological_sort(boxes))):
        package = one.partition(".")[0]
        below = [height[o] for o in boxes.successors(one) if o.partition(".")[0] == package]
        height[one] = 1 + max(below, default=-1)
    return height


def draw(target: Path) -> None:
    """Lay the packages side by side, each in rows, and draw the arrows inside them."""
    matplotlib.use("svg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    boxes = graph()
    boxes.remove_nodes_from([one for one in boxes if "lines" not in boxes.nodes[one]])
    # errors and utils are imported by nearly all: an arrow to each would hide the others.
    common = {one for one in boxes if one.endswith((".errors", ".utils"))}
    height = levels(boxes)
    place: dict[str, tuple[float, float]] = {}
    left = 0.0
    figure, axes = plt.subplots(figsize=(17, 9))
    for package in PACKAGES:
        rows: dict[int, list[str]] = {}
        for one in sorted(boxes, key=lambda name: -boxes.nodes[name]["lines"]):
            if one.partition(".")[0] == package:
                rows.setdefault(height[one], []).append(one)
        widest = max(map(len, rows.values()))
        for row, names in rows.items():
            start = left + (widest - len(names)) * (WIDTH + 0.15) / 2
            for column, one in enumerate(names):
                place[one] = (start + column * (WIDTH + 0.15), row * (HEIGHT + GAP))
        axes.text(left, -0.75, package, fontsize=15, weight="bold")
        left += widest * (WIDTH + 0.15) + 0.6
    for package in PACKAGES:
        inside = boxes.subgraph(
            one for one in boxes if one.partition(".")[0] == package and one not in common
        )
        for tail, head in nx.transitive_reduction(inside).edges:
            (x, y), (u, v) = place[tail], place[head]
            axes.add_patch(
                FancyArrowPatch(
                    (x + WIDTH / 2, y),
                    (u + WIDTH / 2, v + HEIGHT),
                    arrowstyle="-|>",
                    mutation_scale=9,
                    color="#555555",
                    linewidth=0.8,
                    shrinkA=0,
                    shrinkB=0,
                )
            )
    for one, (x, y) in place.items():
        package, _, name = one.partition(".")
        axes.add_patch(
            FancyBboxPatch(
                (x, y),
                WIDTH,
                HEIGHT,
                boxstyle="round,pad=0.02",
                facecolor=COLOURS[package],
                edgecolor="#888888",
                zorder=3,
            )
        )
        label = f"{name}/" if (ROOT / package / name).is_dir() else f"{name}.py"
        axes.text(
            x + WIDTH / 2,
            y + HEIGHT / 2,
            label,
            ha="center",
            va="center",
            fontsize=9 if len(label) < 15 else 7.5,
            zorder=4,
        )
    axes.set_xlim(-0.2, left)
    axes.set_ylim(-1.0, max(y for _, y in place.values()) + 1)
    axes.axis("off")
    with plt.rc_context({"svg.hashsalt": "architecture", "svg.fonttype": "none"}):
        figure.savefig(target, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    draw(ROOT / "docs" / "images" / "architecture.svg")
