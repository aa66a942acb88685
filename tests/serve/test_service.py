"""The promises of the server: an acknowledged event is seen, and where something fails there is still a list."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.serve.living import House, living

from regard.api import fit, load
from regard.data.prepare import prepare
from regard.data.vocab import Vocab
from regard.errors import StoreDown
from regard.serve.events import Appended, Id, StoredEvent
from regard.serve.limits import Limits
from regard.serve.log import EventLog
from regard.serve.stores.book import open_log


def test_the_next_request_after_an_acknowledged_event_sees_it(house: House) -> None:
    for _ in range(20):
        first = house.items(user_id="fresh", k=1)[0]
        house.send("fresh", first)
        assert first not in house.items(user_id="fresh", k=60)


def test_memory_and_disk_give_the_same_list(house: House, shop_folder: Path) -> None:
    for step, item in enumerate(("i1", "i5", "i2", "i5")):
        house.items(user_id="both")
        house.send("both", item, time=1_700_000_000 - 100 * (step % 2) + step)
    remembered = house.recommend(user_id="both", k=20)
    for user in list(range(3)):
        house.items(user_id=user)
    house.service.swap(house.service.snapshot)  # forgets everybody
    again = house.recommend(user_id="both", k=20)
    assert again["items"] == remembered["items"]


def test_a_user_of_whom_nothing_is_known_gets_popular_items_and_is_told(house: House) -> None:
    answer = house.recommend(user_id="stranger")
    assert (answer["fallback"], answer["reason"], len(answer["items"])) == (True, "no_history", 10)
    known = house.recommend(user_id="u1")
    assert (known["fallback"], known["reason"]) == (False, None)


class Moody:
    """A real log that is out of order when told so."""

    def __init__(self, log: EventLog) -> None:
        self.log, self.down, self.gate = log, False, threading.Event()
        self.gate.set()

    def _ask(self) -> EventLog:
        self.gate.wait(10)
        if self.down:
            raise StoreDown("down")
        return self.log

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        return self._ask().append(events)

    def history(self, user_id: Id, *, latest: int) -> list[StoredEvent]:
        return self._ask().history(user_id, latest=latest)

    def items(self) -> object:
        return self._ask().items()

    def erased(self) -> object:
        return self._ask().erased()

    def check(self) -> None:
        self._ask().check()

    def close(self) -> None:
        self.log.close()


def test_where_the_store_is_down_lists_are_popular_and_events_are_refused_and_later_all_is_well(
    shop_folder: Path, tmp_path: Path
) -> None:
    log = Moody(open_log(str(tmp_path / "events.db")))
    with living(shop_folder, log) as house:  # type: ignore[arg-type]
        log.down = True
        answer = house.recommend(user_id="u1")
        assert (answer["fallback"], answer["reason"], len(answer["items"])) == (True, "store_down", 10)
        event = {"event_id": "e1", "user_id": "u1", "item_id": "i1"}
        refused = house.client.post("/v1/events", json=event)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert house.client.get("/v1/health/ready").status_code == 503
        assert house.client.get("/v1/health/live").status_code == 200
        log.down = False
        assert house.client.post("/v1/events", json=event).json()["stored"] == 1
        assert house.recommend(user_id="u1")["fallback"] is False
        assert house.client.get("/v1/health/ready").status_code == 200


def test_a_store_that_is_slow_gives_popular_items_in_time(shop_folder: Path, tmp_path: Path) -> None:
    log = Moody(open_log(str(tmp_path / "events.db")))
    with living(shop_folder, log, limits=Limits(seconds=0.2)) as house:  # type: ignore[arg-type]
        log.gate.clear()
        answer = house.recommend(user_id="u1")
        log.gate.set()
        assert (answer["fallback"], answer["reason"]) == (True, "slow")


def test_a_model_that_fails_gives_popular_items(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(asks: object) -> object:
        raise KeyError("u1")

    monkeypatch.setattr("regard.serve.engine.rankings", broken)
    answer = house.recommend(user_id="u2")
    assert (answer["fallback"], answer["reason"]) == (True, "model_failed")
    assert "KeyError" in house.journal.getvalue()


def test_a_restart_has_the_same_lists(shop_folder: Path, tmp_path: Path) -> None:
    lists = []
    for _ in range(2):
        with living(shop_folder, tmp_path / "events.db") as house:
            if not lists:
                for item in ("i1", "i2", "i3"):
                    house.send("u5", item)
                house.client.put("/v1/items/new", json={"attributes": {"colour": "red"}}).raise_for_status()
                house.client.delete("/v1/items/i9").raise_for_status()
            lists.append(house.recommend(user_id="u5", k=60)["items"])
    assert lists[0] == lists[1]
    assert "new" in [one["item_id"] for one in lists[0]]
    assert "i9" not in [one["item_id"] for one in lists[0]]


LATER = 1_700_000_000
KINDS = {"paid": "price", "quantity": "number", "promised": "time", "gift": "category", "device": "category"}


def with_fields(events: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Return events that say more of what happened; some values are missing."""
    draw, rows = np.random.default_rng(seed), len(events)
    paid = [f"${amount:.2f}" for amount in draw.lognormal(2, 1, rows)]
    return events.with_columns(
        paid=pl.Series([None if at % 7 == 0 else one for at, one in enumerate(paid)]),
        quantity=pl.Series(draw.integers(1, 50, rows)).cast(pl.Float64) / 4,
        promised=pl.Series([f"2023-0{day}-01T12:00:00Z" for day in draw.integers(1, 9, rows)]),
        gift=pl.Series(draw.random(rows) < 0.5),
        device=pl.Series([None, "phone", "web"]).gather(draw.integers(0, 3, rows)),
    )


@pytest.fixture(scope="module")
def paying(colours: tuple[pl.DataFrame, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a model that reads what an event says beside its item."""
    log, folder = with_fields(colours[0], seed=0), tmp_path_factory.mktemp("paying") / "model"
    settings = {"epochs": 2, "width": 16}
    columns = {"event_fields": KINDS}
    fit(log, columns=columns, recipe="sequential-tiny", settings=settings, split="none").save(folder)
    return folder


def offline(folder: Path, log: pl.DataFrame, user: str) -> pl.DataFrame:
    """Return what the saved model recommends to a user of a log that was read without any server."""
    model, read = load(folder), prepare(log, columns={"event_fields": KINDS}).dataset
    codes = {
        name: model.dataset.event_vocabs[name].encode(vocab.ids) for name, vocab in read.event_vocabs.items()
    }
    only = read.histories.take(read.users.encode(pl.Series([user])))
    histories = replace(
        only,
        item=model.dataset.items.encode(read.items.ids)[only.item],
        fields={
            name: np.append(codes[name], -1)[column] if name in codes else column
            for name, column in only.fields.items()
        },
        user=model.dataset.users.encode(pl.Series([user])).astype(np.int64),
    )
    own = replace(model.recommender, users=Vocab.of([user]), histories=histories)
    return own.recommend(users=[user], k=20)


@pytest.mark.parametrize("memory", [0, 1 << 24])
@pytest.mark.parametrize("user", ["u7", "new"])
def test_what_serves_is_what_the_saved_model_says_of_the_same_events_with_their_fields(
    paying: Path, colours: tuple[pl.DataFrame, pl.DataFrame], url: str, user: str, memory: int
) -> None:
    events = colours[0].filter(pl.col("user_id") == "u1")
    events = events.with_columns(user_id=pl.lit(user), timestamp=LATER + pl.int_range(pl.len()))
    events = with_fields(events, seed=1)
    log = pl.concat([with_fields(colours[0], seed=0), events])
    expected = offline(paying, log, user)
    bare = offline(paying, log.with_columns(quantity=None, promised=None).cast(log.schema), user)
    assert not np.allclose(bare["score"], expected["score"], rtol=1e-3)  # the numbers do matter
    for restart in range(2):
        with living(paying, open_log(url), memory=memory) as house:
            for row in [] if restart else events.to_dicts():
                house.recommend(user_id=user)
                said = {name: row[name] for name in KINDS}
                house.send(user, row["item_id"], time=row["timestamp"], fields=said)
            served = house.recommend(user_id=user, k=20)["items"]
        assert [one["item_id"] for one in served] == expected["item_id"].to_list()
        assert np.allclose([one["score"] for one in served], expected["score"], rtol=1e-5)


def test_without_memory_every_list_is_read_from_the_log(shop_folder: Path, tmp_path: Path) -> None:
    with living(shop_folder, tmp_path / "events.db", memory=0) as house:
        first = house.items(user_id="x", k=1)[0]
        house.send("x", first)
        assert first not in house.items(user_id="x", k=60)
        assert house.service.gauges()["regard_users_in_memory"] == 0
