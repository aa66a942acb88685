"""A pipeline is judged as one system: what is handed over, by whom, and the lists beside retrieval alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from regard.evaluation.stages import Stages
from regard.pipeline import Pipeline


@pytest.fixture(scope="module")
def stages(pipeline: Pipeline) -> Stages:
    return pipeline.evaluate_stages()


def test_the_hand_over_bounds_the_lists(stages: Stages) -> None:
    assert stages.pipeline.metric("recall@20").value <= stages.handed_over.value + 1e-9
    assert max(stages.by_source.values()) <= stages.handed_over.value
    assert sum(stages.only_by_source.values()) <= stages.handed_over.value
    assert stages.candidates >= 20


def test_the_lists_are_those_that_are_served(stages: Stages, pipeline: Pipeline) -> None:
    report = pipeline.evaluate(baselines=False)
    assert [one.name for one in report.evaluations] == ["two-stage", "retrieval alone"]
    assert stages.pipeline.per_user.equals(report.evaluations[0].per_user)
    assert stages.retrieval.per_user.equals(report.evaluations[1].per_user)
    assert np.isclose(stages.change.value, stages.pipeline.main.value - stages.retrieval.main.value)


def test_it_says_so_in_sentences_and_in_json(stages: Stages) -> None:
    said = stages.sentences()
    assert [sentence.split(":")[0] for sentence in said] == [
        "hand-over",
        "NDCG@10",
        "coverage",
        "diversity of lists",
    ]
    assert all(0 <= value <= 2 for value in stages.diversity.values() if value is not None)
    assert json.loads(json.dumps(stages.to_json()))["by_source"] == dict(stages.by_source)
