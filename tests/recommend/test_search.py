"""Searching by rough scores gives what exact scores of the whole catalogue give, in items, scores and ties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.memory import ItemMemory
from regard.models.protocols import Rough
from regard.models.table import SearchTable
from regard.nn.heads import Catalogue
from regard.recommend.exact import top_k
from regard.recommend.filters import Allowed
from regard.recommend.search import search


@dataclass
class Dense:
    """A scorer whose scores are a matrix product."""

    table: SearchTable

    def rough(self, query: Tensor, start: int, stop: int) -> Rough | None:
        return self.table.rough(query, start, stop)

    def exact(self, query: Tensor, row_S: Tensor, item_S: Tensor) -> Tensor:
        return self.table.exact(query, row_S, item_S)


def _table(weight: Tensor, *, half: bool, bias: Tensor | None = None) -> SearchTable:
    catalogue = Catalogue(weight_PD=weight, bias_P=bias, size=len(weight))
    return SearchTable.of(catalogue, half_from=0 if half else 10**9)


def _whole(table: SearchTable, query: Tensor, allowed: Allowed, k: int) -> list[list[tuple[int, float]]]:
    """Rank every allowed item of every user by its exact score, then by its number."""
    hidden = allowed.apply(torch.zeros(len(query), table.size), start=0)
    lists = []
    for row in range(len(query)):
        items = torch.arange(table.size)
        scores = table.exact(query, torch.full((table.size,), row), items).tolist()
        order = sorted((i for i in range(table.size) if hidden[row, i] == 0), key=lambda i: (-scores[i], i))
        lists.append([(i, scores[i]) for i in order[:k]])
    return lists


def _found(
    table: SearchTable, query: Tensor, allowed: Allowed, k: int, block: int
) -> list[list[tuple[int, float]]]:
    ranked = search(
        Dense(table), query, num_items=table.size, users=len(query), k=k, allowed=allowed, block=block
    )
    assert ranked is not None
    return [
        [(i, s) for i, s in zip(items.tolist(), scores.tolist(), strict=True) if i >= 0]
        for items, scores in zip(ranked.item_UK, ranked.score_UK, strict=True)
    ]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_table_any_block_any_length(data: st.DataObject) -> None:
    draw = data.draw
    seed, items, users = draw(st.integers(0, 2**20)), draw(st.integers(1, 400)), draw(st.integers(1, 5))
    width, scale = draw(st.integers(1, 24)), draw(st.sampled_from([1e-30, 1e-3, 1.0, 1e6]))
    random = torch.Generator().manual_seed(seed)
    weight = torch.randn(items, width, generator=random) * scale
    if draw(st.booleans()):  # near ties and ties: few different vectors, some one bit apart
        weight = weight[torch.randint(0, max(1, items // 9), (items,), generator=random)]
        weight = torch.where(
            torch.rand(weight.shape, generator=random) < 0.1, weight.nextafter(weight * 2), weight
        )
    bias = torch.randn(items, generator=random) if draw(st.booleans()) else None
    query = torch.randn(users, width, generator=random) * draw(st.sampled_from([1e-3, 1.0, 50.0]))
    seen = Histories.of([torch.randint(0, items, (draw(st.integers(0, 30)),)).tolist() for _ in range(users)])
    allowed = Allowed(known_V=(torch.rand(items, generator=random) < 0.9).numpy()).without_seen(seen)
    table = _table(weight, half=draw(st.booleans()), bias=bias)
    k, block = draw(st.integers(1, 60)), draw(st.integers(1, 450))
    assert _found(table, query, allowed, k, block) == _whole(table, query, allowed, k)


@pytest.mark.parametrize("half", [True, False])
def test_scores_that_bfloat16_cannot_tell_apart_come_in_their_exact_order(half: bool) -> None:
    base = torch.randn(1, 32, generator=torch.Generator().manual_seed(0))
    weight = base.repeat(3_000, 1)
    weight[:, 0] += torch.arange(3_000) * 1e-6  # far below a unit in the last place of bfloat16
    query = torch.cat([base, -base, torch.zeros_like(base)])
    table, allowed = _table(weight, half=half), Allowed(known_V=np.ones(3_000, dtype=bool))
    assert _found(table, query, allowed, 10, 512) == _whole(table, query, allowed, 10)


@pytest.mark.parametrize("half", [True, False])
def test_a_rough_score_is_never_further_off_than_its_bound(half: bool) -> None:
    random = torch.Generator().manual_seed(1)
    weight = torch.randn(9_000, 128, generator=random) * torch.rand(9_000, 1, generator=random)
    query = torch.randn(7, 128, generator=random) * 30
    table = _table(weight, half=half)
    rough = table.rough(query, 4_000, 9_000)
    assert rough is not None
    exact = query.double() @ weight[4_000:].double().T
    assert bool(((rough.scores_BU.T - exact).abs() <= rough.slack_U[:, None]).all())


def test_a_score_is_the_same_bits_alone_and_among_others() -> None:
    random = torch.Generator().manual_seed(2)
    table = _table(torch.randn(5_000, 100, generator=random), half=False)
    query = torch.randn(40, 100, generator=random)
    allowed = Allowed(known_V=np.ones(5_000, dtype=bool))
    sizes = {"num_items": 5_000, "k": 20, "allowed": allowed}
    together = search(Dense(table), query, users=40, block=700, **sizes)
    assert together is not None
    for row in range(0, 40, 7):
        alone = search(Dense(table), query[row : row + 1], users=1, block=5_000, **sizes)
        assert alone is not None
        assert np.array_equal(alone.item_UK[0], together.item_UK[row])
        assert np.array_equal(alone.score_UK[0], together.score_UK[row])


def test_what_has_no_bound_is_left_to_the_float32_path() -> None:
    table = _table(torch.full((10, 4), torch.inf), half=False)
    allowed = Allowed(known_V=np.ones(10, dtype=bool))
    assert (
        search(Dense(table), torch.ones(1, 4), num_items=10, users=1, k=3, allowed=allowed, block=10) is None
    )


@pytest.mark.parametrize("covered", [120, 50])
def test_a_blend_is_searched_as_it_is_scored(covered: int) -> None:
    torch.manual_seed(3)
    model = CausalModel(CausalConfig(width=16), num_items=120).eval()
    memory = ItemMemory(
        item_C=torch.randperm(120)[:covered].sort().values,
        neighbour_CK=torch.randint(0, covered, (covered, 6)),
        weight_CK=torch.randn(covered, 6),
    )
    weights = BlendWeights(model=0.7, memory=1.5, trend=0.3)
    scorer = BlendScorer(model, Blend(weights=weights, trend_V=torch.rand(120), memory=memory))
    histories = Histories.of([[1, 2, 3], [50, 4], [], [119]])
    batch = PackedBatch.of(histories)
    allowed = Allowed(known_V=np.arange(120) != 60).without_seen(histories)
    with torch.inference_mode():
        ranked = top_k(scorer, batch, k=15, allowed=allowed, block=37)
        plain = allowed.apply(scorer.score(scorer.query(batch), 0, 120), start=0)
    for row in range(4):
        best = torch.topk(plain[row], 15)
        assert ranked.item_UK[row].tolist() == best.indices.tolist()
        np.testing.assert_allclose(ranked.score_UK[row], best.values.numpy(), rtol=2e-5, atol=1e-6)


def test_few_users_get_what_they_get_among_many() -> None:
    random = torch.Generator().manual_seed(5)
    table = _table(torch.randn(900, 16, generator=random), half=False)
    query = torch.randn(9, 16, generator=random)
    sizes = {"num_items": 900, "k": 7, "allowed": Allowed(known_V=np.ones(900, dtype=bool)), "block": 900}
    many = search(Dense(table), query, users=9, **sizes)
    few = search(Dense(table), query[:2], users=2, **sizes)
    assert many is not None
    assert few is not None
    assert np.array_equal(few.item_UK, many.item_UK[:2])
    assert np.array_equal(few.score_UK, many.score_UK[:2])


def test_a_catalogue_of_ties_is_searched_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regard.recommend.search._WAITING", 100)
    monkeypatch.setattr("regard.recommend.search._BLOCK", 64)
    monkeypatch.setattr("regard.recommend.search._SCORES", 64)
    table = _table(torch.ones(1_000, 4), half=True)
    ranked = search(
        Dense(table),
        torch.zeros(6, 4),
        num_items=1_000,
        users=6,
        k=5,
        allowed=Allowed(known_V=np.ones(1_000, dtype=bool)),
        block=1_000,
    )
    assert ranked is not None
    assert ranked.item_UK.tolist() == [[0, 1, 2, 3, 4]] * 6
