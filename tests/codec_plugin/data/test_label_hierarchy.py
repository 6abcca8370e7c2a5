"""Clusters as sums of class probabilities."""

from dataclasses import replace

import pytest
import torch

from codec_plugin.data.label_hierarchy import level_ends, levels_of_stages, load_hierarchy
from codec_plugin.errors import ConfigError, HierarchyMismatchError
from tests.codec_plugin.semantic import small_hierarchy


def test_sums_of_posteriors_are_the_sums_over_members() -> None:
    hierarchy = small_hierarchy()
    p = torch.tensor([[0.1, 0.2, 0.3, 0.05, 0.15, 0.2]])
    assert torch.allclose(hierarchy.sum_posteriors(p, 0), torch.tensor([[0.8, 0.2]]))
    assert torch.allclose(hierarchy.sum_posteriors(p, 1), torch.tensor([[0.3, 0.5, 0.2]]))
    assert torch.equal(hierarchy.sum_posteriors(p, 2), p)


def test_the_shipped_hierarchy_is_read() -> None:
    hierarchy = load_hierarchy("vit-b-32-topdown-10-100-1000")
    assert hierarchy.sizes == (10, 100, 1000)
    assert hierarchy.labels.shape == (3, 1000)


def test_a_missing_label_map_is_one_sentence() -> None:
    with pytest.raises(HierarchyMismatchError, match="no-such-map"):
        load_hierarchy("no-such-map")


@pytest.mark.parametrize(
    ("n_levels", "n_blocks", "wanted", "ends"),
    [
        (3, 8, (1, 4, 5), (1, 4, 5)),
        (2, 8, (1, 4, 5), (1, 5)),
        (1, 8, (1, 4, 5), (1,)),
        (1, 3, (), (0,)),
        (5, 8, (1, 4, 5), (1, 2, 3, 4, 5)),
        (7, 8, (1, 4, 5), (1, 2, 3, 4, 5, 6, 7)),
        (8, 8, (1, 4, 5), (0, 1, 2, 3, 4, 5, 6, 7)),
        (3, 3, (), (0, 1, 2)),
        (2, 3, (), (0, 2)),
    ],
)
def test_levels_of_any_number_end_at_blocks_of_their_own(
    n_levels: int, n_blocks: int, wanted: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    assert level_ends(n_levels, n_blocks, wanted) == ends


def test_more_levels_than_blocks_are_refused() -> None:
    with pytest.raises(HierarchyMismatchError, match="4 levels, the codec 3 blocks"):
        level_ends(4, 3)


def test_a_block_works_towards_the_next_level_that_ends() -> None:
    assert levels_of_stages((1, 4, 5), 8) == (0, 0, 1, 1, 1, 2, 2, 2)
    assert levels_of_stages((), 3) == (0, 1, 2)


def test_a_name_that_several_classes_have_asks_for_a_key() -> None:
    small = small_hierarchy()
    first, second = small.class_ids[:2]
    names = ("Crane", "crane", *small.class_names[2:])
    cranes = replace(small, class_names=names)
    with pytest.raises(
        ConfigError, match=f"2 classes .* are called 'crane'; .*: {first}, {second}"
    ):
        cranes.path("crane")
    assert cranes.path(second).clusters == tuple(small.labels[:, 1].tolist())
    assert cranes.path(second).tree.id == small.id
