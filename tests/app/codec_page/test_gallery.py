"""A batch of photographs: what comes out of each, the gallery, and what may go wrong."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

import codec_plugin
from app.codec_page.batch import Failed, Known, Outcome, archive, medians, outcome_table
from codec_plugin import read_header

PHOTOS = Path(codec_plugin.__file__).parent / "photos"
Page = Callable[..., AppTest]
SURE = {"coarse": Known("cat", 0.9, 60, "cat"), "mid": Known("tabby", 0.4, None, "lynx")}
UNSURE = {"coarse": Known("dog", 0.5, None, "cat"), "mid": Known("pug", 0.4, None, "lynx")}
LABEL = "Cut where the first level is sure"


def outcome(size: int, known: dict[str, Known]) -> Outcome:
    cut = known["coarse"].sure_bytes or size
    return Outcome(bytes(range(size)), cut, b"", 0.5, 30.0, known)


def _page(outcomes: dict) -> None:  # type: ignore[type-arg]  # stands alone as a script
    from app.codec_page.gallery import _results  # the page runs by itself

    _results(outcomes)


@pytest.mark.parametrize(("known", "offered"), [(UNSURE, False), (SURE, True)])
def test_cut_files_are_offered_where_something_is_cut(
    known: dict[str, Known], offered: bool
) -> None:
    test = AppTest.from_function(_page, args=({"a": outcome(90, known)},), default_timeout=60)
    assert not test.run().exception
    labels = [one.proto.label for one in test.get("download_button")]
    assert any(one.startswith("Whole .c2f files") for one in labels)
    assert any(one.startswith(LABEL) for one in labels) == offered


def small(name: str, *, turned: bool = False) -> bytes:
    """A photograph of few pixels, which is decoded soon."""
    stream = io.BytesIO()
    with Image.open(PHOTOS / f"{name}.png") as picture:
        if turned:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        picture.resize((48, 32)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def few(served: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photographs are served, and between them a file that is none."""
    part = served / "photos"
    part.mkdir()
    (part / "a.png").write_bytes(small("chelsea"))
    (part / "b.png").write_bytes(b"no picture")
    (part / "c.png").write_bytes(small("coffee"))
    monkeypatch.setattr("app.data.data_dir.shipped_photos", dict)
    return part


def words(test: AppTest) -> str:
    return "\n".join(one.value for one in (*test.markdown, *test.caption, *test.error))


def cards(test: AppTest) -> int:
    """Photographs of the gallery that went through."""
    return sum(one.label == "Open in Codec" for one in test.button)


def test_the_table_tells_what_is_never_sure_and_what_failed() -> None:
    table = outcome_table(
        {"a": outcome(100, SURE), "b": Failed("no picture"), "c": outcome(80, UNSURE)}
    )
    assert list(table["photograph"]) == ["a", "b", "c"]
    sure = table["coarse: sure from, bytes"]
    assert sure[0] == 60
    assert list(sure.isna()) == [False, True, True]
    assert list(table["whole file, bytes"].dropna()) == [100, 80]
    assert table["error"][1] == "no picture"
    assert table.to_csv(index=False).splitlines()[1].startswith("a,60,,100,0.5,30.0,cat,90.0,cat,")


def test_only_those_that_become_sure_have_a_median() -> None:
    found = medians([outcome(100, SURE), outcome(80, UNSURE)])
    assert found == {"coarse": (1, 60), "mid": (0, None)}
    assert medians([]) == {}


def test_an_archive_has_no_folders_and_every_file() -> None:
    names = ("../../etc/x.png", "a.png", "my A.jpg", ".hidden.png", "..\\y.png")
    content = archive({name: outcome(100, SURE) for name in names}, cut=False)
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        assert zipped.namelist() == ["x.c2f", "a.c2f", "A-2.c2f", "_hidden.c2f", "___y.c2f"]
        assert zipped.read("a.c2f") == bytes(range(100))
    cut = archive({"a": outcome(100, SURE), "c": outcome(80, UNSURE)}, cut=True)
    with zipfile.ZipFile(io.BytesIO(cut)) as zipped:
        assert [(one.filename, one.file_size) for one in zipped.infolist()] == [
            ("a-60.c2f", 60),
            ("c-80.c2f", 80),
        ]


def test_a_batch_goes_through_and_skips_what_is_no_photograph(page: Page, few: Path) -> None:
    test = page("batch")
    assert not test.exception
    assert "0 of 3 photographs done" in words(test)
    test.button(key="batch_run").click().run()
    assert not test.exception
    assert "3 of 3 photographs done" in words(test)
    assert "not a JPEG, PNG, WebP or AVIF picture" in test.error[0].value
    assert "1 photograph left out" in test.warning[0].value
    table = test.dataframe[0].value
    assert list(table["photograph"]) == ["a", "b", "c"]
    assert table["whole file, bytes"].notna().tolist() == [True, False, True]
    assert table["error"].notna().tolist() == [False, True, False]
    assert cards(test) == 2
    labels = [one.proto.label for one in test.get("download_button")]
    done = test.session_state["batch_done"][2]
    through = [done[name] for name in ("a", "c")]
    assert any(one.startswith(LABEL) for one in labels) == any(
        one.cut < len(one.blob) for one in through
    )
    # What the Codec page says of the same photograph.
    alone = page("codec", photo="a")
    for level in ("coarse", "mid", "fine"):
        size = table[f"{level}: sure from, bytes"][0]
        said = re.search(rf"- {level}: sure of .* from \*\*([\d,]+) bytes", words(alone))
        assert said is not None if pd.notna(size) else said is None
        if said is not None:
            assert int(said[1].replace(",", "")) == size
    done = test.session_state["batch_done"][2]
    assert read_header(done["a"].blob).ends[-1] == len(done["a"].blob)

    # What is done stays; other settings begin anew.
    test.number_input(key="count").set_value(1).run()
    assert "1 of 1 photograph done" in words(test)
    test.selectbox(key="batch_side").set_value(384).run()
    assert "0 of 1 photograph done" in words(test)
    assert not test.dataframe


def test_a_batch_that_was_stopped_goes_on(
    page: Page, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.codec_page import gallery

    test = page("batch")
    examine = gallery.examine

    def stopping(*given: object) -> object:
        # As a press of Stop during the first photograph: the script ends there.
        gallery._stop()
        gallery.st.rerun()
        return examine(*given)

    monkeypatch.setattr(gallery, "examine", stopping)
    test.button(key="batch_run").click().run()
    assert not test.exception
    assert "0 of 3 photographs done" in words(test)
    assert cards(test) == 0
    monkeypatch.setattr(gallery, "examine", examine)
    assert test.button(key="batch_run").label == "Run"
    test.button(key="batch_run").click().run()
    assert not test.exception
    assert "3 of 3 photographs done" in words(test)


def test_own_photographs_are_taken_together(page: Page, few: Path) -> None:
    test = page("batch", source="Your own")
    assert not test.exception
    assert not test.button
    cat, turned = small("chelsea"), small("chelsea", turned=True)
    files = [("cat.png", cat, ""), ("bad.jpg", b"x", ""), ("cat.png", turned, "")]
    test.file_uploader(key="batch_files").set_value([*files, ("n.txt", cat, "")]).run()
    assert not test.exception
    told = [one.value for one in test.error]
    assert len(told) == 2
    assert told[0].startswith(r"bad\.jpg: This is not a JPEG")
    assert "not a file of these kinds" in told[1]
    test.button(key="batch_run").click().run()
    assert not test.exception
    assert list(test.dataframe[0].value["photograph"]) == ["my cat.png", "my cat 2.png"]
    assert "2 of 2 photographs done" in words(test)
    many = [(f"{number}.png", cat, "") for number in range(13)]
    test.file_uploader(key="batch_files").set_value(many).run()
    assert test.error[0].value == r"12\.png: At most 12 files are taken at once\."
    assert "0 of 12 photographs done" in words(test)


def test_nothing_served_is_said(page: Page, few: Path) -> None:
    for path in few.iterdir():
        path.unlink()
    test = page("batch")
    assert not test.exception
    assert "No photographs are served here" in test.info[0].value
