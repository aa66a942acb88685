"""One attention class, for a sequence over itself or over another."""

from __future__ import annotations

import pytest
import torch

from regard.errors import ConfigError
from regard.nn.attention import Attention, CrossAttention, SelfAttention
from regard.nn.mask import both_ways, causal, same_user
from regard.nn.plan import AttentionPlan


def test_the_essays_example_keeps_its_shape() -> None:
    assert SelfAttention(512)(torch.randn(1, 10, 512)).shape == (1, 10, 512)


def test_cross_attention_has_the_shape_of_its_queries() -> None:
    assert CrossAttention(512)(torch.randn(1, 10, 512), source=torch.randn(1, 7, 512)).shape == (1, 10, 512)


def test_both_are_the_one_class_with_the_same_parameters() -> None:
    assert issubclass(SelfAttention, Attention)
    assert issubclass(CrossAttention, Attention)
    assert SelfAttention(8).state_dict().keys() == CrossAttention(8).state_dict().keys()


def test_attention_over_a_copy_of_itself_is_self_attention() -> None:
    attention, x = Attention(8, heads=2), torch.randn(2, 5, 8)
    torch.testing.assert_close(attention(x), attention(x, source=x.clone()))


def test_one_head_is_the_three_steps_of_the_essay() -> None:
    attention, x = SelfAttention(8, heads=1), torch.randn(1, 4, 8)
    q, k, v = attention.project_in(x[0]).split(8, dim=-1)
    weights = torch.softmax(q @ k.T / 8**0.5, dim=-1)
    torch.testing.assert_close(attention(x)[0], attention.project_out(weights @ v))


def test_observed_gives_the_same_output_and_weights_that_sum_to_one() -> None:
    attention, x = Attention(8, heads=2), torch.randn(3, 5, 8)
    seen = attention.observed(x)
    torch.testing.assert_close(seen.y, attention(x))
    assert seen.weights.shape == (3, 2, 5, 5)
    torch.testing.assert_close(seen.weights.sum(-1), torch.ones(3, 2, 5))


def test_observed_packed_weights_stay_within_users() -> None:
    attention, x = Attention(8, heads=2), torch.randn(5, 8)
    plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())
    seen = attention.observed(x, plan=plan)
    torch.testing.assert_close(seen.y, attention(x, plan=plan))
    assert (seen.weights[:, ~plan.allowed()] == 0).all()


def test_a_rotation_is_applied_to_queries_and_keys_but_not_to_values() -> None:
    turned = Attention(8, heads=2, rotate=lambda x, layout: x * 0.0)
    x = torch.randn(1, 4, 8)
    # Without queries and keys all scores are equal: everybody sees the mean of the values.
    assert torch.allclose(turned(x), turned(x)[:, :1].expand(-1, 4, -1), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SelfAttention(10, heads=3), "width 10 cannot be divided into 3 heads"),
        (lambda: SelfAttention(0), "width 0"),
        (lambda: SelfAttention(8)(torch.zeros(4, 8)), "need a plan"),
        (lambda: SelfAttention(8)(torch.zeros(8)), r"not a tensor of shape \(8,\)"),
        (lambda: SelfAttention(8)(torch.zeros(1, 2, 8), source=torch.zeros(1, 2, 8)), "use CrossAttention"),
        (lambda: CrossAttention(8)(torch.zeros(1, 2, 8)), "needs a source"),
    ],
)
def test_mistakes_are_explained(call: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()  # type: ignore[operator]


def test_candidates_look_at_the_history_of_their_own_user() -> None:
    attention = CrossAttention(8, heads=2)
    candidates, history = torch.randn(3, 8), torch.randn(5, 8)
    plan = AttentionPlan.of(
        torch.tensor([0, 2, 3]), mask=both_ways() & same_user(), source=torch.tensor([0, 3, 5])
    )
    together = attention(candidates, source=history, plan=plan)
    alone = attention(candidates[None, 2:], source=history[None, 3:])[0]
    torch.testing.assert_close(together[2:], alone)
