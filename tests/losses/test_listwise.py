"""The loss of lists is cross entropy over a request, and a sample of it estimates that over all items."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from regard.losses.listwise import listwise_loss


def test_it_is_the_cross_entropy_of_each_request() -> None:
    torch.manual_seed(0)
    logits, offsets = torch.randn(7, 1, dtype=torch.float64, requires_grad=True), torch.tensor([0, 3, 7])
    labels = torch.zeros(7, 1)
    labels[[1, 6]] = 1
    loss = listwise_loss(logits, labels, offsets)
    wanted = F.cross_entropy(logits[None, :3, 0], torch.tensor([1])) + F.cross_entropy(
        logits[None, 3:, 0], torch.tensor([3])
    )
    assert loss.count == 2
    torch.testing.assert_close(loss.total, wanted)
    assert torch.autograd.gradcheck(lambda x: listwise_loss(x, labels.double(), offsets).total, logits)


def test_large_logits_and_requests_without_a_label_stay_finite() -> None:
    logits = torch.tensor([[1e4], [-1e4], [3.0]])
    loss = listwise_loss(logits, torch.tensor([[1.0], [0.0], [0.0]]), torch.tensor([0, 2, 3]))
    assert float(loss.total) == 0.0
    assert loss.count == 1


def test_a_sample_stands_for_all_items() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(201, 1, generator=draw)
    labels = torch.zeros(201, 1)
    labels[0] = 1
    whole = float(listwise_loss(logits, labels, torch.tensor([0, 201])).total)
    sums = []
    for _ in range(400):
        some = torch.cat([torch.zeros(1, dtype=torch.int64), 1 + torch.randperm(200, generator=draw)[:50]])
        drawn = torch.full((51,), 50 / 200)
        drawn[0] = 1.0
        loss = listwise_loss(logits[some], labels[some], torch.tensor([0, 51]), drawn)
        sums.append(float(loss.total.exp()))
    assert abs(sum(sums) / len(sums) / float(torch.tensor(whole).exp()) - 1) < 0.02
