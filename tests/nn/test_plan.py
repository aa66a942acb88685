"""A plan knows where each event stands, and pads without losing any."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from regard.nn.mask import both_ways, causal, prefix, same_user, window
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


@pytest.mark.parametrize("offsets", [[0, 3, 6], [0, 3, 5], [0], [0, 0], [0, 0, 2, 2, 4]])
def test_users_and_positions_are_right_for_every_layout(offsets: list[int]) -> None:
    layout = Layout.of(torch.tensor(offsets))
    lengths = [stop - start for start, stop in pairwise(offsets)]
    assert layout.position_T.tolist() == [rank for length in lengths for rank in range(length)]
    assert layout.user_T.tolist() == [user for user, length in enumerate(lengths) for _ in range(length)]


def test_a_causal_plan_needs_no_written_mask() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())
    assert plan.allowed_ULL is None


def test_a_mask_that_looks_back_is_written_once_for_all_users() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & window(2) & same_user())
    assert plan.allowed_ULL is not None
    assert plan.allowed_ULL[0, 0].int().tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    assert plan.allowed_ULL.shape == (1, 1, 3, 3)


def test_another_mask_hides_padding() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=prefix(3) & same_user())
    assert plan.allowed_ULL is not None
    assert plan.allowed_ULL.shape == (2, 1, 3, 3)
    assert not plan.allowed_ULL[1, :, :, 2].any()


def test_a_window_no_shorter_than_any_history_is_plain_causal_attention() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & window(3) & same_user())
    assert plan.causal
    assert plan.allowed_ULL is None
    assert plan.band is None


def test_a_plan_with_a_band_still_writes_its_mask_for_who_asks() -> None:
    mask = causal() & window(4) & same_user()
    plan = AttentionPlan.of(torch.tensor([0, 300]), mask=mask)
    assert plan.band is not None
    assert plan.allowed_ULL is None
    written = plan.written()
    assert written is not None
    assert torch.equal(written[0, 0], plan.allowed())


def test_queries_that_may_see_nothing_are_known() -> None:
    plan = AttentionPlan.of(
        torch.tensor([0, 2, 3]), mask=both_ways() & same_user(), source=torch.tensor([0, 0, 3])
    )
    assert plan.blind_UL is not None
    assert plan.blind_UL.tolist() == [[True, True], [False, False]]


def test_the_whole_mask_keeps_users_apart() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal() & same_user())
    assert plan.allowed().int().tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_the_plan_of_last_events_lets_each_see_its_whole_history() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 2, 3]), mask=causal() & same_user())
    assert plan.of_last().allowed().int().tolist() == [[1, 1, 0], [0, 0, 1]]
    assert plan.of_last().source is plan.query
    assert plan.of_last(2).allowed().int().tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]]
