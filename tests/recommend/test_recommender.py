"""The recommender as a caller uses it: ids in, ids out, for known users and bare histories."""

from __future__ import annotations

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
from regard.recommend.recommender import Recommender


@dataclass
class NextNumber:
    """Prefers the items after the latest one, in the order of their numbers; notes what it read."""

    num_items: int
    read: list[list[int]]

    def query(self, batch: PackedBatch) -> Tensor:
        assert torch.is_inference_mode_enabled()
        assert bool((batch.lengths > 0).all())
        self.read += [part.tolist() for part in batch.item_T.split(batch.lengths.tolist())]
        return batch.item_T[batch.offsets[1:] - 1]

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        return -((torch.arange(start, stop) - query[:, None] - 1) % self.num_items).float()


@pytest.fixture
def recommender() -> Recommender:
    """Items a to f, of which f is not known to the model; ann, bob, and cid, who did nothing."""
    return Recommender(
        scorer=NextNumber(6, []),
        users=Vocab.of(["ann", "bob", "cid"]),
        items=Vocab.of(list("abcdef")),
        histories=Histories.of([[0, 1], [5, 3], []]),
        known_V=np.array([True] * 5 + [False]),
        popularity_V=np.array([1, 1, 5, 3, 1, 0]),
        batch_users=2,
    )


def _lists(frame: pl.DataFrame) -> dict:
    return {key[0]: rows["item_id"].to_list() for key, rows in frame.group_by("user_id", maintain_order=True)}


def test_known_users_get_what_their_history_says(recommender):
    frame = recommender.recommend(users=["bob", "ann"], k=2)
    assert frame.columns == ["user_id", "item_id", "score", "rank", "source", "unknown_items"]
    assert _lists(frame) == {"bob": ["e", "a"], "ann": ["c", "d"]}
    assert frame["rank"].to_list() == [1, 2, 1, 2]
    assert frame["score"].to_list() == [0, -2, 0, -1]
    assert frame["source"].unique().to_list() == ["model"]


def test_one_user_and_a_batch_are_the_same_code(recommender):
    together = recommender.recommend(users=["ann", "bob", "cid"], k=3)
    alone = pl.concat([recommender.recommend(users=user, k=3) for user in ("ann", "bob", "cid")])
    assert together.equals(alone)


def test_a_ranking_of_some_items_is_the_whole_ranking_without_the_others(recommender):
    only_V = np.isin(np.arange(6), [0, 4, 5])
    whole = recommender.rank(recommender.histories, k=6).item_UK
    some = recommender.rank(recommender.histories, k=6, only_V=only_V).item_UK
    for whole_K, some_K in zip(whole.tolist(), some.tolist(), strict=True):
        assert [item for item in some_K if item >= 0] == [item for item in whole_K if item in {0, 4}]


def test_an_item_that_the_model_never_learned_is_seen_but_not_read(recommender):
    frame = recommender.recommend(users="bob", k=6)
    assert recommender.scorer.read == [[3]]
    assert "f" not in frame["item_id"]
    assert frame["unknown_items"].unique().to_list() == [1]


def test_an_unknown_user_gets_popular_items_and_is_marked(recommender):
    frame = recommender.recommend(users=["zoe", "cid"], k=2)
    assert _lists(frame) == {"zoe": ["c", "d"], "cid": ["c", "d"]}
    assert frame["source"].unique().to_list() == ["popularity"]
    assert np.allclose(np.exp(frame["score"].to_numpy()), [5 / 11, 3 / 11] * 2)


def test_a_history_of_unknown_items_falls_back_and_counts_them(recommender):
    frame = recommender.recommend(histories=[["f", "zz", "zz"], ["c"]], k=1)
    assert frame["source"].to_list() == ["popularity", "model"]
    assert frame["unknown_items"].to_list() == [3, 0]
    assert frame["user_id"].to_list() == [0, 1]


def test_the_fallback_does_not_repeat_what_was_seen(recommender):
    only_f_known_as_seen = replace(recommender, known_V=np.zeros(6, dtype=bool))
    assert only_f_known_as_seen.recommend(histories=["c"], k=6).height == 0
    popular = replace(recommender, known_V=np.array([True, True, False, True, True, False]))
    assert _lists(popular.recommend(histories=[["c"]], k=2)) == {0: ["d", "a"]}


def test_seen_items_come_back_only_if_asked(recommender):
    assert _lists(recommender.recommend(histories=["a", "e"], k=9)) == {0: ["b", "c", "d"]}
    kept = recommender.recommend(histories=["a", "e"], k=9, exclude_seen=False)
    assert _lists(kept) == {0: ["a", "b", "c", "d", "e"]}


def test_wishes_narrow_the_list(recommender):
    frame = recommender.recommend(users="ann", k=5, only=["d", "e", "zz"], exclude=["e", "yy"])
    assert _lists(frame) == {"ann": ["d"]}
    with pytest.raises(UnknownIdError, match="'zz'"):
        recommender.recommend(users="ann", only="zz")


def test_a_dictionary_names_its_users_and_times_order_the_events(recommender):
    frame = recommender.recommend(histories={"x": ["a", "c"]}, times={"x": [2, 1]}, k=1)
    assert _lists(frame) == {"x": ["b"]}


def test_only_the_latest_events_are_read(recommender):
    short = replace(recommender, max_history=2)
    short.recommend(histories=["a", "b", "f", "c"])
    assert short.scorer.read == [[1, 2]]


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"users": ["ann"], "histories": [["a"]]},
        {"users": ["ann"], "times": [[1]]},
        {"users": ["ann"], "k": 0},
        {"histories": [["a"]], "k": -1},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(recommender, request_):
    with pytest.raises(ConfigError):
        recommender.recommend(**request_)


def test_no_users_give_an_empty_frame_with_the_same_columns(recommender):
    assert recommender.recommend(users=[]).columns == recommender.recommend(users="ann").columns
    assert recommender.recommend(histories=[]).height == 0


def test_recommending_and_ranking_are_one_path(recommender):
    ranked = recommender.rank(recommender.histories, k=4)
    frame = recommender.recommend(users=["ann", "bob", "cid"], k=4)
    numbers = recommender.items.encode(frame["item_id"])
    assert ranked.item_UK[ranked.item_UK >= 0].tolist() == numbers.tolist()


def test_a_model_in_training_mode_is_our_mistake(recommender):
    recommender.scorer.training = True
    with pytest.raises(AssertionError, match="training mode"):
        recommender.recommend(users="ann")


def test_no_list_of_real_users_repeats_an_item_or_shows_a_seen_one(shared_data):
    log = pl.read_csv(
        shared_data / "ml-100k" / "u.data", separator="\t", has_header=False, new_columns=list("uirt")
    ).sort("u", "t", maintain_order=True)
    users, items = Vocab.of(log["u"]), Vocab.of(log["i"])
    number = items.encode(log["i"])
    rows = log.group_by("u", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    stop = np.cumsum(rows)
    recommender = Recommender(
        scorer=NextNumber(len(items), []),
        users=users,
        items=items,
        histories=Histories(start=stop - rows, stop=stop, item=number, time=log["t"].to_numpy()),
        known_V=np.ones(len(items), dtype=bool),
        popularity_V=np.bincount(number, minlength=len(items)),
    )
    frame = recommender.recommend(users=users.ids, k=20)
    assert frame.height == frame.select("user_id", "item_id").n_unique() == 943 * 20
    seen = log.select(user_id="u", item_id="i")
    assert frame.join(seen, on=["user_id", "item_id"]).height == 0


@dataclass
class NotesUsers:
    """Scores nothing; notes whose histories it was given."""

    num_items: int
    users: list[int]

    def query(self, batch: PackedBatch) -> int:
        self.users += batch.user_U.tolist()
        return batch.num_users

    def score(self, query: int, start: int, stop: int) -> Tensor:
        return torch.zeros(query, stop - start)


def test_the_scorer_is_told_whose_history_it_reads(recommender):
    scorer = NotesUsers(6, [])
    replace(recommender, scorer=scorer).recommend(users=["bob", "nobody", "ann"])
    assert scorer.users == [1, 0]  # who is not known has no history to score
    replace(recommender, scorer=scorer).recommend(histories=[["a"], ["b"]])
    assert scorer.users == [1, 0, -1, -1]
