"""A model and what is weighed beside it make one Recommender."""

from __future__ import annotations

import numpy as np

from regard.data.columns import Codes
from regard.data.prepare import prepare
from regard.models.causal import CausalConfig, CausalModel
from regard.models.items import ItemFeatures
from regard.recommend.serving import recommender_of

LOG = {"user_id": [1, 1, 2, 2], "item_id": ["a", "b", "b", "a"], "timestamp": [1, 2, 3, 4]}


def test_new_items_are_recommended_only_where_that_is_asked_for() -> None:
    log = prepare({**LOG, "item_id": ["a", "b", "b", "new"]}).dataset
    log = log.part(log.histories.only(np.array([True, True, False])))
    colour = Codes(code_R=np.array([2, 3, 2], dtype=np.int32), size=4)
    features = ItemFeatures(columns={"colour": colour}, trained_V=log.item_counts > 0)
    model = CausalModel(CausalConfig(width=8), num_items=3, features=features).eval()
    served = recommender_of(model, known=log, train=log)
    trained_alone = recommender_of(model, known=log, train=log, new=False)
    ids = served.recommend(histories=["a"], k=3)["item_id"].to_list()
    assert "new" in ids
    assert "new" not in trained_alone.recommend(histories=["a"], k=3)["item_id"].to_list()


def test_a_model_reads_no_more_than_its_length() -> None:
    log = prepare(LOG).dataset
    model = CausalModel(CausalConfig(width=8, max_length=1), num_items=2).eval()
    assert recommender_of(model, known=log, train=log).max_history == 1
