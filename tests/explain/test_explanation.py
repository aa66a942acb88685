"""One item explained for one user, in the caller's ids."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.vocab import Vocab
from regard.errors import ConfigError, UnknownIdError
from regard.explain.explanation import explain
from regard.explain.weights import LABEL
from regard.models.causal import CausalConfig, CausalModel
from regard.models.scoring import EncoderScorer
from regard.recommend.recommender import Recommender

ITEMS = ["alien", "amelie", "blade", "brazil", "chef", "dune"]
TITLES = pl.Series("title", ["Alien", "Amélie", "Blade Runner", "Brazil", "Chef", "Dune"])
ALIEN, AMELIE, BLADE, BRAZIL, CHEF, DUNE = range(6)


@dataclass
class Causes:
    """Scores of item to item, added over the history: the cause of each score is known."""

    weight_VV: Tensor

    @property
    def num_items(self) -> int:
        return len(self.weight_VV)

    def query(self, batch: PackedBatch) -> Tensor:
        row = torch.repeat_interleave(torch.arange(batch.num_users), batch.lengths)
        return torch.zeros(batch.num_users, self.num_items).index_add_(0, row, self.weight_VV[batch.item_T])

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        return query[:, start:stop]


@pytest.fixture
def recommender() -> Recommender:
    weight = torch.zeros(6, 6)
    weight[ALIEN, BLADE] = 3.0
    weight[BRAZIL, BLADE] = 1.0
    weight[AMELIE, BLADE] = -1.0
    return Recommender(
        scorer=Causes(weight),
        users=Vocab.of(["ann", "bob", "carla"]),
        items=Vocab.of(ITEMS),
        histories=Histories.of(
            [[ALIEN, AMELIE, BRAZIL, DUNE], [CHEF], []],
            [[10**15 + n for n in range(4)], [0], []],
        ),
        known_V=np.array([True, True, True, True, True, False]),
        popularity_V=np.array([5, 4, 3, 2, 1, 0]),
    )


def test_the_events_come_with_their_influence_the_strongest_first(recommender: Recommender) -> None:
    found = explain(recommender, user="ann", item="blade", titles=TITLES, verb="watched")
    assert (found.item_id, found.title) == ("blade", "Blade Runner")
    assert found.events["item_id"].to_list() == ["alien", "brazil", "amelie"]
    assert found.events["title"].to_list() == ["Alien", "Brazil", "Amélie"]
    assert found.events["position"].to_list() == [0, 2, 1]
    assert found.events["time"].dt.epoch("us").to_list() == [10**15, 10**15 + 2, 10**15 + 1]
    assert found.text == "because you watched Alien and Brazil"
    assert found.log_probability == pytest.approx(3 - math.log(4 + math.e**3))
    assert found.probability == pytest.approx(math.exp(found.log_probability))
    without_alien = 0 - math.log(4 + math.e**0)
    assert found.events["influence"][0] == pytest.approx(found.log_probability - without_alien)


def test_events_that_the_model_does_not_read_are_counted_and_not_listed(recommender: Recommender) -> None:
    assert explain(recommender, user="ann", item="blade", titles=TITLES).unread == 1  # "dune" is not known
    short = replace(recommender, max_history=1)
    found = explain(short, user="ann", item="blade", titles=TITLES)
    assert found.events["item_id"].to_list() == ["brazil"]
    assert found.unread == 3
    bare = explain(recommender, history=["alien", "unheard of", "dune"], item="blade", titles=TITLES)
    assert bare.unread == 2


def test_a_bare_history_is_explained_like_that_of_a_user(recommender: Recommender) -> None:
    known = explain(recommender, user="ann", item="blade", titles=TITLES)
    bare = explain(recommender, history=["alien", "amelie", "brazil"], item="blade", titles=TITLES)
    assert bare.events.drop("time").equals(known.events.drop("time"))
    assert bare.events["time"].null_count() == 3
    assert bare.events.schema == known.events.schema
    assert bare.text == known.text == "because of Alien and Brazil"


def test_times_put_a_bare_history_in_order(recommender: Recommender) -> None:
    found = explain(
        recommender,
        history=["brazil", "alien"],
        times=["2026-02-01", "2026-01-01"],
        item="blade",
        titles=TITLES,
    )
    assert found.events["position"].to_list() == [0, 1]
    assert found.events["time"].dt.strftime("%Y-%m-%d").to_list() == ["2026-01-01", "2026-02-01"]


def test_a_history_that_does_not_matter_is_not_blamed(recommender: Recommender) -> None:
    popular = explain(recommender, user="bob", item="alien", titles=TITLES)
    assert popular.text == "one of the most popular items; the history does not speak for it"
    rare = explain(recommender, user="bob", item="brazil", titles=TITLES)
    assert rare.text == "the history does not speak for it"
    assert rare.tell("zh") == "历史记录并不支持这一推荐"


@pytest.mark.parametrize("who", [{"user": "carla"}, {"history": []}, {"history": ["dune", "unheard of"]}])
def test_without_a_readable_history_popularity_explains(
    recommender: Recommender, who: dict[str, object]
) -> None:
    found = explain(recommender, item="amelie", titles=TITLES, **who)  # type: ignore[arg-type]
    assert found.probability == pytest.approx(4 / 15)
    assert found.text == "by popularity alone: the history has no event that the model knows"
    assert found.events.is_empty()
    assert found.events.columns == ["position", "item_id", "title", "time", "influence", "attention"]
    served = recommender.recommend(histories=[["dune"]], only=["amelie"])
    assert served["score"][0] == pytest.approx(found.log_probability)


def test_an_item_that_popularity_cannot_recommend_has_probability_zero(recommender: Recommender) -> None:
    never = replace(recommender, popularity_V=np.zeros(6, dtype=np.int64))
    found = explain(never, history=[], item="amelie", titles=TITLES)
    assert (found.log_probability, found.probability) == (-math.inf, 0.0)
    assert found.to_json()["log_probability"] is None


def test_the_explanation_is_json(recommender: Recommender) -> None:
    found = explain(recommender, user="ann", item="blade", titles=TITLES).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["attention_means"] == LABEL
    assert found["events"][0]["item_id"] == "alien"
    assert found["events"][0]["time"] == "2001-09-09T01:46:40+00:00"
    assert found["events"][0]["attention"] is None


def test_integer_ids_come_back_as_integers(recommender: Recommender) -> None:
    numbered = replace(recommender, items=Vocab.of([10, 20, 30, 40, 50, 60]))
    found = explain(numbered, history=[10, 40], item="30", titles=TITLES)
    assert found.item_id == 30
    assert found.events["item_id"].to_list() == [10, 40]


# ---- refusals ----


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"user": "anne", "item": "blade"}, r"user 'anne' is not known \(did you mean 'ann'"),
        ({"user": "zzzzzz", "item": "blade"}, "user 'zzzzzz' is not known; give a known id, or a history"),
        ({"user": "ann", "item": "blade runner"}, r"did you mean 'blade' \(Blade Runner\)\?"),
        ({"user": "ann", "item": "brasil"}, r"item 'brasil' is not known \(did you mean 'brazil'"),
        ({"user": "ann", "item": 7}, "item 7 is not known"),
        ({"user": "ann", "item": "dune"}, "item 'dune' has no event in the training data"),
    ],
)
def test_an_unknown_id_is_refused_with_the_nearest_ones(
    recommender: Recommender, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(UnknownIdError, match=message):
        explain(recommender, titles=TITLES, **arguments)  # type: ignore[arg-type]


def test_near_ids_are_found_in_a_big_vocabulary(recommender: Recommender) -> None:
    many = Vocab.of([f"user-{n:06}" for n in range(50_000)])
    crowd = replace(recommender, users=many, histories=Histories.of([[] for _ in range(50_000)]))
    with pytest.raises(UnknownIdError, match="user-049990'"):
        explain(crowd, user="usr-049990", item="blade", titles=TITLES)


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"user": "ann", "history": ["alien"]},
        {"user": "ann", "times": [1]},
        {"history": ["alien"], "times": [1, 2]},
    ],
)
def test_a_question_that_fits_no_form_is_refused(recommender: Recommender, who: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        explain(recommender, item="blade", titles=TITLES, **who)  # type: ignore[arg-type]


# ---- the causal model ----


def test_a_transformer_shows_where_it_looked_beside_what_was_measured(recommender: Recommender) -> None:
    torch.manual_seed(0)
    model = CausalModel(CausalConfig(width=16, heads=2, max_length=8), num_items=6).eval()
    served = replace(recommender, scorer=EncoderScorer(model), max_history=8)
    found = explain(served, user="ann", item="blade", titles=TITLES)
    assert found.events["attention"].sum() == pytest.approx(1.0)
    assert found.events["influence"].is_sorted(descending=True)
    assert found.events["influence"].abs().min() > 0
    ranked = served.recommend(users="ann", k=6, exclude_seen=False)
    scores = dict(zip(ranked["item_id"], ranked["score"], strict=True))
    assert set(scores) == set(ITEMS) - {"dune"}
    total = np.logaddexp.reduce(list(scores.values()))
    assert found.log_probability == pytest.approx(scores["blade"] - total, abs=1e-5)
