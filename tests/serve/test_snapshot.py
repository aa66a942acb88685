"""A model as it serves: ids in its kind, histories in the order of time, each event once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regard.model import Model
from regard.serve.engine import Ask, rankings
from regard.serve.events import StoredEvent
from regard.serve.snapshot import Snapshot, version_of
from regard.serve.stores.rows import mark_of

LATER = 1_700_000_000_000_000


def event(item: str | int, time: int, user: str = "u1") -> StoredEvent:
    return StoredEvent(event_id=f"{item}-{time}", user_id=user, item_id=item, time=time)


def items_of(snapshot: Snapshot, history: object) -> list[str]:
    return snapshot.model.dataset.items.decode(history.item_E).to_list()  # type: ignore[attr-defined]


def test_an_event_of_the_log_comes_after_the_training_data_and_a_late_one_in_its_place(
    shop: Snapshot,
) -> None:
    known = shop.past("u1", [])
    assert len(known.item_E) == 10
    late = int(known.time_E[3]) + 1
    merged = items_of(shop, shop.past("u1", [event("i7", late), event("i8", LATER)]))
    assert merged == [*items_of(shop, known)[:4], "i7", *items_of(shop, known)[4:], "i8"]


def test_an_event_that_the_model_was_trained_on_and_that_the_log_has_counts_once(shop: Snapshot) -> None:
    known = shop.past("u1", [])
    again = [event(item, int(time)) for item, time in zip(items_of(shop, known), known.time_E, strict=True)]
    assert items_of(shop, shop.past("u1", again)) == items_of(shop, known)


def test_one_event_at_a_time_is_the_same_as_all_at_once(shop: Snapshot) -> None:
    times = np.random.default_rng(0).integers(LATER, LATER + 20, 40)
    events = [event(f"i{n % 60}", int(time)) for n, time in enumerate(times)]
    step = shop.past("u1", [])
    for one in events:
        step = shop.after(step, [one])
    whole = shop.past("u1", sorted(events, key=lambda one: one.time))
    assert items_of(shop, step) == items_of(shop, whole)
    assert (step.time_E == whole.time_E).all()


def test_of_an_erased_user_only_what_came_later_is_known(shop: Snapshot) -> None:
    whole = shop.past("u1", [])
    for kept in range(len(whole.item_E) + 1):
        moment = int(whole.time_E[-kept - 1]) if kept < len(whole.item_E) else int(whole.time_E[0]) - 1
        gone = replace(shop, erased={mark_of("u1"): moment})
        history = gone.past("u1", [event("i7", LATER)])
        assert items_of(shop, history) == [*items_of(shop, whole)[10 - kept :], "i7"]
        assert history.user == (whole.user if kept else -1)
        assert items_of(gone, gone.past("u2", [])) == items_of(shop, shop.past("u2", []))


def test_items_that_the_model_does_not_know_are_counted_and_left_out(shop: Snapshot) -> None:
    history = shop.past("nobody", [event("i1", LATER), event("new", LATER + 1)])
    assert (items_of(shop, history), history.unknown, history.user) == (["i1"], 1, -1)


def test_ids_come_back_in_the_kind_of_the_training_data(shop: Snapshot) -> None:
    assert shop.item(7) == "7"
    assert shop.user("u1") == "u1"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("7", 7),
        (7, 7),
        ("-7", -7),
        ("07", "07"),
        ("7.0", "7.0"),
        ("x", "x"),
        ("--7", "--7"),
        ("9" * 20, "9" * 20),
    ],
)
def test_a_text_that_is_an_integer_is_one_where_ids_are_integers(
    numbered: Model, given: str | int, made: str | int
) -> None:
    snapshot = Snapshot(model=numbered, version="")
    assert snapshot.item(given) == made
    assert snapshot.numbers([given, 1])[1] == 0


@pytest.mark.parametrize("times", [None, [3, 1, 2]])
def test_a_bare_history_gets_the_list_that_the_model_gives_it(
    shop: Snapshot, times: list[int] | None
) -> None:
    items = ["i1", "i5", "i9"]
    served = rankings([Ask(snapshot=shop, history=shop.bare(items, times))])[0]
    frame = shop.model.recommend(histories=[items], times=None if times is None else [times])
    assert served.items == frame["item_id"].to_list()
    assert np.allclose(served.scores, frame["score"].to_numpy())


def test_a_version_tells_one_folder_from_another(shop_folder: Path, model_folder: Path) -> None:
    assert version_of(shop_folder) == version_of(shop_folder) != version_of(model_folder)


def test_a_hidden_item_is_in_no_list(coloured: Model) -> None:
    ask = Ask(
        snapshot=Snapshot(model=coloured, version=""),
        history=Snapshot(model=coloured, version="").past("u1", []),
    )
    first = rankings([ask])[0].items[0]
    hiding = Snapshot(model=coloured, version="", hidden=frozenset([first]))
    assert first not in rankings([Ask(snapshot=hiding, history=ask.history)])[0].items
