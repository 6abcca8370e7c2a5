"""Lines of chosen codecs and cuts."""

from codec_plugin.evaluation.reports.points import points_table
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
