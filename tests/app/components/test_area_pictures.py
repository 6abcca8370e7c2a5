"""Which pictures stand in which area."""

from app.components.area_pictures import area_cells
from app.data.thumbnails import Sheet
from app.figures.tree import tree_nodes
from hierlab.labelmap import LabelMap


def test_areas_have_pictures_of_their_own_classes(nested: LabelMap) -> None:
    keys = nested.classes.ids
    sheet = Sheet("data:,", 3, {key: number for number, key in enumerate(keys) if number != 2})
    nodes = tree_nodes(nested)
    found = area_cells(nested, nodes, sheet)
    assert found["all/0"][0] == 0  # the medoid
    assert set(found["all/0"]) == {0, 1, 3}
    assert found["all/0/1"] == [3]
    assert found["all/0/1/=3"] == [3]
    assert "all/0/1/=2" not in found
    assert "all" not in found
    assert all(len(cells) <= 4 for cells in found.values())
