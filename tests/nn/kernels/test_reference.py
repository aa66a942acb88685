"""The reference kernel is the formula of attention."""

from __future__ import annotations

import math

import torch

from regard.nn.kernels import reference
from regard.nn.mask import both_ways, causal, same_user
from regard.nn.plan import AttentionPlan


def test_three_items_and_a_query_have_the_weights_of_the_formula() -> None:
    """Items cat, dog and bird, one query: a_i = exp(score(k_i, q)) / sum_j exp(score(k_j, q))."""
    query = torch.tensor([1.0, 0.5])
    keys = torch.tensor([[2.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    score = [float(key @ query) / math.sqrt(2) for key in keys]
    expected = [math.exp(s) / sum(math.exp(other) for other in score) for s in score]
    plan = AttentionPlan.of(torch.tensor([0, 1]), mask=both_ways() & same_user(), source=torch.tensor([0, 3]))
    weights = reference.weights(query.view(1, 1, 2), keys.view(3, 1, 2), plan)
    torch.testing.assert_close(weights[0, 0], torch.tensor(expected))


def test_weights_are_the_softmax_over_what_may_be_seen() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())
    weights = reference.weights(torch.randn(5, 2, 4), torch.randn(5, 2, 4), plan)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5))
    assert (weights[:, ~plan.allowed()] == 0).all()


def test_who_may_see_nothing_gets_zero() -> None:
    plan = AttentionPlan.of(torch.tensor([0, 2]), mask=both_ways() & same_user(), source=torch.tensor([0, 0]))
    y = reference.attend(torch.randn(2, 1, 4), torch.randn(0, 1, 4), torch.randn(0, 1, 4), plan)
    assert torch.equal(y, torch.zeros(2, 1, 4))
