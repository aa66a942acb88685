"""A stack runs its blocks in order and normalises at the end."""

from __future__ import annotations

import torch

from regard.nn.attention import SelfAttention
from regard.nn.block import Block
from regard.nn.mask import causal, same_user
from regard.nn.plan import AttentionPlan
from regard.nn.stack import Stack

PLAN = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())


def test_it_is_its_blocks_one_after_the_other() -> None:
    blocks = [Block(SelfAttention(8)), Block(SelfAttention(8))]
    stack, x = Stack(blocks), torch.randn(5, 8)
    torch.testing.assert_close(stack(x, PLAN), stack.norm(blocks[1](blocks[0](x, PLAN), PLAN)))


def test_observed_returns_the_weights_of_every_block() -> None:
    stack, x = Stack([Block(SelfAttention(8, heads=2)) for _ in range(3)]).eval(), torch.randn(5, 8)
    seen = stack.observed(x, PLAN)
    torch.testing.assert_close(seen.y_TD, stack(x, PLAN))
    assert seen.weights_LNTT.shape == (3, 2, 5, 5)
