"""A log becomes the file that training reads, and moves from store to store, with nothing lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.serve.examples import NOON, event

from regard.data.prepare import prepare
from regard.errors import DataError, StoreCorrupt
from regard.serve import export as module
from regard.serve.export import copy, export
from regard.serve.log import EventLog
from regard.serve.stores.book import open_log
from regard.serve.stores.rows import mark_of
from regard.serve.stores.sqlite import SQLiteLog


def test_the_file_has_the_events_as_training_names_them(log: EventLog, tmp_path: Path) -> None:
    log.append(
        [
            event(1, user=1, item="a", type="view", fields={"price": 2, "device": "phone"}),
            event(2, user=2, item=7, type="purchase", fields={"price": 2.5, "gift": True}),
            event(3, user=1, item="ä", at=5, fields={"device": 3}),
        ]
    )
    done = export(log, tmp_path / "new" / "events.parquet")
    found = pl.read_parquet(tmp_path / "new" / "events.parquet")
    assert done.events == 3
    assert done.columns == tuple(found.columns)
    assert found.to_dict(as_series=False) == {
        "user_id": [1, 2, 1],
        "item_id": ["a", "7", "ä"],
        "timestamp": [
            *[datetime.fromtimestamp(NOON / 1e6, UTC)] * 2,
            datetime.fromtimestamp(NOON / 1e6 + 5e-6, UTC),
        ],
        "event_type": ["view", "purchase", None],
        "price": [2.0, 2.5, None],
        "device": ["phone", None, "3"],
        "gift": [None, True, None],
    }
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["events.parquet"]


def test_regard_reads_what_was_written(log: EventLog, tmp_path: Path) -> None:
    log.append(
        [event(f"{u}-{n}", user=u, item=f"i{n}", at=n, type="view") for u in range(5) for n in range(6)]
    )
    log.delete_user(4)
    export(log, tmp_path / "events.parquet")
    prepared = prepare(tmp_path / "events.parquet")
    assert prepared.report.events == 24
    assert prepared.report.users == 4
    assert prepared.dataset.event_types is not None


def test_a_long_log_is_written_by_parts(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PART", 7)
    # a field that begins late, and ids that turn out to be texts only in the last part
    given = [event(n, user=n, at=n, fields={"late": n} if n > 40 else {}) for n in range(50)]
    log.append([*given, event("x", user="x")])
    export(log, tmp_path / "events.parquet")
    found = pl.read_parquet(tmp_path / "events.parquet")
    assert found["user_id"].to_list() == [*map(str, range(50)), "x"]
    assert found["late"].to_list() == [*[None] * 41, *range(41, 50), None]


def test_only_what_happened_since_a_time_is_written(log: EventLog, tmp_path: Path) -> None:
    log.append([event(n, item=n, at=n) for n in range(5)])
    assert export(log, tmp_path / "events.parquet", since=NOON + 3).events == 2
    with pytest.raises(DataError, match="no events since"):
        export(log, tmp_path / "none.parquet", since=NOON + 9)
    assert not (tmp_path / "none.parquet").exists()


def test_an_older_file_stays_where_nothing_can_be_written(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_text("older")
    with pytest.raises(DataError, match="no events"):
        export(log, tmp_path / "events.parquet")
    assert (tmp_path / "events.parquet").read_text() == "older"


def test_a_copy_has_the_same_events_and_items_and_can_be_gone_on_with(log: EventLog, tmp_path: Path) -> None:
    log.append([event(n, user=n % 3, at=-n, fields={"n": n}) for n in range(1203)])
    log.put_item("a", {"price": 1})
    log.delete_item("b")
    log.delete_user("gone")
    target = open_log(str(tmp_path / "copy.db"))
    done = copy(log, target)
    assert (done.events, done.duplicates, done.items, done.damage) == (1203, 0, 2, None)
    assert target.read() == log.read()
    assert target.items() == log.items()
    log.append([event("later")])
    again = copy(log, target)
    assert (again.events, again.duplicates) == (1204, 1203)
    assert target.erased() == log.erased() != {}
    target.delete_user("gone")
    copy(log, target)
    assert target.erased()[mark_of("gone")] > log.erased()[mark_of("gone")]
    target.close()


def test_of_a_damaged_log_what_is_before_the_damage_is_rescued(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    log = SQLiteLog(path)
    log.append([event(n, fields={"note": f"note {n}"}) for n in range(200)])
    log.close()
    path.write_bytes(path.read_bytes().replace(b"note 150", b"note 999"))
    with pytest.raises(StoreCorrupt, match="regard events copy OLD NEW --rescue"):
        SQLiteLog(path)
    damaged = open_log(str(path), read_only=True)
    with pytest.raises(StoreCorrupt, match="number 151"):
        export(damaged, tmp_path / "events.parquet")
    done = export(damaged, tmp_path / "events.parquet", rescue=True)
    assert done.events == 150
    assert "number 151" in str(done.damage)
    fresh = SQLiteLog(tmp_path / "new.db")
    with pytest.raises(StoreCorrupt, match="number 151"):
        copy(damaged, fresh)
    assert copy(damaged, fresh, rescue=True).events == 150
    assert [one.event.event_id for one in fresh.read()] == [f"e{n}" for n in range(150)]
    fresh.close()
    damaged.close()
