"""The report of a study: figures, sentences, one page."""

import re

import numpy as np
import pytest

from hierlab.errors import StudyError
from hierlab.labelmap import Cluster, LabelMap, Level
from hierlab.study.grid import StudyGrid
from hierlab.study.html_report import render
from hierlab.study.report import study_report
from hierlab.study.run import run_study
from hierlab.study.semantics import correlations, incoherent_clusters
from hierlab.study.store import StudyStore
from hierlab.study.svg_charts import bars, heatmap


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three encoders of forty ImageNet classes, four groups; WordNet knows the classes."""
    from hierlab.datasets.class_lists import load_classes

    folder = tmp_path_factory.mktemp("report")
    known = load_classes("imagenet-1k")
    rows = [*range(10), *range(151, 161), *range(404, 414), *range(950, 960)]
    lines = [f"{known.ids[at]} {known.names[at].split(',')[0]}" for at in rows]
    (folder / "classes.txt").write_text("\n".join(lines))
    for number in range(3):
        rng = np.random.default_rng(number)
        vectors = np.eye(6)[np.repeat(np.arange(4), 10)] + 0.2 * rng.standard_normal((40, 6))
        np.savez(folder / f"<e{number}>.npz", vectors=vectors)
    grid = StudyGrid(
        encoders=tuple(str(folder / f"<e{number}>.npz") for number in range(3)),
        methods=("consensus", "ward"),
        k=(4, 8),
        share=0.8,
        draws=2,
        controls=("spelling", "noise", "wordnet"),
        classes=str(folder / "classes.txt"),
    )
    run_study(grid, folder / "s")
    return folder / "s"


@pytest.fixture(scope="module")
def report(study):
    return study_report(study)


def test_groups_that_follow_wordnet_beat_chance_and_controls(report):
    rows = {(row.method, row.k, row.encoders): row for row in report.consistency}
    ours = rows["consensus (raw)", 4, "3 single"]
    assert ours.within > rows["consensus (raw)", 4, "control:noise"].within + 0.1
    assert ours.lift == pytest.approx(ours.by_class - ours.random)
    assert abs(rows["consensus (raw)", 4, "control:noise"].lift) < 0.1
    assert ("wordnet-k (raw)", 4, "control:wordnet") in rows


def test_the_answer_comes_first_and_has_numbers(report):
    page = render(report)
    assert page.index("<h2>Answer</h2>") < page.index("<svg")
    assert any(sentence.startswith("Between two encoders") for sentence in report.answer)
    assert all(any(letter.isdigit() for letter in sentence) for sentence in report.answer)


def test_the_page_stands_alone_and_escapes_names(report):
    page = render(report)
    # Nothing but its own parts, and pictures inside it.
    assert not re.search(r'<script|src=|href="(?!#|data:)|url\((?!#)', page)
    assert "<e0>" not in page
    assert "&lt;e0&gt;" in page
    assert "What is not known" in page


def test_agreement_with_people_is_that_of_the_shipped_maps(report):
    """The study's cells and the shipped consensus are the same partitions, so the same figure."""
    from hierlab.labelmap import load_label_map
    from hierlab.measures.groupings import load_groupings
    from hierlab.measures.human_agreement import grouping_agreement
    from hierlab.study.report_cache import kept_report
    from hierlab.utils.files import studies_path

    assert report.people == ()  # forty classes are no grouping's
    shipped = kept_report(studies_path("clip"))
    rows = {(row.grouping, row.method, row.k, row.encoders): row for row in shipped.people}
    for name in ("entity13", "geirhos16", "living17"):
        told = grouping_agreement(
            load_label_map("clip-seven-10-100-1000"), load_groupings(name), resamples=0
        )
        for level in told:
            row = rows[name, "consensus (raw)", level.k, "consensus of 7"]
            assert row.ari.value == pytest.approx(level.ari)
            assert row.ari.low < row.ari.value < row.ari.high
            assert f"({name}), K = {level.k} agrees at ARI" in " ".join(shipped.answer)


def test_agreement_with_people_is_over_the_classes_they_grouped(study, monkeypatch):
    from hierlab.datasets.class_lists import load_classes
    from hierlab.measures.groupings import Grouping

    with StudyStore(study) as store:
        ids = load_classes(store.grid.classes).ids
    some = {key: f"group {at // 10}" for at, key in enumerate(ids) if at % 10 < 7 - at // 10}
    mine = Grouping("mine", "", "", "", some)
    monkeypatch.setattr("hierlab.study.report.groupings_for", lambda classes: (mine,))
    rows = {(row.method, row.k, row.encoders): row for row in study_report(study).people}
    assert rows["consensus (raw)", 4, "3 single"].ari.value > 0.9
    assert rows["consensus (raw)", 4, "control:noise"].ari.value < 0.2


def test_equal_studies_give_equal_pages(study, report):
    assert render(study_report(study)) == render(report)


def test_heatmaps_are_symmetric_with_ones(report):
    for found in report.heatmaps:
        assert np.array_equal(found.ari, found.ari.T)
        assert (np.diag(found.ari) == 1).all()
        assert len(found.names) == 3


def test_correlations_are_partial_and_corrected(report):
    rows = [row for row in report.likeness if row.target == "Wu-Palmer"]
    assert len(rows) == 3
    for row in rows:
        assert "spelling" in row.controls
        assert row.partial.low <= row.partial.high
        assert 0 < row.p <= 1
        assert row.raw.value > 0.3


def test_a_similarity_from_images_is_compared_too(study, tmp_path):
    confusion = np.kron(np.eye(4), np.ones((10, 10))) + 0.01
    np.save(tmp_path / "confusion.npy", confusion)
    found = study_report(study, similarity=tmp_path / "confusion.npy")
    rows = [row for row in found.likeness if row.target == "image similarity"]
    assert len(rows) == 3
    assert "Wu-Palmer" in rows[0].controls
    assert rows[0].raw.value > 0.5


def test_a_given_hierarchy_is_compared_at_its_numbers(study, tmp_path):
    from hierlab.classes import ClassList
    from hierlab.datasets.class_lists import load_classes

    with StudyStore(study) as store:
        classes = load_classes(store.grid.classes)
    labels = np.repeat(np.arange(4, dtype=np.int32), 10)
    clusters = tuple(Cluster(f"g{at}", 10, classes.ids[10 * at]) for at in range(4))
    LabelMap("given", classes, (Level("coarse", labels, clusters),), {}).save(tmp_path / "m.json")
    found = study_report(study, reference=tmp_path / "m.json")
    assert {row.k for row in found.references} == {4}
    assert max(row.ari.value for row in found.references) > 0.9
    names = tuple(f"class {at}" for at in range(40))
    LabelMap(
        "other",
        ClassList("custom", names, names),
        (Level("coarse", labels, tuple(Cluster(f"g{at}", 10, names[10 * at]) for at in range(4))),),
        {},
    ).save(tmp_path / "other.json")
    with pytest.raises(StudyError, match="other classes"):
        study_report(study, reference=tmp_path / "other.json")


def test_an_empty_study_is_refused(tmp_path):
    with StudyStore(tmp_path, StudyGrid(encoders=("RN50",))):
        pass
    with pytest.raises(StudyError, match="no finished cell"):
        study_report(tmp_path)


def test_incoherent_clusters_stand_worst_first():
    from hierlab.classes import ClassList

    names = tuple("abcdef")
    similarity = np.ones((6, 6))
    similarity[:3, :3] = 0.25
    found = incoherent_clusters(
        np.array([0, 0, 0, 1, 1, 1]), 2, ClassList("custom", names, names), similarity
    )
    assert [cluster.within for cluster in found] == [0.25, 1]
    assert found[0].members == ("a", "b", "c")


def test_nothing_follows_noise():
    rng = np.random.default_rng(0)
    noise, other = (matrix + matrix.T for matrix in rng.standard_normal((2, 40, 40)))
    weights = np.vstack([np.ones(40), rng.multinomial(40, np.full(40, 1 / 40), size=60)])
    found = correlations([("noise", noise)], ("target", other), [], weights.astype(float))[0]
    assert found.partial.low < 0 < found.partial.high
    assert found.p > 0.02


def test_pictures_are_well_formed_and_escaped():
    from xml.etree import ElementTree

    for picture in (
        heatmap(("a<b", "c"), np.array([[1, 0.5], [0.5, 1]]), "x & y"),
        bars([("a<b", 0.5, 0.4, 0.6)], "x & y"),
    ):
        assert ElementTree.fromstring(picture).tag.endswith("svg")
        assert "a&lt;b" in picture


def test_the_command_writes_the_page(study, tmp_path):
    from typer.testing import CliRunner

    from hierlab.cli import app

    result = CliRunner().invoke(app, ["report", str(study), "-o", str(tmp_path / "r.html")])
    assert result.exit_code == 0, result.output
    assert "Between two encoders" in result.stdout
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
