"""Influence is what the formula says, whatever the batches and blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain import influence as room
from regard.explain.influence import leave_one_out
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.memory import ItemMemory
from regard.models.scoring import EncoderScorer

V = 12


@dataclass
class Linear:
    """Scores of item to item, added over the history, so that influence is known by formula."""

    weight_VV: Tensor
    bias_V: Tensor = field(default_factory=lambda: torch.zeros(V))
    events: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)

    @property
    def num_items(self) -> int:
        return len(self.weight_VV)

    def query(self, batch: PackedBatch) -> Tensor:
        self.events.append(batch.num_events)
        row = torch.repeat_interleave(torch.arange(batch.num_users), batch.lengths)
        return torch.zeros(batch.num_users, V).index_add_(0, row, self.weight_VV[batch.item_T]) + self.bias_V

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        self.widths.append(stop - start)
        return query[:, start:stop]


def linear(seed: int = 0) -> Linear:
    return Linear(torch.randn(V, V, generator=torch.Generator().manual_seed(seed)))


def expected(scorer: Linear, items: list[int], item: int, known: np.ndarray) -> float:
    scores = scorer.weight_VV[items].sum(dim=0).double() + scorer.bias_V
    return float(scores[item] - scores[torch.from_numpy(known)].logsumexp(0))


@given(
    items=st.lists(st.integers(0, V - 1), min_size=1, max_size=9),
    item=st.integers(0, V - 1),
    unknown=st.sets(st.integers(0, V - 1)),
    batch_events=st.integers(1, 40),
    scores_at_once=st.integers(1, 60),
)
def test_influence_is_the_difference_of_two_log_probabilities(
    items: list[int], item: int, unknown: set[int], batch_events: int, scores_at_once: int
) -> None:
    scorer, known = linear(), np.array([v not in unknown or v == item for v in range(V)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "SCORES_AT_ONCE", scores_at_once)
        found = leave_one_out(scorer, Histories.of([items]), item, known_V=known, batch_events=batch_events)
    whole = expected(scorer, items, item, known)
    without = [expected(scorer, items[:e] + items[e + 1 :], item, known) for e in range(len(items))]
    assert found.log_probability == pytest.approx(whole, abs=1e-5)
    np.testing.assert_allclose(found.influence_E, whole - np.array(without), atol=1e-5)
    assert found.together == pytest.approx(whole - expected(scorer, [], item, known), abs=1e-5)
    assert max(scorer.events) <= max(batch_events, len(items))
    assert max(scorer.widths) <= scores_at_once


def test_an_event_that_raises_only_this_item_speaks_for_it_and_against_the_others() -> None:
    weight = torch.zeros(V, V)
    weight[3, 5] = 2.0
    scorer, history, known = Linear(weight), Histories.of([[0, 3, 1]]), np.ones(V, dtype=bool)
    own = leave_one_out(scorer, history, 5, known_V=known).influence_E
    other = leave_one_out(scorer, history, 6, known_V=known).influence_E
    assert own.tolist() == [0.0, pytest.approx(2 - np.log((V - 1 + np.e**2) / V)), 0.0]
    assert other.tolist() == [0.0, pytest.approx(-np.log((V - 1 + np.e**2) / V)), 0.0]


def test_two_events_that_say_the_same_cover_for_each_other() -> None:
    @dataclass
    class Either(Linear):
        def query(self, batch: PackedBatch) -> Tensor:
            return super().query(batch).clamp(max=2.0)

    weight = torch.zeros(V, V)
    weight[[3, 4], 5] = 2.0
    found = leave_one_out(Either(weight), Histories.of([[3, 4]]), 5, known_V=np.ones(V, dtype=bool))
    assert found.influence_E.tolist() == [0.0, 0.0]
    assert found.together > 1  # without both it shows


def test_the_only_event_is_compared_with_the_empty_history() -> None:
    scorer, known = linear(), np.ones(V, dtype=bool)
    found = leave_one_out(scorer, Histories.of([[2]]), 7, known_V=known)
    assert found.influence_E == pytest.approx(found.log_probability + np.log(V))


def test_an_item_that_is_impossible_with_and_without_an_event_is_not_influenced() -> None:
    scorer = linear()
    scorer.bias_V = torch.zeros(V).index_fill_(0, torch.tensor([4]), -torch.inf)
    found = leave_one_out(scorer, Histories.of([[1, 2]]), 4, known_V=np.ones(V, dtype=bool))
    assert found.log_probability == -np.inf
    assert found.influence_E.tolist() == [0.0, 0.0]


def test_an_item_that_only_one_event_makes_possible_hangs_on_it_alone() -> None:
    weight = torch.zeros(V, V)
    weight[:, 5] = -torch.inf
    weight[2, 5] = 0.0
    scorer = Linear(weight)
    found = leave_one_out(scorer, Histories.of([[2]]), 5, known_V=np.ones(V, dtype=bool))
    assert np.isfinite(found.log_probability)
    scorer.bias_V = torch.full((V,), 0.0)
    against = leave_one_out(scorer, Histories.of([[2, 3]]), 5, known_V=np.ones(V, dtype=bool))
    assert against.log_probability == -np.inf
    assert against.influence_E.tolist() == [0.0, -np.inf]


def test_fields_and_times_of_the_other_events_stay_with_them() -> None:
    @dataclass
    class Recorder(Linear):
        rows: list[list[tuple[int, int, float]]] = field(default_factory=list)

        def query(self, batch: PackedBatch) -> Tensor:
            columns = (batch.item_T.tolist(), batch.time_T.tolist(), batch.fields["weight"].tolist())
            events = list(zip(*columns, strict=True))
            ends = batch.offsets.tolist()
            self.rows += [events[a:b] for a, b in pairwise(ends)]
            return super().query(batch)

    # The history is the second of three rows of a longer log
    log = Histories(
        start=np.array([0, 2, 5]),
        stop=np.array([2, 5, 6]),
        item=np.arange(6, dtype=np.int32),
        time=np.arange(60, 66),
        fields={"weight": np.arange(6) / 2},
    )
    scorer = Recorder(torch.zeros(V, V))
    leave_one_out(scorer, log.take(slice(1, 2)), 0, known_V=np.ones(V, dtype=bool))
    a, b, c = [(2, 62, 1.0), (3, 63, 1.5), (4, 64, 2.0)]
    assert scorer.rows == [[a, b, c], [b, c], [a, c], [a, b], []]


def test_a_transformer_gives_the_same_alone_and_in_batches() -> None:
    torch.manual_seed(0)
    model = CausalModel(CausalConfig(width=16, heads=2, max_length=20), num_items=V).eval()
    torch.nn.init.normal_(model.items.weight)
    scorer, history, known = (
        EncoderScorer(model),
        Histories.of([[3, 1, 4, 1, 5, 9, 2, 6]]),
        np.ones(V, dtype=bool),
    )
    together = leave_one_out(scorer, history, 8, known_V=known)
    alone = leave_one_out(scorer, history, 8, known_V=known, batch_events=1)
    np.testing.assert_allclose(together.influence_E, alone.influence_E, atol=1e-5)
    items = history.items_of(0).tolist()
    query = scorer.query(PackedBatch.of(Histories.of([items, items[:2] + items[3:]])))
    whole, without = scorer.score(query, 0, V).log_softmax(dim=1)[:, 8].tolist()
    assert together.influence_E[2] == pytest.approx(whole - without, abs=1e-5)
    assert np.abs(together.influence_E).max() > 1e-3


@pytest.mark.parametrize("events", [1, 2, 25])
def test_the_short_way_measures_what_the_long_one_does(events: int) -> None:
    torch.manual_seed(1)
    network = CausalModel(CausalConfig(width=8, max_length=30, gaps=True), num_items=V).eval()
    memory = ItemMemory(
        item_C=torch.arange(V), neighbour_CK=torch.randint(0, V, (V, 3)), weight_CK=torch.randn(V, 3)
    )
    blend = Blend(weights=BlendWeights(memory=0.5, decay=0.9), trend_V=torch.zeros(V), memory=memory)
    history = Histories.of([np.random.default_rng(0).integers(0, V, events).tolist()])
    known = np.ones(V, dtype=np.bool_)
    for scorer in (EncoderScorer(network), BlendScorer(network, blend)):
        assert (scorer.query_without_each(PackedBatch.of(history)) is None) == (events == 1)
        short = leave_one_out(scorer, history, 3, known_V=known)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CausalModel, "encode_without_each", lambda *_: None)
            long = leave_one_out(scorer, history, 3, known_V=known)
        np.testing.assert_allclose(short.influence_E, long.influence_E, atol=1e-5)
        assert short.together == pytest.approx(long.together)
