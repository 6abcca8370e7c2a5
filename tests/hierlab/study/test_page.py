"""The table of docs/study.md against the shipped study."""

import json
import re

import pytest

COLUMNS = ("kmeans 21 single", "ward 7 single", "topdown 7 single", "consensus 7 single",
           "consensus consensus of 7")  # fmt: skip
GROUPINGS = {
    "Geirhos-16": "geirhos16", "ENTITY-13": "entity13", "ENTITY-30": "entity30",
    "LIVING-17": "living17", "NON-LIVING-26": "nonliving26",
}  # fmt: skip
FIGURES = {
    "Wu-Palmer of a class to its companions": "by_class",
    "the same as a mean over pairs": "within",
    "largest group": "largest",
    "as many equal groups would be as even": "effective",
}
AXES = {
    "ARI between two seeds": "seed",
    "ARI between two variants, 21 pairs": "encoder",
    "ARI between disjoint halves, 70 pairs of threes": "halves",
    "ARI between all classes and 80 % of them, ten draws": "draw",
}
WITHOUT_SEED = "1"


@pytest.fixture(scope="module")
def shipped(repository):
    """(row, column, K): its value, or value and interval, by the shipped report."""
    text = (repository / "studies" / "clip" / "report.json").read_text()
    report = json.loads(text)["report"]
    found = {}
    for entry in report["people"]:
        column = f"{entry['method'].partition(' ')[0]} {entry['encoders']}"
        found[entry["grouping"], column, entry["k"]] = [entry["ari"]["value"]]
    for entry in report["consistency"]:
        column = f"{entry['method'].partition(' ')[0]} {entry['encoders']}"
        for name in FIGURES.values():
            found[name, column, entry["k"]] = [entry[name]]
    for entry in report["agreements"]:
        ari = entry["ari"]
        method = entry["method"].replace("consensus of several", COLUMNS[4])
        column = next((column for column in COLUMNS if column.startswith(method)), method)
        told = [ari["value"], ari["low"], ari["high"]]
        found[entry["axis"], column, entry["k"]] = told
    return found


def table(page: str) -> list[tuple[str, list[str]]]:
    text = page[page.index("| mean over seven CLIP variants") :].partition("\n\n")[0]
    cells = [
        [cell.strip().replace("*", "") for cell in line.strip("|").split("|")]
        for line in text.splitlines()[2:]
    ]
    return [(first, rest) for first, *rest in cells]


def test_cells_are_those_of_the_shipped_report(shipped, repository):
    seen = 0
    for name, cells in table((repository / "docs" / "study.md").read_text(encoding="utf-8")):
        sizes = [100] if name.endswith(", K = 100") else [10, 100]
        name = name.removesuffix(", K = 100")
        row = GROUPINGS.get(name) or FIGURES.get(name) or AXES[name]
        for column, cell in zip(COLUMNS, cells, strict=True):
            if cell == "–" or (row == "seed" and cell == WITHOUT_SEED):
                continue
            for k, part in zip(sizes, cell.split(" / "), strict=True):
                numbers = re.findall(r"\d+(?:\.\d+)?", part)
                right = shipped[row, column, k][: len(numbers)]
                assert len(right) == len(numbers)
                for number, value in zip(numbers, right, strict=True):
                    digits = len(number.partition(".")[2])
                    assert abs(float(number) - value) <= 0.5 * 10**-digits + 1e-6, (name, column, k)
                    seen += 1
    assert seen > 90
