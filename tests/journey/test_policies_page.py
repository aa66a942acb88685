"""The examples of docs/policies.md are policies that can be used."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.data.dataset import Dataset
from regard.data.fields import Field
from regard.data.prepare import prepare
from regard.models.protocols import Ranked
from regard.recommend.filters import Allowed
from regard.recommend.policy import RULES, Policy
from regard.recommend.rerank import rerank
from regard.recommend.rules.context import Context

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]


def shop() -> Dataset:
    """Twelve items with the columns that the page speaks of; one user had the first three."""
    ids = [f"B{number:05}" for number in range(120, 132)]
    items = pl.DataFrame(
        {
            "item_id": ids,
            "brand": ["Acme", "Dove", "Dove", "Nivea"] * 3,
            "genres": ["Drama", "Drama|War", "Comedy", None] * 3,
            "released": [dt.date(2024, 1, 1 + place) for place in range(12)],
        }
    )
    users, had = ["ann"] * 3 + ["bob"] * 12, ids[:3] + ids
    times = [dt.datetime(2024, 2, 1, hour) for hour in range(15)]
    return prepare({"user_id": users, "item_id": had, "timestamp": times}, items=items).dataset


def test_every_rule_has_an_example_and_a_heading() -> None:
    shown = {rule["rule"] for example in EXAMPLES for rule in example["rules"]}
    assert shown == set(RULES)
    assert re.findall(r"^\*\*(\w+)\*\*:", PAGE, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["rules"][0]["rule"])
def test_an_example_can_be_used(example: dict[str, object]) -> None:
    policy, dataset = Policy.parse(example), shop()
    assert Policy.parse(policy.document()) == policy
    fields = [Field(name="genres", kind="set", separator="|")]
    context = Context.of(dataset, vectors_VD=np.random.default_rng(0).normal(size=(12, 3)), fields=fields)
    policy.check(context)
    candidates = Ranked(
        item_UK=np.arange(3, 12, dtype=np.int32)[None], score_UK=-np.arange(9, dtype=np.float32)[None]
    )
    done = rerank(
        candidates,
        k=4,
        policy=policy,
        context=context,
        histories=dataset.histories.take(slice(0, 1)),
        allowed=Allowed(known_V=np.ones(12, dtype=np.bool_)),
    )
    assert (done.ranked.item_UK[0] >= 0).all()
    assert done.unmet.is_empty()
    assert {move["rule"] for move in done.moves.to_dicts()} <= {rule.label for rule in policy.rules}


def test_the_program_and_the_page_agree_on_names() -> None:
    from regard.model import Model
    from regard.recommend.reranked import PolicyAnswer, PolicyRequest

    assert "model.recommend_with(" in PAGE
    assert callable(Model.recommend_with)
    assert {*re.findall(r"^answer\.(\w+)", PAGE, re.MULTILINE)} == set(PolicyAnswer.__dataclass_fields__)
    assert PolicyRequest().candidates == 200
