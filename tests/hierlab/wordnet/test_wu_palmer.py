"""Wu-Palmer: formulas on the tiny WordNet, NLTK itself, and the oracles."""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierlab.datasets.class_lists import load_classes
from hierlab.errors import TaxonomyError, UnknownClassError
from hierlab.wordnet.taxonomy import Synset, Taxonomy
from hierlab.wordnet.wu_palmer import Policy, wu_palmer, wu_palmer_blocks

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def tiny() -> Taxonomy:
    return Taxonomy.wordnet(DATA / "tiny-wordnet")


@contextmanager
def nltk_reader(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """NLTK over dictionary files that lack what Debian leaves out and Wu-Palmer does not need."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    version = "  1 WordNet 3.0 Copyright none  \n"
    for part, kind in product(("adj", "adv", "noun", "verb"), ("data", "index")):
        name = f"{kind}.{part}"
        if (source / name).exists():
            shutil.copy(source / name, folder / name)
        else:
            (folder / name).write_text(version)
    for name in ("adj.exc", "adv.exc", "noun.exc", "verb.exc", "cntlist.rev", "index.sense"):
        (folder / name).write_text("")
    (folder / "lexnames").write_text("".join(f"{n:02d}\tfile{n}\t1\n" for n in range(45)))
    # NLTK opens only what lies below its data path; mappings to other versions need index.sense.
    monkeypatch.setattr(nltk.data, "path", [str(folder)])
    monkeypatch.setattr(WordNetCorpusReader, "map_wn", lambda *_, **__: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = WordNetCorpusReader(str(folder), None)
    try:
        yield reader
    finally:
        for stream in reader._data_file_map.values():  # it never closes them itself
            stream.close()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # 2 depth / (length + depth + length + depth), depth = longest way to the root, root 1.
        ("dog", "wolf", 2 * 5 / ((1 + 5) + (1 + 5))),  # canine
        ("dog", "cat", 2 * 4 / ((2 + 4) + (2 + 4))),  # carnivore, though pet is nearer
        ("dog", "car", 2 * 1 / ((3 + 1) + (2 + 1))),  # entity, by the pet's way up
        ("dog", "dog", 2 * 5 / ((1 + 5) + (1 + 5))),  # canine is deeper than dog at the least
        ("puppy", "puppy", 2 * 7 / ((0 + 7) + (0 + 7))),  # canine ties, but a puppy is itself
        ("puppy", "rex", 2 * 5 / ((2 + 5) + (2 + 5))),  # instances count
        # Up to the animal and down to the carnivore is shorter than up through all the dogs.
        ("lapdog", "cat", 2 * 4 / ((1 + 2 + 4) + (2 + 4))),
        ("entity", "entity", 2 * 1 / (1 + 1)),
    ],
)
def test_nltk_policy_by_formula(tiny: Taxonomy, one: str, other: str, expected: float) -> None:
    pair = [f"{one}.n.01", f"{other}.n.01"]
    assert wu_palmer(tiny, pair, "nltk")[0, 1] == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # 2 depth / (depth + depth), longest ways to the root throughout, root 1.
        ("dog", "wolf", 2 * 5 / (6 + 6)),
        ("dog", "cat", 2 * 4 / (6 + 6)),
        ("dog", "car", 2 * 1 / (6 + 3)),
        ("dog", "dog", 2 * 6 / (6 + 6)),
        ("lapdog", "cat", 2 * 4 / (9 + 6)),
        ("puppy", "lapdog", 2 * 7 / (7 + 9)),
    ],
)
def test_textbook_policy_by_formula(tiny: Taxonomy, one: str, other: str, expected: float) -> None:
    pair = [f"{one}.n.01", f"{other}.n.01"]
    assert wu_palmer(tiny, pair, "textbook")[0, 1] == expected


def test_nltk_agrees_on_every_pair_of_the_tiny_one(
    tiny: Taxonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nltk_reader(DATA / "tiny-wordnet", tmp_path, monkeypatch) as reader:
        synsets = [reader.synset(synset.name) for synset in tiny]
        expected = [[one.wup_similarity(other) for other in synsets] for one in synsets]
        assert wu_palmer(tiny, [synset.wnid for synset in tiny]).tolist() == expected
        assert [synset.min_depth() for synset in synsets] == tiny.min_depths.tolist()
        assert [synset.max_depth() for synset in synsets] == tiny.max_depths.tolist()


def installed_wordnet() -> Path:
    from hierlab.regenerate.wordnet import DEBIAN

    if not (Path(DEBIAN) / "data.noun").is_file():
        pytest.skip("needs WordNet 3.0's own files: apt install wordnet-base")
    return Path(DEBIAN)


@pytest.mark.slow
def test_nltk_agrees_on_every_class_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All 1000 of the diagonal, those 43 among them that the oracle has otherwise."""
    wnids = load_classes("imagenet-1k").ids
    with nltk_reader(installed_wordnet(), tmp_path, monkeypatch) as reader:
        synsets = [reader.synset_from_pos_and_offset("n", int(wnid[1:])) for wnid in wnids]
        expected = [synset.wup_similarity(synset) for synset in synsets]
    assert wu_palmer(Taxonomy.shipped(), wnids).diagonal().tolist() == expected


@pytest.mark.slow
def test_nltk_agrees_on_relatives_in_the_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classes with their ancestors, where ties and short cuts are frequent."""
    shipped = Taxonomy.shipped()
    chosen = load_classes("imagenet-1k").ids[81:1000:400]  # from the ptarmigan, which ties
    wnids = list(dict.fromkeys(up.wnid for wnid in chosen for up in shipped.ancestors(wnid)))
    with nltk_reader(installed_wordnet(), tmp_path, monkeypatch) as reader:
        synsets = [reader.synset_from_pos_and_offset("n", int(wnid[1:])) for wnid in wnids]
        expected = [[one.wup_similarity(other) for other in synsets] for one in synsets]
    assert wu_palmer(shipped, wnids).tolist() == expected


def test_oracle_of_the_textbook_policy(shared_data: Path) -> None:
    with np.load(shared_data / "wordnet" / "wup_textbook_imagenet1k.npz") as oracle:
        found = wu_palmer(Taxonomy.shipped(), oracle["wnid"].tolist(), "textbook")
        assert np.array_equal(found, oracle["wup"])


def test_oracle_of_the_nltk_policy(shared_data: Path) -> None:
    """Equal for all pairs of different classes, and for 957 classes with themselves.

    Of the 43 others each ties with one of its ancestors; the oracle takes the first by name, NLTK
    the class itself. A test above asks NLTK about all 1000, and it agrees with us on each.
    """
    with np.load(shared_data / "wordnet" / "wup_nltk_imagenet1k.npz") as oracle:
        wnids, expected = oracle["wnid"].tolist(), oracle["wup"]
    shipped = Taxonomy.shipped()
    found = wu_palmer(shipped, wnids, "nltk")
    differ = np.argwhere(found != expected)
    assert (differ[:, 0] == differ[:, 1]).all()
    assert len(differ) == 43
    for position, _ in differ:
        deepest = max(shipped.min_depth(up.wnid) for up in shipped.ancestors(wnids[position]))
        assert shipped.min_depth(wnids[position]) == deepest
        assert found[position, position] == 1


@pytest.mark.parametrize("policy", ["nltk", "textbook"])
def test_pairs_do_not_depend_on_the_company_they_are_in(tiny: Taxonomy, policy: Policy) -> None:
    keys = [synset.wnid for synset in tiny]
    whole = wu_palmer(tiny, keys, policy)
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, len(keys)):
        some = rng.permutation(len(keys))[:size]
        part = wu_palmer(tiny, [keys[position] for position in some], policy)
        assert np.array_equal(part, whole[np.ix_(some, some)])


@pytest.mark.parametrize("block_rows", [1, 7, 1000])
def test_blocks_make_up_the_matrix(block_rows: int) -> None:
    wnids = load_classes("imagenet-1k").ids[::9]
    shipped = Taxonomy.shipped()
    whole = wu_palmer(shipped, wnids)
    seen = []
    for rows, block in wu_palmer_blocks(shipped, wnids, block_rows=block_rows):
        assert len(rows) <= block_rows
        assert np.array_equal(block, whole[rows])
        seen += rows.tolist()
    assert sorted(seen) == list(range(len(wnids)))


def test_a_class_may_stand_twice(tiny: Taxonomy) -> None:
    found = wu_palmer(tiny, ["puppy.n.01", "wolf.n.01", "puppy.n.01"])
    assert found[0, 2] == found[0, 0] == found[2, 2] == 1
    assert np.array_equal(found[0], found[2])


def test_without_a_common_root_the_similarity_is_zero() -> None:
    pair = Taxonomy(Synset(f"n{n:08d}", f"x{n}.n.01", (f"x{n}",), (1,), (), "") for n in range(2))
    assert wu_palmer(pair, [0, 1]).tolist() == [[1, 0], [0, 1]]
    assert wu_palmer(pair, [0, 1], "textbook").tolist() == [[1, 0], [0, 1]]


def test_no_class_gives_an_empty_matrix(tiny: Taxonomy) -> None:
    assert wu_palmer(tiny, []).shape == (0, 0)


def test_what_cannot_be_compared(tiny: Taxonomy) -> None:
    with pytest.raises(UnknownClassError, match="n99999999"):
        wu_palmer(tiny, ["n99999999"])
    with pytest.raises(TaxonomyError, match="expected policy nltk or textbook"):
        wu_palmer(tiny, ["dog.n.01"], "leacock")  # type: ignore[arg-type]
    with pytest.raises(TaxonomyError, match="at least 1 row"):
        next(wu_palmer_blocks(tiny, ["dog.n.01"], block_rows=0))
