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
    ("mask", "shape", "within", "span"),
    [
        (causal() & same_user(), "causal", True, None),
        (both_ways() & same_user(), "full", True, None),
        (causal() & window(3) & same_user(), "banded", True, 3),
        (window(3) & same_user() & window(5) & causal(), "banded", True, 3),
        (window(3) & both_ways(), "window", False, 3),
        (window(3) & prefix(1), "other", False, None),
        (window(3) | window(3), "window", False, 3),
        (window(3) | window(5), "other", False, None),
        (causal() | both_ways(), "other", False, None),
        (causal() | same_user(), "other", False, None),
        (causal() & causal(), "causal", False, None),
    ],
    ids=lambda value: value.name if isinstance(value, Mask) else str(value),
)
def test_a_combined_mask_knows_its_fast_path(mask: Mask, shape: str, within: bool, span: int | None) -> None:
    assert (mask.shape, mask.within_user, mask.span) == (shape, within, span)
