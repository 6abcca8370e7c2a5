"""Figures are functions of data: what they draw is in what they return."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.codec_page.classification import first_sure
from app.components.tables import cluster_table
from app.data.studies import share_table
from app.figures.answers import answer_figure, confidence_figure
from app.figures.confidence import histogram
from app.figures.contingency import contingency_figure
from app.figures.curves import curve_figure
from app.figures.frame import log_ticks, put_in_frame
from app.figures.sankey import Ribbon, sankey_height_px, sankey_options, strongest
from app.figures.sizes import sizes_figure
from app.figures.stability import axis_figure, axis_heatmap, share_figure
from app.figures.tree import (
    KINDS,
    ROOT,
    ROOT_COLOUR,
    Node,
    node_of_spot,
    path_of_class,
    tree_figure,
    tree_nodes,
)
from app.spot import Spot, format_spot, parse_spot, spot_of_class
from app.theme.markdown import counted, in_figure, in_list, in_markdown, in_table, sentence, short
from app.theme.palette import CATEGORIES, INK, LINES, MARK, category, codec_style, ink, lighter
from app.views.explore import clicked_place
from codec_plugin.evaluation.reports.curves import Curve, Panel
from hierlab.classes import ClassList
from hierlab.labelmap import Cluster, LabelMap, load_label_map
from hierlab.measures.bootstrap import Interval
from hierlab.study.results import REST, AxisAgreement, VarianceShare

ROOT_FOLDER = Path(__file__).parents[3]
RIBBONS = (
    Ribbon(0, 0, "animal", "alive", 4),
    Ribbon(1, 0, "thing", "alive", 1),
    Ribbon(1, 1, "thing", "{made}<b>", 3),
)


def test_areas_nest_and_add_up(nested: LabelMap, crossed: LabelMap) -> None:
    for label_map in (nested, crossed):
        nodes = tree_nodes(label_map)
        by_id = {node.id: node for node in nodes}
        assert len(by_id) == len(nodes)
        for node in nodes:
            inside = [other.size for other in nodes if other.parent == node.id]
            assert not inside or sum(inside) == node.size
            assert node.id == ROOT or node.parent in by_id


def test_a_cluster_in_parts_says_its_share(crossed: LabelMap) -> None:
    labels = {node.label for node in tree_nodes(crossed)}
    assert {"soft (2 of 4)", "wild", "hard"} <= labels


def test_a_finest_level_of_single_classes_is_drawn_once(nested: LabelMap) -> None:
    assert len(tree_nodes(nested)) == 1 + 2 + 4 + 8


def test_the_area_of_a_cluster_is_found(nested: LabelMap, crossed: LabelMap) -> None:
    assert node_of_spot(tree_nodes(nested), Spot(1, 3)).label == "car"
    assert node_of_spot(tree_nodes(nested), None).id == ROOT
    assert node_of_spot(tree_nodes(crossed), Spot(1, 1)).label.startswith("soft")


@pytest.mark.parametrize("kind", KINDS)
def test_a_tree_opens_where_it_is_told(nested: LabelMap, kind) -> None:  # type: ignore[no-untyped-def]
    nodes = tree_nodes(nested)
    at = node_of_spot(nodes, Spot(0, 1)).id
    trace = tree_figure(nodes, kind, depth=1, at=at).data[0]
    assert (trace.type, trace.level, trace.maxdepth) == (kind.lower(), at, 2)
    # Only what is inside, down to the depth, and what is around: the rest is never seen.
    assert set(trace.ids) == {ROOT, at, f"{at}/2", f"{at}/3"}


def test_long_rows_of_an_icicle_keep_one_line(nested: LabelMap) -> None:
    nodes = tree_nodes(nested)
    assert "thing<br>4" in tree_figure(nodes, "Treemap", depth=1).data[0].text
    assert "thing · 4" in tree_figure(nodes, "Icicle", depth=1).data[0].text


def test_thin_areas_of_an_icicle_have_their_names_beside_them() -> None:
    classes = ClassList("many", tuple(f"k{n}" for n in range(300)), tuple(map(str, range(300))))
    mid = np.repeat(np.arange(202), [50, 50, *[1] * 200]).tolist()
    many = LabelMap.from_labels(
        classes, {"coarse": [0] * 250 + [1] * 50, "mid": mid, "fine": list(range(300))}, name="m"
    )
    nodes = tree_nodes(many)
    path = "all/1/201/=299"
    areas, rows = tree_figure(nodes, "Icicle", depth=2, path=path).data
    assert len(areas.ids) == 1 + 2 + 202
    # As many as one scrolls through: the largest, and the one that is followed.
    assert len(rows.ids) == 1 + 120
    assert {"~all/0/0", "~all/0/1", "~all/1/201"} <= {*rows.ids}
    assert clicked_place(nodes, "~all/0/0", nodes[0], None) == (Spot(1, 0), None)
    # Each has room for its name: nothing stands beside; nor in a treemap.
    for kind, depth in (("Icicle", 1), ("Treemap", 2)):
        assert len(tree_figure(nodes, kind, depth=depth).data) == 1


@pytest.mark.parametrize("name", ["clip-seven-10-100-1000", "wordnet-k-10-100-1000"])
def test_each_cluster_of_a_shipped_map_has_its_area_and_its_name(
    name: str, repository: Path
) -> None:
    label_map = load_label_map(repository / "hierarchies" / f"{name}.json")
    nodes = tree_nodes(label_map)
    for at, depth, number in (("all", 1, 0), ("all", 2, 1), ("all/0", 1, 1)):
        figure = tree_figure(nodes, "Icicle", depth=depth, at=at)
        wanted = {
            node.id: node
            for node in nodes
            if node.spot and node.spot.level == number and node.id.startswith(f"{at}/")
        }
        areas = dict(zip(figure.data[0].ids, figure.data[0].text, strict=True))
        if len(figure.data) > 1:
            rows = figure.data[1]
            areas = {
                one.removeprefix("~"): words
                for one, words in zip(rows.ids, rows.labels, strict=True)
            }
            plot_px = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
            assert min(rows.values) >= 21
            assert sum(rows.values[1:]) == pytest.approx(plot_px)
        for one, node in wanted.items():
            assert areas[one].startswith(in_figure(node.label)[:20])
            assert areas[one].endswith(f" · {node.size}")


def test_both_figures_of_the_axes_have_one_order() -> None:
    def row(axis: str, method: str) -> AxisAgreement:
        return AxisAgreement(axis, method, "center", 10, Interval(0.5, 0.4, 0.6), 0.3, 4)

    rows = [row("seed", "kmeans"), row("variant", "ward"), row("seed", "ward")]
    over, below = axis_heatmap(rows), axis_figure(rows)
    assert list(below.layout.yaxis.categoryarray) == [f"{axis}, center" for axis in over.data[0].y]


def test_an_icicle_of_many_rows_is_higher() -> None:
    def height_px(rows: int) -> int:
        areas = [Node(f"{ROOT}/{row}", ROOT, str(row), 1, ROOT_COLOUR) for row in range(rows)]
        root = Node(ROOT, "", "map", rows, ROOT_COLOUR)
        return int(tree_figure([root, *areas], "Icicle", depth=1).layout.height)

    assert height_px(8) < height_px(80) < height_px(2000) < 2700


def test_the_way_back_has_room_above_the_areas(nested: LabelMap) -> None:
    nodes = tree_nodes(nested)
    inside = tree_figure(nodes, "Treemap", depth=1, at=nodes[1].id)
    assert inside.layout.margin.t >= inside.data[0].pathbar.thickness


def test_labels_in_figures_are_words() -> None:
    options = sankey_options(RIBBONS)
    nodes = {node["name"]: node for node in options["series"][0]["data"]}
    assert nodes["b1"]["label"]["formatter"] == "(made)<b>"  # drawn on a canvas, not HTML
    assert nodes["b1"]["tooltip"]["formatter"] == "&#123;made&#125;&lt;b&gt;"
    assert "<b>" not in str([link["tooltip"] for link in options["series"][0]["links"]])
    assert in_figure("<a href=x>&") == "&lt;a href=x&gt;&amp;"


def test_a_sankey_keeps_the_widest_ribbons_in_order() -> None:
    assert [one.id for one in strongest(RIBBONS, 2)] == ["a0-b0", "a1-b1"]
    assert sankey_height_px(()) == 320


def test_a_chosen_ribbon_stands_out() -> None:
    links = sankey_options(RIBBONS, chosen="a1-b1")["series"][0]["links"]
    opacities = [link["lineStyle"]["opacity"] for link in links]
    assert opacities[2] > max(opacities[:2])
    links = sankey_options(RIBBONS, chosen="b0")["series"][0]["links"]
    assert [link["lineStyle"]["opacity"] > 0.5 for link in links] == [True, True, False]


def test_a_contingency_heatmap_holds_every_class() -> None:
    cells, marks = contingency_figure(RIBBONS, first="a", second="b").data
    assert cells.z.sum() == 8
    for x, y, (name,) in zip(marks.x, marks.y, marks.customdata, strict=True):
        one = next(ribbon for ribbon in RIBBONS if ribbon.id == name)
        assert cells.z[int(y), int(x)] == one.classes


def test_answers_have_a_panel_a_level() -> None:
    answers = {"coarse": (("animal", 0.9), ("thing", 0.1)), "fine": (("tabby", 0.6),)}
    figure = answer_figure(answers)
    assert [list(trace.x) for trace in figure.data] == [[90, 10], [60]]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert [note.text for note in figure.layout.annotations] == ["coarse", "fine"]


def test_lines_and_notes_of_a_log_axis_stand_together() -> None:
    figure = confidence_figure([100, 1000], {"coarse": [0.5, 1]}, {"coarse": 1000}, now=100)
    assert [shape.x0 for shape in figure.layout.shapes] == [1000, 100]
    assert [note.x for note in figure.layout.annotations] == pytest.approx([3, 2])


def test_sure_means_no_change_later() -> None:
    best = [("cat", 0.9), ("dog", 0.9), ("cat", 0.85), ("cat", 0.95)]
    assert first_sure((1, 2, 3, 4), best) == 3
    assert first_sure((1, 2, 3, 4), [*best[:3], ("cat", 0.7)]) is None


def test_a_click_leads_in_and_out_and_follows_a_class(nested: LabelMap) -> None:
    nodes = tree_nodes(nested)
    root, thing, vessel = (
        next(node for node in nodes if node.id == one) for one in ("all", "all/1", "all/1/2")
    )
    assert clicked_place(nodes, "all/1", root, None) == (Spot(0, 1), None)
    assert clicked_place(nodes, "all/1", thing, None) == (None, None)  # out again
    assert clicked_place(nodes, "all/1/2/=5", vessel, None) == (Spot(1, 2), 5)
    assert clicked_place(nodes, "all/1/2/=4", vessel, 5) == (Spot(1, 2), 4)
    assert clicked_place(nodes, "all/1/2/=5", vessel, 5) == (Spot(1, 2), None)
    assert clicked_place(nodes, "nowhere", vessel, 5) is None


def test_the_smallest_area_that_holds_a_class_is_marked(nested: LabelMap) -> None:
    nodes = tree_nodes(nested)
    path = path_of_class(nested, 5)
    for depth, area in ((1, "all/1"), (2, "all/1/2"), (3, "all/1/2/=5")):
        trace = tree_figure(nodes, "Treemap", depth=depth, path=path).data[0]
        widths = dict(zip(trace.ids, trace.marker.line.width, strict=True))
        assert [one for one in widths if widths[one] > 1] == [area]
    inside = tree_figure(nodes, "Treemap", depth=2, at="all/1", path=path).data[0]
    assert inside.marker.line.width == 3  # one for all, or plotly would draw no way back
    assert inside.marker.line.color[inside.ids.index("all/1/2/=5")] == MARK


def test_a_cluster_in_parts_opens_where_the_class_is(crossed: LabelMap) -> None:
    nodes = tree_nodes(crossed)
    for position, area in ((2, "all/0/1"), (5, "all/1/1")):
        path = path_of_class(crossed, position)
        assert node_of_spot(nodes, Spot(1, 1), path).id == area


def test_sizes_and_confidences_are_all_there(nested: LabelMap) -> None:
    assert sum(sizes_figure({"toys": nested.levels[0]}).data[0].y) == 8
    assert len(histogram([0.1, 0.5, 1.0]).data[0].x) == 3


def test_what_no_choice_explains_is_never_on_top() -> None:
    def row(axis: str, share: float) -> VarianceShare:
        return VarianceShare("ward", 10, axis, 2, Interval(share, share, share), 9)

    rows = [row("encoder", 0.2), row("prompts", 0.3), row(REST, 0.5)]
    bottom_up = share_figure(rows).layout.yaxis.categoryarray
    assert REST in bottom_up[0]
    assert list(bottom_up[1:]) == ["encoder", "prompts"]
    assert list(share_table(rows)["what differs"]) == ["prompts", "encoder", REST]


def test_errors_name_files_not_folders_of_the_server() -> None:
    assert sentence(ValueError("/srv/data/maps/my.json: not JSON")) == r"my\.json\: not JSON"
    for kept in ("coarse / mid", "a/b", "10 dB/bpp", "https://host/a/b", "ViT-B/32 at 1/2"):
        assert sentence(ValueError(kept)) == in_markdown(kept)
    assert (counted(1, "class"), counted(2000, "class")) == ("1 class", "2,000 classes")


def test_places_survive_the_address(nested: LabelMap) -> None:
    for level in range(3):
        for cluster in range(nested.levels[level].k):
            spot = Spot(level, cluster)
            assert parse_spot(nested, format_spot(nested, spot)) == spot
            for position in nested.levels[level].members(cluster).tolist():
                assert parse_spot(nested, format_spot(nested, spot, position)) == spot
            assert parse_spot(nested, f"{nested.levels[level].name}:{cluster}") == spot
    assert parse_spot(nested, "nowhere@n04398044", 1) == Spot(1, 2)
    assert parse_spot(nested, "mid@1") is None
    assert spot_of_class(nested, 5, 1) == Spot(1, 2)


def test_a_table_in_markdown_keeps_words_words() -> None:
    text = in_table(("a", "b"), [("x|y", 0.12345), (None, 7)])
    assert text.splitlines() == ["| a | b |", "| --- | ---: |", r"| x\|y | 0.123 |", "|  | 7 |"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1864, "0.186"), (1.0, "1.000"), (95.5, "95.5"), (5.0, "5"), (12345.6, "12,345.6")],
)
def test_numbers_in_a_table_are_as_long_as_they_need(value: float, shown: str) -> None:
    assert in_table(("a",), [(value,)]).splitlines()[-1].strip("| ") == shown


def test_ticks_of_a_log_axis_are_whole_numbers() -> None:
    ticks = log_ticks([0.03, 1.2])
    assert ticks["ticktext"][:4] == ["0.01", "0.02", "0.05", "0.1"]
    assert ticks["ticktext"][-1] == "50"
    assert log_ticks([]) == {}


def test_markdown_is_escaped() -> None:
    assert in_markdown("[x](http://y) `z`\n# h") == r"\[x\]\(http\://y\) \`z\` \# h"
    assert short("abcdef", 4) == "abc…"


# Machado et al. 2009, severity 1.0: what the two common kinds of colour blindness see.
DEUTAN = ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969))
PROTAN = ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052))


@pytest.mark.parametrize("seen", [np.eye(3), np.array(DEUTAN), np.array(PROTAN)])
def test_colours_stay_apart_for_the_colour_blind(seen) -> None:  # type: ignore[no-untyped-def]
    for colours in (LINES[:6], [category(number) for number in range(10)]):
        linear = np.array(
            [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours]
        )
        shown = np.clip(linear @ seen.T, 0, 1)
        apart = np.linalg.norm(shown[:, None] - shown[None], axis=-1) + 9 * np.eye(len(colours))
        assert apart.min() > 0.08


def test_lighter_ends_at_white() -> None:
    assert lighter("#102030", 0) == "#102030"
    assert lighter("#102030", 1) == "#FFFFFF"


def contrast(*colours: str) -> float:
    """Of two colours, as WCAG 2 has it."""
    parts = np.array([[int(one[i : i + 2], 16) / 255 for i in (1, 3, 5)] for one in colours])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return float((high + 0.05) / (low + 0.05))


def test_words_on_every_colour_can_be_read() -> None:
    for colour in (*CATEGORIES, *(lighter(one, 0.25) for one in CATEGORIES), ROOT_COLOUR):
        assert contrast(colour, ink(colour)) >= 4.5, colour


def test_words_of_axes_can_be_read_in_both_themes() -> None:
    config = tomllib.loads((ROOT_FOLDER / "app" / ".streamlit" / "config.toml").read_text())
    for theme, colour in INK.items():
        for background in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(colour, config["theme"][theme][background]) >= 4.5, (theme, background)


def test_a_saved_figure_tells_its_title_and_source() -> None:
    figure = histogram([0.1, 0.5])
    height_px = figure.layout.height
    title = "A title too long for one line <of> a telephone, so that it is broken"
    put_in_frame(figure, title, "my <map>", dark=True)
    assert figure.layout.title.text.count("<br>") == 1
    assert "&lt;of&gt;" in figure.layout.title.text
    assert figure.layout.title.subtitle.text == "my &lt;map&gt;"
    assert figure.layout.xaxis.tickfont.color == figure.layout.legend.font.color == INK["dark"]
    assert figure.layout.xaxis.tickfont.size >= 11
    assert figure.layout.height - height_px == figure.layout.margin.t - 8 > 40


def test_a_codec_keeps_its_colour_and_ours_is_bold() -> None:
    def curve(name: str, *rates_bpp: float) -> Curve:
        values = tuple(float(rate) for rate in rates_bpp)
        return Curve(name, values, values, values, values, tuple(True for _ in values))

    curves = (curve("coarse2fine", 0.1, 1.0), curve("label", 0.0001), curve("webp", 0.2, 2.0))
    few = curve_figure(Panel("PSNR", "dB", curves[:2], None), ("coarse2fine", "label"))
    many = curve_figure(Panel("PSNR", "dB", curves, None), ("label", "webp", "coarse2fine"))
    for figure in (few, many):
        ours = next(trace for trace in figure.data if trace.name == "coarse2fine")
        colour, dash, _ = codec_style("coarse2fine")
        assert (ours.line.color, ours.line.dash) == (colour, dash) == (LINES[0], "solid")
        assert ours.line.width > max(t.line.width for t in figure.data if t is not ours)
        assert 10 ** figure.layout.xaxis.range[0] > 0.05  # an answer alone crushes no axis
    known = ("coarse2fine-search", "coarse2fine", "avif", "webp", "jpeg", "jpeg2000", "label")
    assert len({codec_style(name) for name in known}) == len(known)


def test_cells_of_a_heatmap_can_be_clicked() -> None:
    ribbons = (Ribbon(0, 0, "a", "b", 2), Ribbon(1, 0, "c", "b", 1))
    marks = contingency_figure(ribbons, first="A", second="B").data[1]
    assert marks.hoverinfo != "skip"  # plotly sends no clicks of what is skipped
    assert list(marks.text) == ["a → b: 2 classes", "c → b: 1 class"]


def test_a_large_heatmap_has_names_that_fit_and_the_chosen_cell_a_frame() -> None:
    many = [Ribbon(one, one, f"a{one}", f"b{one}", 1 + one % 3) for one in range(100)]
    figure = contingency_figure(many, first="A", second="B", chosen="a7-b7")
    for axis, most in ((figure.layout.xaxis, 24), (figure.layout.yaxis, 560 // 12)):
        assert 15 <= len(axis.ticktext) <= most
        for place, name in zip(axis.tickvals, axis.ticktext, strict=True):
            assert name[1:] == place  # every name stands at its own place
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.y0, frame.line.color) == (6.5, 6.5, MARK)
    few = contingency_figure(RIBBONS, first="A", second="B")
    assert len(few.layout.yaxis.ticktext) == 2
    assert not few.layout.shapes


def test_notes_of_the_bytes_stand_clear_of_the_legend() -> None:
    figure = confidence_figure([64, 512], {"coarse": [0.2, 0.9]}, {"coarse": 64}, now=500)
    assert figure.layout.legend.y < 0  # the notes are above
    shifts = [note.yshift for note in figure.layout.annotations]
    assert max(shifts) + 14 <= figure.layout.margin.t
    assert len(set(shifts)) == len(shifts)
    assert (
        "tabby"
        in confidence_figure(
            [64], {"coarse": [0.2]}, {}, now=64, of="tabby"
        ).layout.yaxis.title.text
    )


def test_names_say_what_they_hold_for(nested: LabelMap) -> None:
    level = nested.levels[0]
    clusters = tuple(
        Cluster(one.name, one.size, one.medoid, coverage=0.75) for one in level.clusters
    )
    named = replace(nested, levels=(replace(level, clusters=clusters),))
    (trace,) = tree_figure(tree_nodes(named), "Treemap", depth=1).data
    assert "the name holds for 75 %" in trace.customdata[1]
    bars = sizes_figure({"toys": named.levels[0]}).data[0]
    assert "the name holds for 75 %" in bars.customdata[0]
    assert list(cluster_table(named, 0)["name holds for, %"]) == [75, 75]
    assert "name holds for, %" not in cluster_table(nested, 0)


def test_parts_of_an_answer_stand_in_lines() -> None:
    assert in_list("They agree: a 1; b 2.") == "They agree\\: a 1; b 2\\."
    lines = in_list("They agree: ward 0.1 — k*means 0.2.").splitlines()
    assert lines == ["They agree\\:", "", "- ward 0\\.1", "- k\\*means 0\\.2\\."]
