"""Masks are pure functions of places, and combine."""

from __future__ import annotations

import pytest

from regard.nn.mask import Mask, both_ways, causal, prefix, same_user, window


@pytest.mark.parametrize(
    ("mask", "drawing"),
    [
        (causal(), "#..\n##.\n###"),
        (both_ways(), "###\n###\n###"),
        (window(2), "##.\n###\n.##"),
        (prefix(1), "#..\n#..\n#.."),
        (causal() & window(2), "#..\n##.\n.##"),
        (prefix(2) | causal(), "##.\n##.\n###"),
    ],
    ids=lambda value: value.name if isinstance(value, Mask) else "",
)
def test_each_mask_lets_see_what_its_drawing_shows(mask: Mask, drawing: str) -> None:
    assert mask.draw([3]) == drawing


def test_users_are_drawn_apart() -> None:
    assert causal().draw([2, 1]) == "#. .\n## .\n.. #"


@pytest.mark.parametrize(
    ("mask", "shape", "within"),
    [
        (causal() & same_user(), "causal", True),
        (both_ways() & same_user(), "full", True),
        (causal() & window(3) & same_user(), "other", True),
        (causal() | both_ways(), "other", False),
        (causal() | same_user(), "other", False),
        (causal() & causal(), "causal", False),
    ],
    ids=lambda value: value.name if isinstance(value, Mask) else str(value),
)
def test_a_combined_mask_knows_its_fast_path(mask: Mask, shape: str, within: bool) -> None:
    assert (mask.shape, mask.within_user) == (shape, within)
