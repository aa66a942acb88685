"""What is explained and traced is the history that serves, whoever's it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import UnknownIdError
from regard.pipeline import Pipeline
from regard.serve.engine import Ask, rankings
from regard.serve.events import StoredEvent
from regard.serve.people import explained, reasons, traced
from regard.serve.snapshot import Snapshot

LATER = 1_700_000_000_000_000


def test_a_known_user_is_explained_as_the_model_explains_it(shop: Snapshot) -> None:
    ask = Ask(snapshot=shop, history=shop.past("u1", []))
    first = rankings([ask])[0].items[0]
    assert explained(ask, first).to_json() == shop.model.explain(item=first, user="u1").to_json()


def test_an_event_of_the_log_is_among_what_is_explained(shop: Snapshot) -> None:
    event = StoredEvent(event_id="e", user_id="nobody", item_id="i7", time=LATER)
    ask = Ask(snapshot=shop, history=shop.past("nobody", [event]))
    said = explained(ask, "i9")
    assert said.events["item_id"].to_list() == ["i7"]
    assert len(reasons(ask, ["i9", "i10"], language="zh")) == 2
    with pytest.raises(UnknownIdError):
        explained(ask, "nothing")


def test_both_stages_are_traced_for_the_list_that_was_served(pipeline: Pipeline, shop_folder: Path) -> None:
    snapshot = Snapshot(model=pipeline, version="")
    ask = Ask(snapshot=snapshot, history=snapshot.past("u1", []), k=5)
    served = rankings([ask])[0]
    rows = traced(ask, served.items)
    assert [row["item_id"] for row in rows if row["listed"] is not None] == served.items
    assert traced(Ask(snapshot=snapshot, history=snapshot.bare([], None)), []) == []


def test_a_model_of_one_stage_has_no_trace(shop: Snapshot) -> None:
    assert traced(Ask(snapshot=shop, history=shop.past("u1", [])), ["i1"]) == []
