"""Methods are measured against each other and against controls, on a model whose causes are known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.explain.questions import Linear, V, blended, linear, recommender_of

from regard.data.histories import Histories
from regard.errors import ConfigError
from regard.explain.curves import BETTER
from regard.explain.faithfulness import FaithfulnessConfig, measure_explanations, questions_of
from regard.explain.faithfulness_report import FaithfulnessReport
from regard.explain.methods.book import CONTROLS


def histories(count: int = 30) -> Histories:
    rng = np.random.default_rng(0)
    return Histories.of(
        [rng.permutation(V)[: rng.integers(1, 7)].tolist() for _ in range(count)],
    )


@pytest.fixture(scope="module")
def report() -> FaithfulnessReport:
    weight = torch.randn(V, V, generator=torch.Generator().manual_seed(0)) * 2
    config = FaithfulnessConfig(users=25, k=3, methods=("leave one out", "one by one"), stability_users=5)
    return measure_explanations(recommender_of(Linear(weight)), histories(), config)


def test_removal_beats_a_random_order_in_every_measure(report: FaithfulnessReport) -> None:
    own, control = report.method("leave one out").measures, report.method("random order").measures
    for name, way in BETTER.items():
        better = own[name].value < control[name].value
        assert better == (way == "lower"), name


def test_controls_stand_in_every_report_that_they_fit(report: FaithfulnessReport) -> None:
    assert [one.name for one in report.methods] == [
        "leave one out", "one by one", "latest first", "random order",
    ]  # fmt: skip
    every = measure_explanations(
        recommender_of(blended()), histories(), FaithfulnessConfig(users=2, methods=("screened",))
    )
    assert {one.name for one in every.methods} == {"screened", *CONTROLS}


def test_counterfactuals_are_counted_and_checked(report: FaithfulnessReport) -> None:
    assert [(one.name, one.k) for one in report.searches] == [
        ("greedy", 1), ("beam", 1), ("greedy", 3), ("beam", 3),
    ]  # fmt: skip
    for one in report.searches:
        assert one.users == 25
        assert one.verified == round(one.found.value * 25)
        assert one.size is None or 1 <= one.size <= 5
    assert report.searches[0].found.value > 0.8


def test_ties_are_shuffled_only_where_there_are_some() -> None:
    config = FaithfulnessConfig(users=4, methods=("leave one out",), counterfactual_users=0)
    free = measure_explanations(recommender_of(linear()), histories(), config)
    assert "tie_agreement" not in free.method("leave one out").measures
    tied = replace(histories(), time=np.zeros(histories().num_events, dtype=np.int64))
    found = measure_explanations(recommender_of(linear()), tied, config)
    # Sums do not know the order of their terms
    assert found.method("leave one out").measures["tie_agreement"].value > 0.99
    assert found.method("latest first").measures["tie_first"].value < 1


def test_a_report_is_json_and_tables(report: FaithfulnessReport) -> None:
    document = report.to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert len(report.tables()) == 2
    assert report.per_user.height == 25 * 4


def test_the_same_seed_asks_about_the_same_users() -> None:
    recommender = recommender_of(linear())
    one, two, other = (
        [q.history.items_of(0).tolist() for q in questions_of(recommender, histories(), config)]
        for config in (
            FaithfulnessConfig(users=5),
            FaithfulnessConfig(users=5),
            FaithfulnessConfig(users=5, seed=1),
        )
    )
    assert one == two != other
    short = questions_of(recommender, histories(), FaithfulnessConfig(users=5, longest=2))
    assert max(question.length for question in short) == 2


def test_users_of_whom_nothing_can_be_read_are_refused() -> None:
    with pytest.raises(ConfigError, match="no history has an event"):
        measure_explanations(recommender_of(linear()), Histories.of([[], []]))
