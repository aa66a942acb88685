"""Online Retail: purchases of products by customers."""

from __future__ import annotations

from pathlib import Path

from regard.data.sources.public import read_public


def test_online_retail_is_read_as_purchases_of_products(shared_data: Path) -> None:
    data = read_public("online-retail", shared_data / "online-retail")
    assert data.events["user_id"].null_count() == 0
    assert not data.events["session_id"].str.starts_with("C").any()
    assert not data.events["item_id"].is_in(["POST", "M", "DOT"]).any()
    assert data.items is not None
    assert data.items["item_id"].is_unique().all()
