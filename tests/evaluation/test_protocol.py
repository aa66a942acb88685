"""The protocol: every query, the whole catalogue, values kept user by user."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from regard.data.histories import Histories
from regard.data.split import Queries, SplitSpec, hold_out
from regard.data.target import Targets
from regard.errors import ConfigError, SplitError
from regard.evaluation.popularity import Popularity
from regard.evaluation.protocol import EvaluateOptions, evaluate
from regard.models.protocols import Ranked


@dataclass
class Always:
    """Gives every user the same list, and notes what it was asked."""

    items: list[int]
    asked: list

    def rank(self, histories: Histories, *, k: int, exclude_seen: bool = True) -> Ranked:
        self.asked.append((len(histories), k, exclude_seen))
        row = np.array((self.items + [-1] * k)[:k])
        item = np.tile(row, (len(histories), 1))
        return Ranked(item_UK=item, score_UK=np.where(item < 0, -np.inf, 0).astype(np.float32))


def _queries(histories: list[list[int]], target: list[int]) -> Queries:
    return Queries(
        user=np.arange(len(target), dtype=np.int32),
        histories=Histories.of(histories),
        target=np.array(target, dtype=np.int32),
        target_time=np.zeros(len(target), dtype=np.int64),
    )


@pytest.fixture
def train(make_dataset):
    return make_dataset([[0, 1, 2], [0, 1], [0]], items=5)


def test_metrics_by_hand(train):
    queries = _queries([[2], [1, 1], [0, 1, 2]], target=[0, 1, 4])
    ranker = Always([0, 1, 2], [])
    result = evaluate(ranker, queries, train=train, name="always")
    assert ranker.asked == [(3, 20, True)]
    assert result.num_users == 3
    assert result.metric("recall@5").value == pytest.approx(2 / 3)
    assert result.main.value == result.metric("ndcg@10").value == pytest.approx((1 + 1 / np.log2(3)) / 3)
    assert result.metric("mrr@20").value == pytest.approx((1 + 0.5) / 3)
    assert result.metric("precision@20").value == pytest.approx(2 / 3 / 20)
    assert result.per_user["recall@10"].to_list() == [1, 1, 0]
    assert result.beyond.coverage == 1.0
    assert result.unseen_targets == 1
    assert result.repeated_targets == 1
    assert result.seconds_per_1000_users > 0


def test_every_mean_lies_in_its_interval_and_slices_divide_the_users(ml100k, serve):
    holdout = hold_out(ml100k, SplitSpec())
    ranker = serve(Popularity.fit(holdout.train), holdout.train)
    result = evaluate(ranker, holdout.queries, train=holdout.train, name="Popularity")
    assert len(result.metrics) == 15
    for metric in result.metrics:
        assert metric.mean.low <= metric.mean.value <= metric.mean.high
    for by in ("history length", "target popularity"):
        parts = [part for part in result.slices if part.by == by]
        assert sum(part.users for part in parts) == 90
        weighted = sum(part.users * part.ndcg.value for part in parts) / 90
        assert weighted == pytest.approx(result.main.value)
    unseen = next(part for part in result.slices if part.by == "target popularity" and part.label == "0")
    assert unseen.users == result.unseen_targets == 12
    assert unseen.recall.value == 0.0


def test_the_result_is_the_same_twice_but_for_the_clock(train):
    queries = _queries([[2], [1]], target=[0, 1])
    first, second = (evaluate(Always([0, 1], []), queries, train=train, name="a").to_json() for _ in "ab")
    first.pop("seconds_per_1000_users")
    second.pop("seconds_per_1000_users")
    assert json.loads(json.dumps(first)) == json.loads(json.dumps(second))


def test_options_reach_the_ranker(train):
    ranker = Always([0], [])
    options = EvaluateOptions(ks=(3,), main_k=3, exclude_seen=False)
    result = evaluate(ranker, _queries([[0]], target=[0]), train=train, name="a", options=options)
    assert ranker.asked == [(1, 3, False)]
    assert options.main_metric == "ndcg@3"
    assert result.main.value == 1.0


def test_no_queries_are_an_error(train):
    with pytest.raises(SplitError, match="no queries"):
        evaluate(Always([0], []), _queries([], target=[]), train=train, name="a")


@pytest.mark.parametrize("settings", [{"ks": (0, 10)}, {"ks": ()}, {"ks": (5,)}, {"confidence": 1.0}])
def test_options_that_make_no_sense_are_refused(settings):
    with pytest.raises(ConfigError):
        EvaluateOptions(**settings)


def test_a_target_that_was_only_viewed_is_no_repeated_one(train):
    queries = _queries([[0, 1], [1, 0]], target=[0, 0])
    kinds = {"event_type": np.array([0, 0, 0, 1], dtype=np.int32)}  # the second has bought what is asked for
    targets = Targets(
        names=("buy",), weight_Y1=np.array([0.0, 1.0, 0.0]), seen_Y1=np.array([False, True, True])
    )
    typed = replace(queries, histories=replace(queries.histories, fields=kinds), targets=targets)
    counts = [
        evaluate(Always([0], []), asked, train=train, name="a").repeated_targets for asked in (queries, typed)
    ]
    assert counts == [2, 1]
