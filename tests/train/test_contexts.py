"""What a model can read of events and users is found in the training part of a log."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import regard
from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.models.context import ContextConfig
from regard.train.contexts import context_of

LOG = {
    "user_id": ["a", "a", "a", "b", "b"],
    "item_id": ["x", "y", "x", "x", "y"],
    "timestamp": [1, 2, 9, 1, 2],
    "event_type": ["view", "buy", "gift", "view", "view"],
    "device": ["web", "web", "phone", "web", "web"],
    "amount": [1.0, 2.0, 50.0, None, 4.0],
}
FIELDS = {"event_fields": {"device": "category", "amount": "number"}}


def test_training_decides_which_codes_and_numbers_there_are() -> None:
    dataset = prepare(LOG, columns=FIELDS).dataset
    assert dataset.event_types is not None
    train = hold_out(dataset, SplitSpec(kind="leave-last-out")).train
    spec = context_of(train, ContextConfig(), said=None)
    # buy, gift, view, missing: the gift came later, so it is one with a missing type
    assert {name: own.tolist() for name, own in spec.categories.items()} == {"event_type": [1, 0, 2, 0]}
    assert spec.numbers["amount"].min() == 1
    assert spec.numbers["amount"].max() == 2
    whole = context_of(dataset, ContextConfig(), said=None)
    assert whole.categories["device"].tolist() == [1, 2, 0]
    assert whole.numbers["amount"].max() == 50


def test_weights_and_sessions_are_no_fields() -> None:
    log = LOG | {"weight": [1, 1, 1, 1, 1], "session_id": ["s", "s", "t", "s", "s"], "event_type": ["v"] * 5}
    spec = context_of(prepare(log).dataset, ContextConfig(), said=None)
    assert (spec.categories, spec.numbers, spec.users) == ({}, {}, {})


def test_the_table_of_users_is_read_where_it_is_wanted() -> None:
    users = {"user_id": ["a", "b"], "country": ["UK", "FR"]}
    dataset = prepare(LOG, users=users).dataset
    assert context_of(dataset, ContextConfig(), said=None).users == {}
    columns = context_of(dataset, ContextConfig(user_attributes=True), said=None).users
    assert list(columns) == ["country"]
    assert len(columns["country"]) == 2


def test_online_retail_with_quantity_price_and_country_trains_saves_and_serves(
    shared_data: Path, tmp_path: Path
) -> None:
    lines = pl.read_parquet(shared_data / "online-retail" / "online_retail.parquet").drop_nulls("CustomerID")
    lines = lines.filter(pl.col("CustomerID").rank("dense") <= 150)
    names = {"user_id": "CustomerID", "item_id": "StockCode", "timestamp": "InvoiceDate"}
    customers = lines.group_by("CustomerID").agg(pl.col("Country").first())
    model = regard.fit(
        lines,
        users=customers,
        columns=names | {"event_fields": ["Quantity", "UnitPrice", "Country"]},
        recipe="sequential-tiny",
        settings={"epochs": 1, "calendar": True, "user_attributes": True},
    )
    spec = model.network.context.spec
    assert list(spec.categories) == ["Country"]
    assert list(spec.numbers) == ["Quantity", "UnitPrice"]
    assert list(spec.users) == ["Country"]
    model.save(tmp_path / "shop")
    loaded = regard.load(tmp_path / "shop")
    assert loaded.dataset.event_vocabs == model.dataset.event_vocabs
    some = model.dataset.users.ids.head(20)
    lists = model.recommend(users=some, at="2011-12-01T10:00:00")
    assert loaded.recommend(users=some, at="2011-12-01T10:00:00").equals(lists)
    assert not model.recommend(users=some, at="2011-12-03T22:00:00")["score"].equals(lists["score"])
    bare = loaded.recommend(histories=[["22423", "85123A"]])
    assert np.isfinite(bare["score"].to_numpy()).all()
    assert loaded.evaluate(baselines=False).evaluations[0].num_users > 0


@pytest.mark.parametrize("name", ["Quantity", "UnitPrice"])
def test_a_field_that_the_log_was_read_without_is_refused(name: str) -> None:
    with pytest.raises(regard.RegardError, match=f"read without '{name}'"):
        regard.fit(LOG, recipe="sequential-tiny", settings={"event_fields": [name]}, split="none")
