"""Folders and shards give the same crops whenever they are asked for the same step."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from codec_plugin.data.crops import random_crop
from codec_plugin.data.image_folder import ImageFolder
from codec_plugin.data.settings import DataSettings
from codec_plugin.data.sources import (
    HeldOut,
    fitting_share,
    held_out,
    kept_settings,
    open_source,
)
from codec_plugin.errors import DataError
from tests.codec_plugin.semantic import CLASS_IDS, small_hierarchy, write_photographs

INDEX = small_hierarchy().lookup


def test_labels_come_from_the_table(tmp_path: Path) -> None:
    folder = ImageFolder(write_photographs(tmp_path), INDEX, cache=False)
    assert folder.names == tuple(f"{number}.png" for number in range(6))
    assert folder.labels == (0, -1, 2, -1, 4, -1)


def test_labels_come_from_folders_without_a_table(tmp_path: Path) -> None:
    write_photographs(tmp_path / CLASS_IDS[3], 1)
    (tmp_path / CLASS_IDS[3] / "labels.csv").unlink()
    assert ImageFolder(tmp_path, INDEX, cache=False).labels == (3,)


def test_a_step_is_a_function_of_seed_rank_and_number(tmp_path: Path) -> None:
    settings = DataSettings(path=str(write_photographs(tmp_path)), holdout=1)
    source, held = open_source(settings, INDEX, seed=5, rank=0, world=1)
    folder = held.folder
    again, _ = open_source(settings, INDEX, seed=5, rank=0, world=1)
    other, held_too = open_source(settings, INDEX, seed=6, rank=0, world=1)
    assert torch.equal(source.batch(7, 4, 64).images, again.batch(7, 4, 64).images)
    assert not torch.equal(source.batch(7, 4, 64).images, other.batch(7, 4, 64).images)
    assert not torch.equal(source.batch(7, 4, 64).images, source.batch(8, 4, 64).images)
    assert folder is not None
    assert held.numbers == held_too.numbers


def test_small_pictures_are_mirrored_and_flips_keep_the_pixels() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    crop = random_crop(pixels, 3, np.random.default_rng(0))
    assert crop.shape == (3, 3, 3)
    assert {tuple(p) for p in crop.reshape(-1, 3)} <= {tuple(p) for p in pixels.reshape(-1, 3)}


def test_holding_out_everything_is_refused(tmp_path: Path) -> None:
    settings = DataSettings(path=str(write_photographs(tmp_path)), holdout_share=1.0)
    with pytest.raises(DataError, match="has 6 images, all held out"):
        open_source(settings, INDEX, seed=0, rank=0, world=1)


def test_a_name_decides_whether_a_file_is_held_out_not_the_others() -> None:
    names = [f"{number}.png" for number in range(2000)]
    whole = dict(zip(names, held_out(names, 0.1), strict=True))
    assert 150 < sum(whole.values()) < 250
    fewer = names[::3]
    assert [whole[name] for name in fewer] == held_out(fewer, 0.1).tolist()
    moved = [f"sub/folder/{name}" for name in fewer]
    assert held_out(moved, 0.1).tolist() == held_out(fewer, 0.1).tolist()


@pytest.mark.parametrize(
    ("files", "holdout", "expected"),
    [(60, 96, 6), (2000, 96, 96), (6, 96, 1), (2, 96, 1), (60, 3, 3), (60, 0, 0)],
)
def test_a_small_folder_holds_out_a_tenth_and_never_nothing_unasked(
    files: int, holdout: int, expected: int
) -> None:
    names = [f"{number}.png" for number in range(files)]
    share = fitting_share(DataSettings(holdout=holdout), names)
    assert held_out(names, share).sum() == expected


def test_a_share_that_is_given_is_kept() -> None:
    names = [f"{number}.png" for number in range(2000)]
    assert fitting_share(DataSettings(holdout_share=0.25), names) == 0.25
    least = fitting_share(DataSettings(holdout_share=1e-9), names)
    assert held_out(names, least).sum() == 1


def test_the_share_that_a_run_keeps_holds_out_the_same_names_for_good(tmp_path: Path) -> None:
    write_photographs(tmp_path, 40, side=16)
    settings = DataSettings(path=str(tmp_path), holdout=4)
    folder = ImageFolder(tmp_path, INDEX, cache=False)
    kept = kept_settings(settings, folder)
    before = {
        name
        for name, held in zip(folder.names, held_out(folder.names, kept.holdout_share), strict=True)
        if held
    }
    for number in range(0, 40, 3):
        (tmp_path / f"{number}.png").unlink()
    _, held = open_source(kept, INDEX, seed=0, rank=0, world=1)
    assert held.folder is not None
    assert set(held.names) == before & set(held.folder.names)


def test_the_one_name_that_is_held_out_of_a_few_stays_so(tmp_path: Path) -> None:
    write_photographs(tmp_path, 6, side=16)
    folder = ImageFolder(tmp_path, {}, cache=False)
    share = kept_settings(DataSettings(), folder).holdout_share
    lowest = [
        name for name, held in zip(folder.names, held_out(folder.names, share), strict=True) if held
    ]
    assert len(lowest) == 1
    more = [f"{number}.png" for number in range(200)]
    assert lowest[0] in [n for n, held in zip(more, held_out(more, share), strict=True) if held]


def test_a_run_finds_its_photographs_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert kept_settings(DataSettings(path="here"), None).path == str(tmp_path / "here")
    assert (
        kept_settings(DataSettings(path="a-{0..1}.tar"), None).path == f"{tmp_path}/a-{{0..1}}.tar"
    )
    for address in ("https://example.org/a.tar", "pipe:cat a.tar"):
        assert kept_settings(DataSettings(path=address), None).path == address


def test_a_broken_photograph_is_left_out_and_changes_no_other_crop(tmp_path: Path) -> None:
    settings = DataSettings(path=str(write_photographs(tmp_path)), holdout=1)
    whole, held = open_source(settings, INDEX, seed=5, rank=0, world=1)
    before = whole.batch(3, 6, 16).images
    member = next(n for n in range(6) if n not in held.numbers)
    (tmp_path / f"{member}.png").write_bytes((tmp_path / f"{member}.png").read_bytes()[:200])
    source, again_held = open_source(settings, INDEX, seed=5, rank=0, world=1)
    folder = again_held.folder
    drawn = source.members[np.random.default_rng((5, 0, 3)).integers(5, size=6)]  # type: ignore[attr-defined]
    assert member in drawn
    after, again = source.batch(3, 6, 16).images, source.batch(3, 6, 16).images
    assert torch.equal(after, again)
    assert folder is not None
    assert list(folder.broken) == [f"{member}.png"]
    for place in np.flatnonzero(drawn[: int(np.argmax(drawn == member))] != member):
        assert torch.equal(before[place], after[place])


def test_a_folder_of_broken_photographs_is_refused(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"nothing")
    source, held = open_source(DataSettings(path=str(tmp_path)), {}, seed=0, rank=0, world=1)
    folder = held.folder
    assert folder is not None
    assert folder.check() == 3
    assert len(folder.broken) == 3
    assert held.images() == []
    with pytest.raises(DataError, match="3 of 3 photographs cannot be decoded"):
        source.batch(0, 1, 16)


def test_of_a_large_held_out_photograph_the_middle_is_seen(tmp_path: Path) -> None:
    pixels = np.zeros((900, 1000, 3), np.uint8)
    pixels[450, 500] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    folder = ImageFolder(tmp_path, {}, cache=False)
    (view,) = HeldOut(folder, (0,)).images()
    assert view.shape == (3, 768, 768)
    assert float(view[0, 450 - 66, 500 - 116]) == 1


def test_a_folder_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    path = write_photographs(tmp_path / "my.tar.photos")
    held = open_source(DataSettings(path=str(path)), INDEX, seed=0, rank=0, world=1).held
    folder = held.folder
    assert folder is not None
    assert len(folder) == 6


def test_what_is_no_folder_of_photographs_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "s-0.tar").write_bytes(b"")
    for path, said in [
        (tmp_path / "a.txt", "is a file"),
        (tmp_path / "none", "does not exist; name it with --data"),
        (tmp_path / "b", r"no images .*--data .*s-0\.tar"),
    ]:
        with pytest.raises(DataError, match=said):
            ImageFolder(path, INDEX, cache=False)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    folder = ImageFolder(tmp_path, INDEX, cache=False)
    with pytest.raises(DataError, match=r"broken\.png"):
        folder.pixels(0)
