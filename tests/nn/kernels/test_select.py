"""The fastest kernel that can do a mask is chosen; one that cannot says which can."""

from __future__ import annotations

import pytest
import torch

from regard.errors import KernelError
from regard.nn.kernels import dense, reference
from regard.nn.kernels.select import select
from regard.nn.mask import causal, same_user
from regard.nn.plan import AttentionPlan

APART = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal() & same_user())
TOGETHER = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal())


def test_auto_takes_dense_where_users_are_apart_and_else_the_reference() -> None:
    assert select(APART) is dense.attend
    assert select(TOGETHER) is reference.attend


def test_dense_refuses_a_mask_across_users_and_names_the_reference() -> None:
    with pytest.raises(KernelError, match=r"'causal'.*same_user\(\).*kernel='reference'"):
        select(TOGETHER, "dense")


def test_an_unknown_kernel_is_refused_by_name() -> None:
    with pytest.raises(KernelError, match="'fast'; there are: auto, dense, reference"):
        select(APART, "fast")  # type: ignore[arg-type]
