"""The fastest kernel that can do a mask is chosen; one that cannot says which can."""

from __future__ import annotations

import pytest
import torch

from regard.errors import KernelError
from regard.nn.kernels import banded, dense, reference
from regard.nn.kernels.select import select
from regard.nn.mask import Mask, both_ways, causal, same_user, window
from regard.nn.plan import AttentionPlan

APART = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal() & same_user())
TOGETHER = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal())


def test_auto_takes_dense_where_users_are_apart_and_else_the_reference() -> None:
    assert select(APART) is dense.attend
    assert select(TOGETHER) is reference.attend


def test_auto_takes_banded_for_histories_that_are_long_for_the_window() -> None:
    mask, long, short = causal() & window(128) & same_user(), torch.tensor([0, 1024]), torch.tensor([0, 130])
    assert select(AttentionPlan.of(long, mask=mask)) is banded.attend
    assert select(AttentionPlan.of(short, mask=mask)) is dense.attend


def test_auto_counts_events_and_not_only_the_longest_history() -> None:
    """Many short histories beside one of 300: padding all of them to 300 is what costs."""
    offsets = torch.tensor([0, *range(10, 1010, 10), 1300])
    mask = causal() & window(128) & same_user()
    assert select(AttentionPlan.of(offsets, mask=mask)) is banded.attend


@pytest.mark.parametrize(
    ("mask", "source", "told"),
    [
        (causal() & same_user(), None, "'causal & same_user', here of self-attention"),
        (causal() & window(2), None, "'causal & window\\(2\\)', here of self-attention"),
        (both_ways() & same_user(), torch.tensor([0, 1, 2]), "here of cross-attention"),
        (causal() & window(0) & same_user(), None, "window\\(0\\)"),
    ],
)
def test_banded_refuses_what_it_cannot_do_and_names_who_can(
    mask: Mask, source: torch.Tensor | None, told: str
) -> None:
    plan = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=mask, source=source)
    with pytest.raises(KernelError, match=f"{told}.*kernel='dense' or kernel='reference'"):
        select(plan, "banded")


def test_dense_refuses_a_mask_across_users_and_names_the_reference() -> None:
    with pytest.raises(KernelError, match=r"'causal'.*same_user\(\).*kernel='reference'"):
        select(TOGETHER, "dense")


def test_an_unknown_kernel_is_refused_by_name() -> None:
    with pytest.raises(KernelError, match="'fast'; there are: auto, banded, dense, reference"):
        select(APART, "fast")  # type: ignore[arg-type]
