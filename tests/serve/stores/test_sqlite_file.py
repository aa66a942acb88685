"""The lock is one process's, the head tells the last acknowledged number or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regard.errors import StoreBusy, StoreDown
from regard.serve.stores.sqlite_file import FileLock, Head, read_head, sync_folder


def test_a_lock_is_held_once_and_free_when_released(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "new" / "events.db")
    with pytest.raises(StoreBusy, match=f"in use by another process .number {os.getpid()}"):
        FileLock(tmp_path / "new" / "events.db")
    lock.release()
    FileLock(tmp_path / "new" / "events.db").release()


def test_where_no_file_can_be_made_the_store_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreDown, match=r"file/events\.db: cannot be opened"):
        FileLock(tmp_path / "file" / "events.db")


def test_a_head_says_what_was_written_last(tmp_path: Path) -> None:
    head = Head(tmp_path / "events.db")
    assert head.read() == 0
    for number in (1, 2**40):
        head.write(number)
        assert head.read() == number
    head.close()
    again = Head(tmp_path / "events.db")
    assert again.read() == 2**40
    again.close()
    sync_folder(tmp_path)


def test_a_head_that_is_not_whole_says_nothing(tmp_path: Path) -> None:
    head = Head(tmp_path / "events.db")
    head.write(77)
    head.close()
    whole = (tmp_path / "events.db-head").read_bytes()
    assert read_head(whole) == 77
    assert read_head(whole[:-1]) == 0
    for at in range(len(whole)):
        assert read_head(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]) == 0
