"""The laws of re-ranking, on MovieLens-100K: genres as attributes, real histories, popular candidates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.errors import ConfigError
from regard.models.protocols import Ranked
from regard.recommend.filters import Allowed
from regard.recommend.policy import Policy
from regard.recommend.rerank import Reranked, rerank
from regard.recommend.rules.context import Context

USERS, K = 40, 10
CAP = {"rule": "cap", "column": "genres", "most": 3}
MMR = {"rule": "diversity", "method": "mmr", "strength": 0.4}
DPP = {"rule": "diversity", "method": "dpp", "strength": 0.3, "over": "genres", "name": "dpp"}
MIX = {"rule": "calibrate", "column": "genres", "strength": 0.4}
FRESH = {"rule": "fresh", "half_life_days": 60, "strength": 0.3}
BLOCK = {"rule": "block", "column": "genres", "values": ["Horror"]}


@dataclass(frozen=True)
class Movies:
    """MovieLens-100K with vectors, and for each of 40 users the 120 most popular films not had."""

    dataset: Dataset
    context: Context
    histories: Histories
    candidates: Ranked

    def rerank(self, *rules: dict[str, Any], k: int = K, **more: Any) -> Reranked:
        return rerank(
            more.pop("candidates", self.candidates),
            k=k,
            policy=Policy.parse({"rules": list(rules)}),
            context=self.context,
            histories=more.pop("histories", self.histories),
            **more,
        )

    def genres(self, item: int) -> list[str]:
        return self.dataset.item_table["genres"][item].to_list()


@pytest.fixture(scope="module")
def movies(shared_data: Path) -> Movies:
    data = read_public("ml-100k", shared_data / "ml-100k")
    dataset = prepare(data.events, items=data.items).dataset
    vectors = np.random.default_rng(0).normal(size=(len(dataset.items), 16)).astype(np.float32)
    histories = dataset.histories.take(np.arange(USERS)).latest(30)
    counts = dataset.item_counts
    item = np.full((USERS, 120), -1, dtype=np.int64)
    for user in range(USERS):
        popular = np.argsort(-counts, kind="stable")
        item[user] = popular[~np.isin(popular, histories.items_of(user))][:120]
    candidates = Ranked(item_UK=item, score_UK=counts[item].astype(np.float32))
    context = Context.of(dataset, vectors_VD=vectors)
    return Movies(dataset=dataset, context=context, histories=histories, candidates=candidates)


def test_without_rules_the_lists_are_the_first_candidates(movies: Movies) -> None:
    done = movies.rerank()
    assert np.array_equal(done.ranked.item_UK, movies.candidates.item_UK[:, :K])
    assert np.array_equal(done.ranked.score_UK, movies.candidates.score_UK[:, :K])
    assert done.moves.is_empty()
    assert done.unmet.is_empty()


@pytest.mark.parametrize("rule", [MMR, DPP, MIX, FRESH])
def test_strength_0_changes_nothing_and_more_of_it_does(movies: Movies, rule: dict[str, Any]) -> None:
    assert movies.rerank({**rule, "strength": 0}).moves.is_empty()
    assert movies.rerank(rule).moves.height > 0


@pytest.mark.parametrize("others", [(), (MMR,), (DPP, MIX), (FRESH, BLOCK)])
def test_a_cap_is_never_broken_without_being_said(movies: Movies, others: tuple[dict[str, Any], ...]) -> None:
    done = movies.rerank(CAP, *others)
    said = {user: reason for user, rule, reason in done.unmet.iter_rows() if rule == "cap genres"}
    for user, items in enumerate(done.ranked.item_UK.tolist()):
        counts = pl.Series([genre for item in items for genre in movies.genres(item)]).value_counts()
        assert (counts["count"].max() > 3) == (user in said)
    left = movies.rerank({**CAP, "when_short": "leave"}, *others)
    for user, items in enumerate(left.ranked.item_UK.tolist()):
        held = [item for item in items if item >= 0]
        counts = pl.Series([genre for item in held for genre in movies.genres(item)]).value_counts()
        assert counts["count"].max() <= 3
        short = left.unmet.filter((pl.col("user") == user) & (pl.col("rule") == "cap genres"))
        assert short.height == (len(held) < K)


def test_what_is_blocked_never_appears_and_a_pin_stands_where_it_should(movies: Movies) -> None:
    item = movies.dataset.items
    shown = item.decode(movies.candidates.item_UK[0]).to_list()
    pins = [
        {"rule": "pin", "item": shown[50], "position": 1},
        {"rule": "pin", "item": shown[0], "position": 7},
    ]
    done = movies.rerank(BLOCK, *pins, CAP, MMR, {"rule": "block", "items": shown[1:3]})
    assert item.decode(done.ranked.item_UK[0, [0, 6]]).to_list() == [shown[50], shown[0]]
    assert not np.isin(done.ranked.item_UK, item.encode(shown[1:3])).any()
    assert not any("Horror" in movies.genres(one) for one in done.ranked.item_UK.ravel().tolist())
    blocked = done.moves.filter(pl.col("rule").str.starts_with("block") & pl.col("direct"))
    assert blocked["to"].null_count() == blocked.height > 0


def test_a_pin_that_is_no_candidate_needs_leave(movies: Movies) -> None:
    rare = int(movies.dataset.item_counts.argmin())
    pin = {"rule": "pin", "item": movies.dataset.items.ids[rare], "position": 3}
    refused = movies.rerank(pin)
    assert refused.unmet.height == USERS
    known = Allowed(known_V=np.ones(len(movies.dataset.items), dtype=np.bool_))
    had = movies.histories.items_of(0)[:1].tolist()
    allowed = known.without_seen(Histories.of([[rare], *[had] * (USERS - 1)]))
    done = movies.rerank(pin, allowed=allowed)
    assert done.unmet["user"].to_list() == [0]
    assert (done.ranked.item_UK[1:, 2] == rare).all()
    assert np.isnan(done.ranked.score_UK[1:, 2]).all()
    first = done.moves.filter(pl.col("item") == rare).row(0, named=True)
    assert (first["from"], first["to"], first["reason"]) == (None, 3, "pinned at 3")
    assert rare not in movies.rerank(pin, k=2, allowed=allowed).ranked.item_UK


def test_a_list_does_not_depend_on_who_else_asks(movies: Movies) -> None:
    rules = (BLOCK, CAP, MMR, DPP, MIX, FRESH)
    together = movies.rerank(*rules)
    for user in (0, 7, 39):
        one = slice(user, user + 1)
        alone = movies.rerank(
            *rules,
            candidates=Ranked(
                item_UK=movies.candidates.item_UK[one], score_UK=movies.candidates.score_UK[one]
            ),
            histories=movies.histories.take(one),
        )
        assert np.array_equal(alone.ranked.item_UK[0], together.ranked.item_UK[user])
        mine = together.moves.filter(pl.col("user") == user).drop("user")
        assert alone.moves.drop("user").equals(mine)


def test_a_list_does_not_depend_on_the_order_of_the_rules(movies: Movies) -> None:
    lists = [
        movies.rerank(*rules).ranked.item_UK
        for rules in itertools.islice(itertools.permutations((CAP, MMR, MIX, BLOCK)), 0, None, 5)
    ]
    assert all(np.array_equal(lists[0], other) for other in lists)


def test_the_moves_of_an_item_add_up_to_where_it_stands(movies: Movies) -> None:
    done = movies.rerank(BLOCK, CAP, FRESH, MMR)
    for user, shown in enumerate(done.ranked.item_UK.tolist()):
        was = {item: place for place, item in enumerate(movies.candidates.item_UK[user].tolist(), start=1)}
        moves = done.moves.filter(pl.col("user") == user)
        for place, item in enumerate(shown, start=1):
            mine = moves.filter(pl.col("item") == item)
            assert (mine["to"][-1] if mine.height else was[item]) == place
            if mine.height and mine["rule"][0] == "block genres=Horror":
                assert mine["from"][0] == was[item]
        for item in movies.candidates.item_UK[user, :K].tolist():
            if item not in shown:
                assert moves.filter(pl.col("item") == item)["to"][-1] is None


def test_ties_keep_the_order_of_the_candidates(movies: Movies) -> None:
    tied = replace(movies.candidates, score_UK=np.zeros_like(movies.candidates.score_UK))
    lists = movies.rerank(BLOCK, candidates=tied).ranked.item_UK
    for user in range(USERS):
        places = [movies.candidates.item_UK[user].tolist().index(one) for one in lists[user].tolist()]
        assert places == sorted(places)


def test_k_beyond_the_candidates_gives_all_of_them_and_none_gives_nothing(movies: Movies) -> None:
    few = Ranked(
        item_UK=movies.candidates.item_UK[:, :4].copy(), score_UK=movies.candidates.score_UK[:, :4].copy()
    )
    few.item_UK[1], few.score_UK[1] = -1, -np.inf
    few.item_UK[2, 1:], few.score_UK[2, 1:] = -1, -np.inf
    done = movies.rerank(MMR, MIX, FRESH, CAP, candidates=few)
    assert done.ranked.item_UK.shape == (USERS, K)
    assert sorted(done.ranked.item_UK[0, :4].tolist()) == sorted(few.item_UK[0].tolist())
    assert (done.ranked.item_UK[:, 4:] == -1).all()
    assert (done.ranked.item_UK >= 0).sum(axis=1)[:3].tolist() == [4, 0, 1]


def test_without_histories_calibration_says_that_it_did_nothing(movies: Movies) -> None:
    done = movies.rerank(MIX, histories=None)
    assert done.moves.is_empty()
    assert done.unmet["reason"].unique().to_list() == ["no item of the history has a value of genres"]


def test_freshness_counts_from_the_moment_of_the_request(movies: Movies) -> None:
    long_ago = replace(movies.histories, asked=np.zeros(USERS, dtype=np.int64))
    boost = {**FRESH, "strength": 1.0}
    assert movies.rerank(boost, histories=long_ago).moves.is_empty()  # all are new, so none is newer
    assert movies.rerank(boost).moves.height > 0


def test_k_below_1_is_refused(movies: Movies) -> None:
    with pytest.raises(ConfigError, match="k = 0"):
        movies.rerank(k=0)


def test_an_infinite_score_is_the_best_and_the_rest_keeps_its_order(movies: Movies) -> None:
    score = movies.candidates.score_UK.copy()
    score[:, 0] = np.inf
    endless = replace(movies.candidates, score_UK=score)
    done = movies.rerank({**MMR, "strength": 0}, candidates=endless)
    assert np.array_equal(done.ranked.item_UK, endless.item_UK[:, :K])
