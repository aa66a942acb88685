"""Which items may be recommended: a conjunction, applied block by block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from regard.data.histories import Histories
from regard.data.target import Targets
from regard.recommend.filters import Allowed


def _mask(*items: int, size: int = 6) -> np.ndarray:
    return np.isin(np.arange(size), items)


def _left(allowed: Allowed, users: int = 1) -> list[list[int]]:
    kept = allowed.apply(torch.zeros(users, 6), start=0)
    return [torch.nonzero(row == 0).flatten().tolist() for row in kept]


def test_wishes_are_combined():
    allowed = Allowed(known_V=_mask(0, 1, 2, 3), only_V=_mask(1, 2, 3, 4), exclude_V=_mask(2))
    assert _left(allowed) == [[1, 3]]
    assert _left(allowed.without_seen(Histories.of([[3, 3, 5]]))) == [[1]]


def test_each_user_loses_what_that_user_has_seen():
    allowed = Allowed(known_V=_mask(0, 1, 2)).without_seen(Histories.of([[0, 1], [], [2, 0, 2]]))
    assert _left(allowed, users=3) == [[2], [0, 1, 2], [1]]


def test_blocks_give_the_same_as_the_whole():
    rng = np.random.default_rng(0)
    histories = Histories.of([rng.integers(0, 100, size=n).tolist() for n in (0, 5, 80)])
    allowed = Allowed(known_V=rng.random(100) < 0.8).without_seen(histories)
    scores = torch.randn(3, 100)
    whole = allowed.apply(scores, start=0)
    parts = [allowed.apply(scores[:, start : start + 7], start=start) for start in range(0, 100, 7)]
    assert torch.equal(torch.cat(parts, dim=1), whole)


def test_a_score_that_is_not_a_number_is_not_allowed():
    kept = Allowed(known_V=_mask(0, 1, size=2)).apply(torch.tensor([[float("nan"), 1.0]]), start=0)
    assert kept.tolist() == [[-np.inf, 1.0]]


def test_only_events_of_chosen_types_make_an_item_seen():
    histories = replace(Histories.of([[0, 1], [2]]), fields={"event_type": np.array([0, 1, -1])})
    targets = Targets(
        names=("buy",), weight_Y1=np.array([0.0, 1.0, 0.0]), seen_Y1=np.array([False, True, True])
    )
    allowed = Allowed(known_V=_mask(0, 1, 2))
    assert _left(allowed.without_seen(histories, targets), users=2) == [[0, 2], [0, 1]]
    bare = replace(histories, fields={})
    assert _left(allowed.without_seen(bare, targets), users=2) == [[2], [0, 1]]
