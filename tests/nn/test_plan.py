"""A plan knows where each event stands, and pads without losing any."""

from __future__ import annotations

import pytest
import torch

from regard.nn.mask import causal, same_user, window
from regard.nn.plan import AttentionPlan, Layout


@pytest.mark.parametrize("offsets", [[0, 3, 3, 5], [0, 2, 4], [0, 0], [0, 1]])
def test_unpadding_undoes_padding(offsets: list[int]) -> None:
    layout = Layout.of(torch.tensor(offsets))
    x = torch.randn(offsets[-1], 4)
    padded = layout.pad(x)
    assert padded.shape == (len(offsets) - 1, layout.longest, 4)
    assert torch.equal(layout.unpad(padded), x)


def test_histories_of_one_length_are_padded_by_a_view() -> None:
    layout = Layout.of(torch.tensor([0, 2, 4]))
    x = torch.randn(4, 3)
    assert layout.uniform
    assert layout.pad(x).data_ptr() == x.data_ptr()


def test_padding_is_zero_and_on_the_right() -> None:
    layout = Layout.of(torch.tensor([0, 1, 3]))
    assert layout.pad(torch.ones(3, 1))[0, :, 0].tolist() == [1.0, 0.0]


def test_positions_count_from_the_first_event_of_each_user() -> None:
    layout = Layout.of(torch.tensor([0, 3, 5]))
    assert layout.position_T.tolist() == [0, 1, 2, 0, 1]
    assert layout.user_T.tolist() == [0, 0, 0, 1, 1]


def test_a_causal_plan_needs_no_written_mask() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())
    assert plan.allowed_ULL is None


def test_another_mask_is_written_once_and_hides_padding() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & window(2) & same_user())
    assert plan.allowed_ULL is not None
    assert plan.allowed_ULL.shape == (2, 1, 3, 3)
    assert not plan.allowed_ULL[1, :, :, 2].any()


def test_the_whole_mask_keeps_users_apart() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal() & same_user())
    assert plan.allowed().int().tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
