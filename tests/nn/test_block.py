"""A block adds to what came in."""

from __future__ import annotations

import torch

from regard.nn.attention import SelfAttention
from regard.nn.block import Block
from regard.nn.mask import causal, same_user
from regard.nn.plan import AttentionPlan

PLAN = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())


def test_a_block_whose_parts_say_nothing_is_the_identity() -> None:
    block, x = Block(SelfAttention(8)), torch.randn(5, 8)
    for last in (block.attention.project_out, block.feed.narrow):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    torch.testing.assert_close(block(x, PLAN), x)


def test_observed_returns_the_same_states() -> None:
    block, x = Block(SelfAttention(8, heads=2), dropout=0.5).eval(), torch.randn(5, 8)
    seen = block.observed(x, PLAN)
    torch.testing.assert_close(seen.y_TD, block(x, PLAN))
    assert seen.weights_NTT.shape == (2, 5, 5)


def test_dropout_works_in_training_alone() -> None:
    block, x = Block(SelfAttention(8), dropout=0.5), torch.randn(5, 8)
    assert not torch.equal(block.train()(x, PLAN), block(x, PLAN))
    assert torch.equal(block.eval()(x, PLAN), block(x, PLAN))
