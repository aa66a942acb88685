"""Gaps between events become classes on a logarithmic scale; what is not known has a class of its own."""

from __future__ import annotations

import torch

from regard.nn.gaps import GapEmbedding, gap_class

SECOND = 1_000_000


def test_longer_gaps_have_higher_classes() -> None:
    gaps = torch.tensor([0, 1, 10, 100, 3600, 86_400, 10**9]) * SECOND
    classes = gap_class(gaps).tolist()
    assert classes == sorted(set(classes))
    assert classes[0] == 1


def test_a_gap_that_is_not_known_is_the_class_zero() -> None:
    assert gap_class(torch.tensor([-1, -(2**62)])).tolist() == [0, 0]


def test_the_longest_gaps_share_the_last_class() -> None:
    assert gap_class(torch.tensor([2**62, 2**63 - 1])).tolist() == [64, 64]


def test_training_hides_some_gaps_and_evaluation_none() -> None:
    embedding = GapEmbedding(4, hidden=0.5)
    gaps = torch.full((1000,), SECOND)
    unknown = embedding(torch.tensor([-1]))
    hidden = (embedding(gaps) == unknown).all(1).float().mean()
    assert 0.4 < hidden < 0.6
    embedding.eval()
    assert not (embedding(gaps) == unknown).all(1).any()
