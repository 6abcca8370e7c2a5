"""Hostile tables of results in gzip: one sentence each, and bounded work."""

import gzip

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from app.data.results import read_results
from app.data.uploads import MAX_TABLE_MB, UploadError

LINES = (
    b"subject,image,cut,bytes,rate_bpp,psnr_db,correct_a\n"
    b"ours,i0,x,100,0.1,20.0,1\nours,i0,y,200,0.2,22.0,1\n"
)


def test_a_packed_table_is_the_same_table() -> None:
    assert read_results(gzip.compress(LINES)).summary == read_results(LINES).summary


@pytest.mark.parametrize(
    "wrong", [gzip.compress(LINES, mtime=0)[:-9], b"\x1f\x8b\x08 and no more of it"]
)
def test_a_damaged_one_is_refused(wrong: bytes) -> None:
    with pytest.raises(UploadError, match="cut short or damaged"):
        read_results(wrong)


def test_what_unpacks_to_more_than_the_limit_is_refused() -> None:
    bomb = gzip.compress(LINES + b"\n" * (MAX_TABLE_MB * 2**20))
    assert len(bomb) < 100_000
    with pytest.raises(UploadError, match="larger than 32 MB"):
        read_results(bomb)
