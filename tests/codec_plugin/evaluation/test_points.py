"""Lines of chosen codecs and cuts, and how judges stand to the networks that were asked."""

import pytest

from codec_plugin.evaluation.reports.points import points_table
from codec_plugin.evaluation.reports.transfer import judges_table, relation, transfer_table
from codec_plugin.evaluation.results_table import Row


def rows(right: str) -> list[Row]:
    """Ten photographs; `right` says of each whether the coarse answer is; the fine one never is."""
    made = []
    for number, sign in enumerate(right):
        measures = {"psnr_db": 20.0 + number, "correct_coarse": int(sign), "correct_fine": 0}
        made.append(Row("ours", f"{number}", "stage-1", 1000 + number, 0.1, measures))
        measures = {"psnr_db": None, "correct_coarse": 1, "correct_fine": 1}
        made.append(Row("clean", f"{number}", "clean", 9000, 9.0, measures))
    return made


def test_means_and_intervals_of_every_judge() -> None:
    judged = {"A": rows("1111100000"), "B": rows("1111111111")}
    points = [("clean", "clean"), ("ours", "stage-1")]
    table = points_table(judged, points, ("bytes", "psnr_db"))
    first = ["clean, clean", "", ""]
    assert list(table[0].values()) == [*first, "100 (100–100)/100", "100 (100–100)/100"]
    assert list(table[1])[1:] == ["bytes", "PSNR dB", "A", "B"]
    assert table[1]["bytes"] == "1,004"
    assert table[1]["PSNR dB"] == "24.50"
    assert table[1]["A"] == "50 (20–80)/0"
    assert table[1]["B"] == "100 (100–100)/0"
    backwards = {name: own[::-1] for name, own in judged.items()}
    assert points_table(backwards, points, ("bytes", "psnr_db")) == table


ASKED = ("efficientnet-lite0", "squeezenet", "darknet")


@pytest.mark.parametrize(
    ("judge", "expected"),
    [
        ("efficientnet-lite0", "asked"),
        ("efficientnet-lite2", "sister"),
        ("squeezenet10_deepcompression", "sister"),
        ("mobilenet_v1_0.75_192_quant", "never asked"),
        ("tf2_mobilenet_v2_1.0_224_ptq", "never asked"),
        ("lite0", "asked"),
        ("lite2", "sister"),
        ("mobilenetv1", "never asked"),
        ("resnet50", "never asked"),
        ("7", "never asked"),
    ],
)
def test_a_judge_was_asked_or_is_a_sister_or_neither(judge: str, expected: str) -> None:
    assert relation(judge, ASKED) == expected


def test_a_short_name_belongs_to_its_family() -> None:
    assert relation("mobilenetv1", ("mobilenet_v3_large",)) == "sister"
    assert relation("tf2_mobilenet_v2_1.0_224_ptq", ("mobilenetv2",)) == "asked"


def test_judges_are_told_with_their_accuracy_on_originals() -> None:
    judged = {"efficientnet-lite0": rows("11"), "mobilenet_v1": rows("01")}
    for row in judged["mobilenet_v1"]:
        if row.subject == "clean":
            row.measures["correct_coarse"] = int(row.image)  # type: ignore[index]
    first, second = judges_table(judged, ASKED)
    assert (first["relation"], second["relation"]) == ("asked", "never asked")
    assert first["coarse on originals %"] == "100.0 (100.0 to 100.0)"
    assert second["coarse on originals %"] == "50.0 (0.0 to 100.0)"
    (told,) = transfer_table({"mobilenet_v1": judged["mobilenet_v1"]}, "ours", (0.2, 0.8), ASKED)
    assert list(told)[:3] == ["classifier", "relation", "codec"]
    assert told["relation"] == "never asked"
