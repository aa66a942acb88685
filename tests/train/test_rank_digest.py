"""A digest changes with anything that training reads, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from regard.data.columns import Numbers
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.models.rank_rows import RankRows
from regard.train.rank_digest import digest_of


def rows() -> RankRows:
    shown = Impressions.of([[1, 2], [3]], clicked=[[1], []], users=[0, 1])
    price = Numbers(value_R=np.array([1, 2, 3], dtype=np.float32), edge_B1=np.array([0, 4], dtype=np.float32))
    return RankRows.of(shown, Histories.of([[4], [5, 6]]), {"price": price}, max_length=5)


def test_the_same_rows_have_the_same_digest() -> None:
    assert digest_of(rows()) == digest_of(rows())


def test_every_part_changes_it() -> None:
    made = rows()
    shown, histories = made.impressions, made.histories
    price = made.fields["price"]
    others = [
        replace(made, impressions=replace(shown, labels={"click": 1 - shown.labels["click"]})),
        replace(made, impressions=replace(shown, labels={"like": shown.labels["click"]})),
        replace(made, impressions=replace(shown, item_K=shown.item_K + 1)),
        replace(made, impressions=replace(shown, position_K=np.zeros(3, dtype=np.int32))),
        replace(made, histories=replace(histories, item=histories.item + 1)),
        replace(made, histories=replace(histories, asked=histories.asked + 1)),
        replace(made, fields={"cost": price}),
        replace(made, fields={"price": replace(price, value_R=price.value_R + 1)}),
        replace(made, base_K=np.zeros(3, dtype=np.float32)),
    ]
    found = {digest_of(one) for one in [made, *others]}
    assert len(found) == len(others) + 1
