"""Interest: what both weightings promise, on histories that are known."""

from __future__ import annotations

import pytest
import torch

from regard.nn.interest import Interest
from regard.nn.plan import Layout

WIDTH = 8


@pytest.fixture(params=["cross", "din"])
def interest(request: pytest.FixtureRequest) -> Interest:
    torch.manual_seed(0)
    return Interest(WIDTH, kind=request.param, heads=2)


def pooled(interest: Interest, x: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return interest(q, interest.look(x, x, Layout.of(torch.tensor([0, len(x)]))))


def test_padding_has_no_weight(interest: Interest) -> None:
    x, q = torch.randn(5, WIDTH), torch.randn(2, 1, WIDTH)
    both = interest(q, interest.look(x, x, Layout.of(torch.tensor([0, 2, 5]))))
    torch.testing.assert_close(both[:1], pooled(interest, x[:2], q[:1]))
    torch.testing.assert_close(both[1:], pooled(interest, x[2:], q[1:]))


def test_the_order_of_events_is_nothing_to_it(interest: Interest) -> None:
    x, q = torch.randn(5, WIDTH), torch.randn(1, 3, WIDTH)
    torch.testing.assert_close(pooled(interest, x, q), pooled(interest, x.flip(0), q))


def test_an_empty_history_gives_every_candidate_the_same(interest: Interest) -> None:
    y = pooled(interest, torch.empty(0, WIDTH), torch.randn(1, 3, WIDTH))
    torch.testing.assert_close(y, interest.out.bias.expand(1, 3, -1))


def test_many_events_that_matter_weigh_more_than_one_with_din_and_less_than_that_with_cross() -> None:
    q = torch.randn(1, 1, WIDTH)
    grown = {}
    for kind in ("cross", "din"):
        torch.manual_seed(1)
        interest = Interest(WIDTH, kind=kind, heads=1)
        x = q[0]
        with torch.no_grad():
            interest.key_level.bias.fill_(1.0)
            one, sixteen = (pooled(interest, x.repeat(n, 1), q) - interest.out.bias for n in (1, 16))
        grown[kind] = float(sixteen.norm() / one.norm().clamp(min=1e-9))
    assert grown["din"] == pytest.approx(4.0, rel=1e-3)  # the root of 16
    assert 1.0 < grown["cross"] < 4.0  # what has no event loses its weight


def test_gradients_reach_all_its_weights(interest: Interest) -> None:
    pooled(interest, torch.randn(5, WIDTH), torch.randn(1, 3, WIDTH)).square().sum().backward()
    for name, parameter in interest.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_of_ten_thousand_events_a_candidate_looks_at_the_nearest_alone_and_at_no_other_candidate(
    interest: Interest,
) -> None:
    torch.manual_seed(1)
    item, q = torch.randn(10_000, WIDTH), torch.randn(1, 3, WIDTH)
    interest.select = 64
    together = pooled(interest, item, q)
    for place in range(3):
        alone = q[:, place : place + 1]
        near = item[(item @ alone[0, 0]).topk(64).indices]
        torch.testing.assert_close(pooled(interest, item, alone), together[:, place : place + 1])
        torch.testing.assert_close(pooled(interest, near, alone), together[:, place : place + 1])
