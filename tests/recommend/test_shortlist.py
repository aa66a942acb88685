"""A recommender with an index: the same interface, right scores, filters held, exact where too few are left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regard.api import load
from regard.errors import ConfigError
from regard.model import Model
from regard.recommend.approx import ApproxConfig
from regard.recommend.indexing import index_of

pytest.importorskip("faiss", reason="the extra approx is not installed")


@pytest.fixture(scope="module")
def indexed(model: Model) -> Model:
    return model.indexed(ApproxConfig(recall=1.0, queries=64))


def test_lists_with_an_index_hold_the_same_scores(model: Model, indexed: Model) -> None:
    users = model.dataset.users.ids.to_list()[:60]
    exact, fast = model.recommend(users=users, k=5), indexed.recommend(users=users, k=5)
    both = exact.join(fast, on=["user_id", "item_id"], suffix="_fast")
    assert len(both) >= 0.95 * len(exact)
    assert (both["score"] == both["score_fast"]).all()


def test_what_was_seen_is_left_out_and_lists_are_whole(model: Model, indexed: Model) -> None:
    users = model.dataset.users.ids.to_list()[:30]
    most = len(model.dataset.items) - int(model.dataset.histories.lengths[:30].max())
    fast = indexed.recommend(users=users, k=max(1, most // 2))
    exact = model.recommend(users=users, k=max(1, most // 2))
    assert len(fast) == len(exact)
    seen = {
        (user, item)
        for row, user in enumerate(users)
        for item in model.dataset.items.decode(model.dataset.histories.items_of(row)).to_list()
    }
    assert not seen & set(fast.select("user_id", "item_id").iter_rows())


def test_a_wish_for_few_items_is_searched_exactly(model: Model, indexed: Model) -> None:
    only = model.dataset.items.ids.to_list()[:7]
    asked = {"users": model.dataset.users.ids.to_list()[:5], "only": only}
    assert indexed.recommend(**asked).equals(model.recommend(**asked))


def test_the_index_is_kept_in_the_folder_with_its_recall(indexed: Model, tmp_path) -> None:
    indexed.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.index is not None
    assert again.index.record == indexed.index.record
    users = indexed.dataset.users.ids.to_list()[:20]
    assert again.recommend(users=users).equals(indexed.recommend(users=users))


def test_a_scorer_without_inner_products_gets_no_index(model: Model) -> None:
    class Other:
        num_items = len(model.dataset.items)

    with pytest.raises(ConfigError, match="searched exactly"):
        index_of(replace(model.recommender, scorer=Other()))


def test_recall_is_measured_on_queries_that_did_not_choose(indexed: Model) -> None:
    record = indexed.index.record
    assert record.queries == 32
    assert record.recall is not None
    assert np.isfinite(record.recall)
