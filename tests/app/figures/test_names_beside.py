"""Rows of names beside thin areas."""

import plotly.graph_objects as go
import pytest

from app.figures.names_beside import Row, put_names_beside, row_heights


def test_rows_share_what_the_least_leaves() -> None:
    # Two rows take their least, 20; of the other 60 those of 50 and 40 take shares as 5 to 4.
    assert row_heights([50, 5, 40, 5], 20) == pytest.approx([60 * 5 / 9, 20, 60 * 4 / 9, 20])
    assert row_heights([30, 30], 20) == [30, 30]
    assert row_heights([1, 1], 20) == [20, 20]  # there is less room than they need


def test_each_name_is_joined_to_its_area() -> None:
    figure = go.Figure(go.Icicle(ids=["a", "b"], labels=["a", "b"], parents=["", ""]))
    figure.update_layout(height=120, margin={"t": 10, "b": 10})
    rows = [
        Row("a", "first", "<b>first</b>", "#000000", 0.0, 0.95),
        Row("b", "second", "<b>second</b>", "#FFFFFF", 0.95, 1.0),
    ]
    put_names_beside(figure, rows, marked="b")
    names = figure.data[1]
    assert list(names.ids) == ["~", "~a", "~b"]
    assert list(names.values) == pytest.approx([100, 79, 21])
    assert list(names.textfont.color[1:]) == ["#FFFFFF", "#000000"]
    assert list(names.marker.line.width) == [0, 1, 3]
    assert figure.data[0].domain.x[1] < names.domain.x[0]
    (joins,) = figure.layout.shapes
    ends = [float(one.split(",")[1].split()[0]) for one in joins.path.split(" L ")[1:]]
    assert ends == pytest.approx([1 - 39.5 / 100, 1 - 89.5 / 100])
    begins = [float(one.split(",")[1].split()[0]) for one in joins.path.split("M ")[1:]]
    assert begins == pytest.approx([1 - 0.475, 1 - 0.975])
