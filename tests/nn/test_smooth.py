"""The filter beside attention reads the latest five events of its own user, and no other."""

from __future__ import annotations

import torch

from regard.nn.attention import SelfAttention
from regard.nn.block import Block
from regard.nn.mask import causal, same_user
from regard.nn.plan import AttentionPlan
from regard.nn.smooth import LocalFilter

PLAN = AttentionPlan.of(torch.tensor([0, 8, 9, 12]), mask=causal() & same_user())


def low_alone(share: float = 0.5) -> LocalFilter:
    """A filter that keeps nothing of the high frequencies."""
    filtered = LocalFilter(1, share=share)
    torch.nn.init.zeros_(filtered.root_D)
    return filtered


def test_the_low_frequencies_are_the_mean_of_the_latest_five_events() -> None:
    x = torch.tensor([1.0, 2, 3, 4, 5, 6, 7, 8, 90, 10, 20, 30])[:, None]
    low = low_alone()(torch.zeros_like(x), x, PLAN) / 0.5
    torch.testing.assert_close(low[:, 0], torch.tensor([1.0, 1.5, 2, 2.5, 3, 4, 5, 6, 90, 10, 15, 20]))


def test_what_is_new_is_rescaled_channel_by_channel() -> None:
    filtered = LocalFilter(2, share=0.5)
    with torch.no_grad():
        filtered.root_D.copy_(torch.tensor([0.0, 2.0]))
    plan = AttentionPlan.of(torch.tensor([0, 2]), mask=causal() & same_user())
    x = torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    torch.testing.assert_close(filtered(torch.zeros_like(x), x, plan)[1] / 0.5, torch.tensor([1.0, 5.0]))


def test_the_rest_is_what_attention_says() -> None:
    seen = torch.ones(12, 1)
    torch.testing.assert_close(low_alone(share=0.25)(seen, torch.zeros(12, 1), PLAN), 0.75 * seen)


def test_the_last_events_are_those_of_the_whole() -> None:
    filtered, seen, x = LocalFilter(4, share=0.3), torch.randn(12, 4), torch.randn(12, 4)
    last = PLAN.query.offsets[1:] - 1
    torch.testing.assert_close(filtered.last(seen[last], x, PLAN), filtered(seen, x, PLAN)[last])


def test_a_block_gives_the_same_on_all_its_ways() -> None:
    block = Block(SelfAttention(8, heads=2), local=LocalFilter(8, share=0.3)).eval()
    x, last = torch.randn(12, 8), PLAN.query.offsets[1:] - 1
    torch.testing.assert_close(block.observed(x, PLAN).y_TD, block(x, PLAN))
    torch.testing.assert_close(block.last(x, PLAN), block(x, PLAN)[last])
