"""A build in a process of its own."""

import time
from pathlib import Path

import pytest

from app.data.build_job import MAX_BUILDS, BuildJob, BuildRefusedError
from hierlab import load_classes
from hierlab.classes import ClassList

KEYS = ("n02123045", "n02129165", "n02088364", "n04398044")
LONG = {"consensus": ["RN50:openai@7", "ViT-B-16:openai@photo"], "classes": "imagenet-1k"}


def test_what_is_built_is_what_the_library_builds() -> None:
    classes = ClassList("mine", KEYS, ("tabby", "lion", "beagle", "teapot"), synsets=KEYS)
    job = BuildJob({"method": "wordnet-k", "classes": classes, "k": (2, 4)})
    folder = job._folder
    built = job.result()
    assert built.classes == classes
    assert built.levels[0].k == 2
    assert not job.running
    assert not folder.exists()


def test_a_refusal_is_a_sentence_and_leaves_nothing() -> None:
    job = BuildJob({"method": "wordnet-k", "classes": "imagenet-1k", "k": (10, 5000)})
    folder = job._folder
    with pytest.raises(BuildRefusedError, match="1000 classes"):
        job.result()
    assert not folder.exists()


def test_a_stop_ends_the_process_at_work_and_leaves_nothing() -> None:
    assert len(load_classes("imagenet-1k")) == 1000
    job = BuildJob({**LONG, "k": (10, 100, 1000)})
    while job.running and job.progress is None:
        time.sleep(0.02)
    done, total = job.progress or (0, 0)
    assert 0 < done < total
    folder, process = job._folder, job._process
    job.stop()
    assert process.poll() is not None
    assert process.returncode != 0
    assert not job.running
    assert not folder.exists()
    job.stop()  # a second time is nothing


def test_few_run_at_once_and_one_that_nobody_holds_ends() -> None:
    jobs = [BuildJob({**LONG, "k": (10, 100)}) for _ in range(MAX_BUILDS)]
    with pytest.raises(BuildRefusedError, match="try again in a minute"):
        BuildJob({**LONG, "k": (10, 100)})
    processes = [one._process for one in jobs]
    folders: list[Path] = [one._folder for one in jobs]
    jobs.clear()
    assert all(one.poll() is not None for one in processes)
    assert not any(one.exists() for one in folders)
