"""The Explore page as a visitor meets it, without a browser."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.theme.markdown import in_markdown
from app.theme.palette import MARK
from codec_plugin.data.photograph_sets.shipped import shipped_photos
from hierlab.classes import ClassList
from hierlab.labelmap import Cluster, LabelMap, Level

Page = Callable[..., AppTest]


def address(test: AppTest, name: str) -> str:
    """A parameter of the address; AppTest gives lists of one."""
    found = test.query_params[name]
    return found if isinstance(found, str) else found[-1]


def marked_area(test: AppTest) -> str:
    """The area of the treemap whose edge is marked."""
    (trace,) = json.loads(test.get("plotly_chart")[0].proto.spec)["data"]
    colours = trace["marker"]["line"]["color"]
    (marked,) = (one for one, colour in zip(trace["ids"], colours, strict=True) if colour == MARK)
    return str(marked)


def drawn(test: AppTest) -> str:
    """What the browser is given to draw."""
    trees = test.get("plotly_chart")
    if trees:
        return str(trees[0].proto.spec)
    return str(json.loads(test.get("bidi_component")[0].proto.json)["json"])


def words(test: AppTest) -> str:
    blocks = (*test.markdown, *test.caption, *test.info, *test.error, *test.warning)
    return "\n".join(block.value for block in blocks)


FIRST_PAGE = """import sys, warnings
warnings.simplefilter("ignore")
from streamlit.testing.v1 import AppTest
page = "from app.views.explore import render\\nrender()"
test = AppTest.from_string(page, default_timeout=600).run()
assert not test.exception, test.exception
assert test.get("bidi_component"), "no small pictures stand in the areas"
print(sorted({"pandas", "pyarrow", "scipy", "matplotlib", "torch"} & sys.modules.keys()))
"""


def test_the_first_page_loads_nothing_heavy(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE], capture_output=True, text=True, cwd=repository
    )
    assert done.stdout.strip() == "[]", done.stderr[-2000:]


def test_the_whole_map_is_described_first(page: Page) -> None:
    test = page("explore", map="toys")
    assert not test.exception
    assert "8 classes of toys, nested" in words(test)


def test_a_level_of_single_classes_is_not_offered(page: Page) -> None:
    assert page("explore", map="toys").select_slider(key="level").options == ["coarse", "mid"]


def test_the_address_opens_a_cluster(page: Page) -> None:
    test = page("explore", map="toys", level="mid", cluster="mid:1")
    assert not test.exception
    assert "#### dog" in words(test)
    members = next(frame.value for frame in test.dataframe if "class" in frame.value)
    assert list(members["class"]) == ["beagle", "collie"]


def test_an_address_that_names_no_cluster_shows_the_whole(page: Page) -> None:
    for wrong in ("mid:99", "mid:-1", "nowhere:0", "<b>", "mid:²", "9" * 400):
        test = page("explore", map="toys", cluster=wrong)
        assert not test.exception
        assert "8 classes" in words(test)


def test_a_map_that_is_not_here_is_told(page: Page) -> None:
    test = page("explore", map="../../etc/passwd")
    assert not test.exception
    assert "which is not here" in words(test)


def test_search_goes_to_the_cluster(page: Page) -> None:
    test = page("explore", map="toys", level="mid")
    test.text_input(key="find").set_value("beagle").run()
    found = test.button(key="found_n02088364")
    assert "dog" in found.label
    found.click().run()
    assert address(test, "cluster") == "mid@n02088364"
    assert address(test, "class") == "n02088364"
    assert "#### dog" in words(test)
    assert r"Class **beagle** (n02088364)" in words(test)
    assert marked_area(test) == "all/0/1/=2"


def test_a_class_is_followed_into_another_map(page: Page) -> None:
    test = page("explore", map="toys", level="mid", cluster="mid:1")  # an older address
    assert address(test, "cluster") == "mid@n02088364"
    test.selectbox(key="map").set_value("crossed").run()
    assert not test.exception
    assert "#### soft" in words(test)  # not cluster number 1 of whatever is there
    test = page("explore", map="crossed", level="mid", cluster="mid@n04146614")
    assert "#### hard" in words(test)
    test.selectbox(key="map").set_value("toys").run()
    assert "#### car" in words(test)


def test_a_clicked_class_is_followed_and_clicked_again_left(page: Page) -> None:
    test = page(
        "explore", map="toys", level="mid", cluster="mid@n02088364", **{"class": "n02106030"}
    )
    assert "Class **collie**" in words(test)
    assert marked_area(test) == "all/0/1/=3"
    test.query_params["view"] = "Class map"
    for view in ("Class map", "Sizes", "Icicle"):
        test.segmented_control(key="view").set_value(view).run()
        assert not test.exception, view
        assert "Class **collie**" in words(test)


def test_a_reload_gives_the_same_page(page: Page) -> None:
    test = page("explore", map="toys")
    steps: list[Callable[[], object]] = [
        lambda: test.select_slider(key="level").set_value("mid").run(),
        lambda: test.text_input(key="find").set_value("beagle").run(),
        lambda: test.button(key="found_n02088364").click().run(),
        lambda: test.selectbox(key="map").set_value("crossed").run(),
        lambda: test.segmented_control(key="view").set_value("Class map").run(),
        lambda: test.button(key="jump_Inside_0_0").click().run(),
        lambda: test.selectbox(key="map").set_value("toys").run(),
        lambda: test.select_slider(key="level").set_value("coarse").run(),
    ]
    for step in steps:
        step()
        assert not test.exception
        kept = {name: address(test, name) for name in test.query_params}
        # A browser writes these into the address by itself; AppTest has none.
        kept["map"] = test.selectbox(key="map").value
        kept["level"] = test.select_slider(key="level").value
        kept["view"] = test.segmented_control(key="view").value
        kept["find"] = test.text_input(key="find").value or ""
        again = page("explore", **kept)
        assert words(again) == words(test), kept
        for one in (test, again):
            assert one.selectbox(key="map").value == kept["map"]
        assert drawn(again) == drawn(test), kept


def test_an_own_map_stands_in_the_address(page: Page, nested: LabelMap) -> None:
    test = page("explore")
    first = test.selectbox(key="map").value
    file = ("toys.json", nested.renamed("mine").encode(), "application/json")
    test.file_uploader(key="map_file").set_value(file).run()
    assert not test.exception
    assert test.selectbox(key="map").value == address(test, "map") == "my mine"
    again = page("explore", map="my mine")  # a reload, or a colleague
    assert "asks for the map my mine, which is not here" in words(again)
    assert "load it again" in words(again)
    assert "load it again" not in words(page("explore", map="no-such-map"))
    assert again.selectbox(key="map").value == first
    assert f"{in_markdown(first)} is shown" in words(again)
    # An address without a map means the same to all, whatever they have of their own.
    test.selectbox(key="map").set_value(first).run()
    test.file_uploader(key="map_file").set_value(("a.json", b"{", "")).run()
    assert r"a\.json: This is not a label map" in test.warning[0].value


def test_a_class_that_a_map_lacks_is_told(page: Page) -> None:
    for asked in ({"class": "n99"}, {"cluster": "mid@n99"}):
        test = page("explore", map="toys", **asked)
        assert "n99, which is not here; the whole map is shown" in words(test)
        assert "8 classes of toys" in words(test)


def test_a_search_that_finds_nothing_says_so(page: Page) -> None:
    test = page("explore", map="toys", find="zeppelin")
    assert "No class here is called zeppelin" in words(test)


def test_every_view_draws_both_kinds_of_map(page: Page) -> None:
    for name in ("toys", "crossed"):
        for view in ("Treemap", "Icicle", "Sunburst", "Class map", "Sizes"):
            test = page("explore", map=name, view=view)
            assert not test.exception, (name, view)


def test_a_class_map_is_laid_out_by_the_map_itself_unless_told(
    page: Page, nested: LabelMap
) -> None:
    test = page("explore", map="toys", view="Class map", level="mid", **{"class": "n02088364"})
    told = json.loads(drawn(test))
    assert "t-SNE of the levels that two classes share" in told["title"]
    assert told["map"]["marked"] == 2
    assert told["map"]["chosen"] == [1, 1]
    assert told["map"]["levels"][1]["clusters"][1]["name"] == "dog"
    shown = {photo.class_id for photo in shipped_photos().values()}
    assert "n02123045" in shown  # a tabby
    assert set(told["sheet"]["cells"]) == shown & set(nested.classes.ids)
    test.toggle(key="by_wordnet").set_value(True).run()
    assert "Wu-Palmer" in json.loads(drawn(test))["title"]


def test_the_nearest_clusters_are_near_by_what_made_the_map(page: Page) -> None:
    test = page("explore", map="clip-seven-10-100-1000", cluster="coarse@n02123045")
    (near,) = (one for one in test.markdown if one.value == "**Nearest**")
    assert near.proto.help == "By the mean centred cosine of 7 encoders' text prototypes."


def test_a_map_that_is_not_nested_says_so(page: Page) -> None:
    assert "not nested" in words(page("explore", map="crossed"))


def test_jumps_lead_up_and_down(page: Page) -> None:
    test = page("explore", map="toys", cluster="coarse:0", level="coarse")
    test.button(key="jump_Made of_1_0").click().run()
    assert "#### cat" in words(test)
    test.button(key="jump_Inside_0_0").click().run()
    assert "#### animal" in words(test)


def upload(test: AppTest, label_map: LabelMap, *, keep: bool = False) -> str:
    """Upload a map as a visitor does; the name it got."""
    if keep:
        test.toggle(key="map_keep").set_value(True)
    test.file_uploader(key="map_file").set_value(("a.json", label_map.encode(), "")).run()
    assert not test.exception
    return str(test.selectbox(key="map").value)


def test_two_visitors_share_no_maps(page: Page, nested: LabelMap) -> None:
    first = page("explore")
    name = upload(first, nested.renamed("secret"))
    assert name == "my secret"
    assert name in first.selectbox(key="map").options
    assert name not in page("explore").selectbox(key="map").options


def test_a_map_kept_on_the_server_is_opened_by_its_address_alone(
    page: Page, nested: LabelMap, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIERLAB_CACHE", str(served / "cache"))
    name = upload(page("explore"), nested.renamed("mine"), keep=True)
    assert re.fullmatch(r"my mine ~[0-9a-f]{16}", name)
    assert name not in page("explore").selectbox(key="map").options
    again = page("explore", map=name, level="mid")  # a reload, a colleague, a restart
    assert again.selectbox(key="map").value == name
    assert "8 classes of toys" in words(again)
    (file,) = (served / "cache" / "app-uploads" / "maps").iterdir()
    assert file.read_bytes() == nested.renamed("mine").encode()
    for wrong in ("my mine ~0123456789abcdef", "my x ~../../etc/passwd", f"{name}0"):
        assert "which is not here" in words(page("explore", map=wrong))
    os.utime(file, (0, time.time() - 8 * 86_400))
    assert "which is not here" in words(page("explore", map=name))
    upload(page("explore"), nested.renamed("other"), keep=True)
    assert not file.exists()  # what is too old goes when something else comes
    monkeypatch.setenv("HIERLAB_APP_KEEP_DAYS", "0")
    assert "map_keep" not in {one.key for one in page("explore").toggle}


def test_a_huge_map_does_not_hold_the_server_up(page: Page, served: Path) -> None:
    count = 30_000
    classes = ClassList("many", tuple(f"k{n}" for n in range(count)), tuple(map(str, range(count))))
    coarse = Level(
        "coarse",
        np.repeat(np.arange(2, dtype=np.int32), count // 2),
        (Cluster("low", count // 2, "k0"), Cluster("high", count // 2, f"k{count // 2}")),
    )
    own = tuple(Cluster(f"c{n}", 1, f"k{n}") for n in range(count))
    fine = Level("fine", np.arange(count, dtype=np.int32), own)
    LabelMap("many", classes, (coarse, fine), {}).save(served / "maps" / "many.json")
    begun = time.process_time()
    for view in ("Treemap", "Class map", "Sizes"):
        test = page("explore", map="many", view=view, level="fine", cluster="coarse:1", find="7")
        assert not test.exception, view
        assert "#### high" in words(test)
    assert time.process_time() - begun < 60


def test_a_damaged_served_map_is_a_sentence(page: Page, served: Path) -> None:
    (served / "maps" / "broken.json").write_text('{"format": "hierlab-label-map", "version": 9}')
    test = page("explore", map="broken")
    assert not test.exception
    assert "cannot be opened" in test.error[0].value


def test_names_in_files_are_not_markup(page: Page, served: Path, nested) -> None:  # type: ignore[no-untyped-def]
    nested.renamed("<script>alert(1)</script>").save(served / "maps" / "a[b](http:x).json")
    test = page("explore", map="a[b](http:x)")
    assert not test.exception
    assert "](http" not in words(test)


def test_the_inspector_tells_the_table_s_number_and_suggests_a_class_of_the_map(
    page: Page, nested: LabelMap
) -> None:
    from app.data.measure_cache import measured

    test = page("explore", map="toys")
    names = ("lion", "piano", "beagle", "teapot", "cup")
    labels = {"coarse": [0, 0, 0, 1, 1]}
    own = LabelMap.from_labels(ClassList("own", names, names), labels, name="own")
    file = ("own.json", own.encode(), "application/json")
    test.file_uploader(key="map_file").set_value(file).run()
    assert test.text_input(key="find").placeholder == "lion"
    test.button(key="jump_Clusters of level coarse_0_0").click().run()
    report, _ = measured("own", own)
    assert report is not None
    mean, pairs = report.levels[0].by_class, report.levels[0].within
    assert mean is not None
    assert f"{mean:.2f}" != f"{pairs:.2f}"
    assert any(f"(level: {mean:.2f})" in one.value for one in test.markdown)
