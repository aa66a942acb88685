"""Laws of a ranker: candidates are isolated, histories are alone as in a batch, nothing is infinite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.data.columns import Bags, Codes, Numbers
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.context import ContextConfig, ContextSpec
from regard.models.items import ItemFeatures
from regard.models.protocols import Candidates
from regard.models.ranker import Ranker, RankerConfig, RankerSpec
from regard.nn.plan import Layout

ITEMS, USERS = 40, 5
HOUR = 3_600 * 1_000_000
LENGTHS = (7, 0, 1, 12)
SHOWN = [[3, 9, 3, 39], [1], [-1, 5], [8, 7, 6]]


def features() -> ItemFeatures:
    draw = np.random.default_rng(0)
    return ItemFeatures(
        columns={
            "brand": Codes(code_R=draw.integers(0, 6, ITEMS).astype(np.int32), size=6),
            "genres": Bags(
                offset_R1=np.arange(ITEMS + 1) * 2,
                code_J=np.tile([1, 3], ITEMS).astype(np.int32),
                size=4,
            ),
            "price": Numbers(
                value_R=draw.random(ITEMS).astype(np.float32), edge_B1=np.array([0, 0.5, 1], dtype=np.float32)
            ),
        },
        trained_V=draw.random(ITEMS) < 0.8,
    )


def ranker(*, attention: str = "cross", blocks: int = 0, select: int = 256, described: bool = True) -> Ranker:
    torch.manual_seed(0)
    config = RankerConfig(
        width=16,
        attention=attention,
        blocks=blocks,
        select=select,
        max_length=20,
        context=ContextConfig(calendar=True),
    )
    known = features()
    spec = RankerSpec(
        actions=("click", "purchase"),
        items=known if described else ItemFeatures(trained_V=known.trained_V),
        users=ItemFeatures(trained_V=np.ones(USERS, dtype=bool)),
        events=ContextSpec(categories={"outcome": np.array([1, 2, 0])}),
        request={"device": Codes(code_R=np.zeros(1, dtype=np.int32), size=4)},
    )
    made = Ranker(config, spec)
    with torch.no_grad():  # all inputs speak loudly, so that the laws see them
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return made.eval()


def histories() -> Histories:
    draw, total = np.random.default_rng(1), sum(LENGTHS)
    stop = np.cumsum(LENGTHS)
    return Histories(
        start=stop - LENGTHS,
        stop=stop,
        item=draw.integers(0, ITEMS, total).astype(np.int32),
        time=np.arange(total) * HOUR,
        fields={"outcome": draw.integers(-1, 2, total).astype(np.int32)},
        asked=np.full(len(LENGTHS), 100 * HOUR),
        user=np.array([0, 1, -1, 4]),
    )


def candidates(shown: list[list[int]]) -> Candidates:
    made = Candidates.of(shown)
    device = (made.item_K.numpy() % 4).astype(np.int32)
    return replace(made, fields={"device": Codes(code_R=device, size=4)})


def logits(model: Ranker, rows: list[int], shown: list[list[int]]) -> Tensor:
    with torch.no_grad():
        return model(PackedBatch.of(histories().take(np.array(rows))), candidates(shown))


EVERY = pytest.mark.parametrize(
    "made",
    [
        {"attention": "cross"},
        {"attention": "din"},
        {"attention": "cross", "blocks": 1},
        {"attention": "cross", "select": 3},
        {"attention": "din", "select": 3, "blocks": 2},
        {"attention": "din", "described": False},
    ],
    ids=str,
)


@EVERY
def test_a_score_does_not_depend_on_the_other_candidates(made: dict[str, object]) -> None:
    model = ranker(**made)
    together = logits(model, [0], [SHOWN[0]])
    for place, item in enumerate(SHOWN[0]):
        torch.testing.assert_close(logits(model, [0], [[item]])[0], together[place], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together[0], together[2], rtol=1e-5, atol=1e-5)


@EVERY
def test_a_score_does_not_depend_on_the_other_histories_of_the_batch(made: dict[str, object]) -> None:
    model = ranker(**made)
    together = logits(model, [0, 1, 2, 3], SHOWN).split([len(row) for row in SHOWN])
    for row, shown in enumerate(SHOWN):
        torch.testing.assert_close(logits(model, [row], [shown]), together[row], rtol=1e-4, atol=1e-5)


@EVERY
def test_scores_differ_by_item_and_by_history_and_are_finite(made: dict[str, object]) -> None:
    model = ranker(**made)
    every = logits(model, [0, 1, 2, 3], [[1, 2]] * 4)
    assert every.shape == (8, 2)
    assert every.isfinite().all()
    assert len(every[:, 0].unique()) == 8


@pytest.mark.parametrize("attention", ["cross", "din"])
def test_nothing_but_empty_histories_is_finite_with_finite_gradients(attention: str) -> None:
    model = ranker(attention=attention, blocks=1)
    empty = PackedBatch.of(histories().take(np.array([1, 1])))
    total = model(empty, candidates([[1, -1], [2]])).sum()
    total.backward()
    assert total.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("attention", ["cross", "din"])
def test_selecting_as_many_events_as_there_are_changes_nothing(attention: str) -> None:
    whole, some = ranker(attention=attention), ranker(attention=attention, select=11)
    everything = logits(whole, [3], [SHOWN[3]])
    # The history of 12 events is longer than 11, so that the second path is taken, and one event is lost.
    assert not torch.allclose(everything, logits(some, [3], [SHOWN[3]]), atol=1e-6)
    some.interest.select = 12
    torch.testing.assert_close(logits(some, [3], [SHOWN[3]]), everything)


@pytest.mark.parametrize("attention", ["cross", "din"])
def test_a_selected_history_gives_what_these_events_alone_would_give(attention: str) -> None:
    model = ranker(attention=attention, select=4).interest
    torch.manual_seed(1)
    x, item, q = torch.randn(9, 16), torch.randn(9, 16), torch.randn(1, 1, 16)
    near = (item @ q[0, 0]).topk(4).indices
    whole = model(q, model.look(x, item, Layout.of(torch.tensor([0, 9]))))
    alone = model(q, model.look(x[near], item[near], Layout.of(torch.tensor([0, 4]))))
    torch.testing.assert_close(whole, alone, rtol=1e-4, atol=1e-5)


def test_an_item_that_training_did_not_have_is_read_as_unknown() -> None:
    model = ranker(described=False)
    unseen = int(np.flatnonzero(~features().trained_V)[0])
    made = candidates([[unseen, -1]])
    made = replace(made, fields={"device": Codes(code_R=np.array([1, 1], dtype=np.int32), size=4)})
    with torch.no_grad():
        one, two = model(PackedBatch.of(histories().take(np.array([0]))), made)
    torch.testing.assert_close(one, two)
