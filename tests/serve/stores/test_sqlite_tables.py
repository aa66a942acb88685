"""Damage of a file is found when it is opened, named, and what is before it can be read."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.serve.examples import event

from regard.errors import ConfigError, RegardError, StoreCorrupt
from regard.serve.events import Numbered
from regard.serve.stores.rows import mark_of
from regard.serve.stores.sqlite import SQLiteLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "events.db"


def filled(path: Path, count: int = 300) -> list[Numbered]:
    log = SQLiteLog(path)
    log.append([event(n, user=n % 7, fields={"note": f"note {n}"}) for n in range(count)])
    log.put_item("a", {"price": 2})
    found = log.read()
    log.close()
    return found


def intact(path: Path) -> list[Numbered]:
    """Everything that a damaged log gives before it raises."""
    found: list[Numbered] = []
    try:
        log = SQLiteLog(path, read_only=True)
    except RegardError:
        return found
    try:
        while some := log.read(after=found[-1].number if found else 0, limit=50):
            found += some
    except StoreCorrupt:
        return found
    finally:
        log.close()
    return found


def first_bad(path: Path) -> int | None:
    """Number of the first damaged event as opening tells it; None where the log is whole."""
    try:
        log = SQLiteLog(path)
    except StoreCorrupt as error:
        return error.first_bad
    log.close()
    return None


def test_a_flipped_bit_is_found_and_what_is_before_it_is_kept(path: Path) -> None:
    whole, clean = filled(path), path.read_bytes()
    draw, found = random.Random(0), 0
    for _ in range(100):
        damaged = bytearray(clean)
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        before = intact(path)
        assert before == whole[: len(before)]
        try:
            bad = first_bad(path)
        except ConfigError:  # the mark of the format itself
            bad = 1
        found += bad is not None
        assert bad is not None or before == whole  # the bit is in space that holds nothing
    assert found > 30  # the others are in space that holds nothing


def test_a_file_that_was_cut_is_found_and_what_is_left_is_kept(path: Path) -> None:
    whole, clean = filled(path), path.read_bytes()
    for keep in [0, 1, 50, 100, 4096, 5000, len(clean) // 2, len(clean) - 4096, len(clean) - 1]:
        path.write_bytes(clean[:keep])
        before = intact(path)
        assert before == whole[: len(before)]
        with pytest.raises(StoreCorrupt, match=str(path)):
            SQLiteLog(path)


@pytest.mark.parametrize("kind", ["flipped", "cut"])
def test_a_damaged_tail_of_the_write_ahead_log_is_found(tmp_path: Path, path: Path, kind: str) -> None:
    log = SQLiteLog(path)
    for n in range(40):
        log.append([event(n, fields={"note": f"note {n}"})])
    whole, wal = log.read(), Path(f"{path}-wal").read_bytes()
    left = tmp_path / "left" / "events.db"
    left.parent.mkdir()
    shutil.copy(path, left)
    shutil.copy(f"{path}-head", f"{left}-head")
    log.close()
    main, draw = left.read_bytes(), random.Random(1)
    for _ in range(30):
        at, damaged = draw.randrange(len(wal)), bytearray(wal)
        damaged[at] ^= 1 << draw.randrange(8)
        left.write_bytes(main)
        Path(f"{left}-wal").write_bytes(damaged if kind == "flipped" else wal[:at])
        Path(f"{left}-shm").unlink(missing_ok=True)
        # whole where the bit is in bytes that nothing reads
        before, bad = intact(left), first_bad(left)
        assert before == whole[: 40 if bad is None else bad - 1], (at, bad)


def test_a_replaced_file_is_told_and_the_way_out_works(path: Path) -> None:
    filled(path, 5)
    path.unlink()
    with pytest.raises(StoreCorrupt, match=r"numbered 1 to 5.*delete .*-head") as raised:
        SQLiteLog(path)
    assert raised.value.first_bad == 1
    Path(f"{path}-head").unlink()
    SQLiteLog(path).close()


def test_a_file_of_an_earlier_version_has_no_marks_until_it_is_written_to(path: Path) -> None:
    filled(path, 5)
    with sqlite3.connect(path) as older:
        older.execute("DROP TABLE erased")
    older.close()
    reader = SQLiteLog(path, read_only=True)
    assert reader.erased() == {}
    reader.close()
    log = SQLiteLog(path)
    log.delete_user(3)
    assert set(log.erased()) == {mark_of(3)}
    log.close()


def test_a_damaged_mark_of_an_erased_user_is_found(path: Path) -> None:
    filled(path, 5)
    log = SQLiteLog(path)
    log.delete_user("gone")
    log.close()
    mark = mark_of("gone").encode()
    path.write_bytes(path.read_bytes().replace(mark, mark[:-1] + (b"0" if mark[-1:] != b"0" else b"1")))
    assert first_bad(path) == 6


def test_a_damaged_event_is_named_in_a_history_too(path: Path) -> None:
    filled(path, 20)
    log = SQLiteLog(path)
    path.write_bytes(path.read_bytes().replace(b"note 11", b"note 17"))
    with pytest.raises(StoreCorrupt, match="number 12 is damaged"):
        log.history(11 % 7, latest=10)
    log.close()
