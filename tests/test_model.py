"""A model recommends, explains and is evaluated."""

from __future__ import annotations

from regard.model import Model


def test_the_report_holds_the_model_and_every_baseline(model: Model) -> None:
    report = model.evaluate()
    names = [one.name for one in report.evaluations]
    assert names == [
        "regard",
        "Popularity",
        "Popularity (7 d)",
        "Popularity (30 d)",
        "ItemKNN",
        "EASE",
        "Random",
    ]
    assert report.model.main.value > report.evaluations[-1].main.value


def test_a_history_that_training_never_saw_is_enough(model: Model) -> None:
    items = model.dataset.items.ids.to_list()
    lists = model.recommend(histories=[[items[0], "no such item", items[1]]], k=3)
    assert lists["source"].to_list() == ["model"] * 3
    assert lists["unknown_items"].to_list() == [1, 1, 1]
    assert not set(lists["item_id"]) & {items[0], items[1]}
