"""What is saved is what was trained, and what is measured is what serves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from regard.api import load
from regard.data.split import hold_out
from regard.model import Model


def test_a_loaded_model_gives_the_same_list_bit_for_bit(model: Model, model_folder: Path) -> None:
    users = model.dataset.users.ids.to_list()[:50]
    assert load(model_folder).recommend(users=users).equals(model.recommend(users=users))


def test_evaluation_counts_hits_of_the_lists_that_are_served(model: Model) -> None:
    queries = hold_out(model.dataset, model.split).queries
    report = model.evaluate(baselines=False)
    histories = [
        model.dataset.items.decode(queries.histories.items_of(row)).to_list() for row in range(len(queries))
    ]
    lists = model.recommend(histories=histories, k=10)
    targets = model.dataset.items.decode(queries.target).to_list()
    hit = [targets[user] == item for user, item in lists.select("user_id", "item_id").iter_rows()]
    assert np.isclose(sum(hit) / len(queries), report.model.metric("recall@10").value)
