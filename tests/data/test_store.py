"""The folder of a prepared data set: complete or not there, and refused when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regard.data.prepare import prepare
from regard.data.store import FolderStore, MemoryStore, open_dataset
from regard.errors import DataError

LOG = {
    "user_id": [1, 2, 1],
    "item_id": ["a", "b", "b"],
    "timestamp": [1, 2, 3],
    "event_type": ["x", "y", "x"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(LOG, folder=tmp_path / "data")
    return tmp_path / "data"


def test_a_data_set_opens_as_it_was_written(folder: Path) -> None:
    dataset = open_dataset(folder)
    assert dataset.users.ids.to_list() == [1, 2]
    assert dataset.items.ids.to_list() == ["a", "b"]
    assert dataset.histories.items_of(0).tolist() == [0, 1]
    assert dataset.event_types is not None
    assert dataset.event_types.ids.to_list() == ["x", "y"]
    assert not dataset.histories.item.flags.writeable


def test_an_earlier_data_set_is_replaced_but_nothing_else_is(folder: Path, tmp_path: Path) -> None:
    prepare({**LOG, "item_id": ["c", "b", "b"]}, folder=folder)
    assert open_dataset(folder).items.ids.to_list() == ["b", "c"]
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")
    with pytest.raises(DataError, match="holds something that is no data set"):
        prepare(LOG, folder=tmp_path / "letters")
    assert (tmp_path / "letters" / "love.txt").read_text() == "dear"


def test_a_failure_leaves_the_earlier_data_set(folder: Path) -> None:
    with pytest.raises(DataError):
        prepare({**LOG, "item_id": [None, "b", "b"]}, folder=folder)
    assert open_dataset(folder).items.ids.to_list() == ["a", "b"]


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no prepared data set"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("name", ["item.npy", "offsets.npy", "users.parquet", "event_types.parquet"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match="damaged"):
        open_dataset(folder)


def test_a_pickle_a_short_column_and_a_newer_format_are_refused(folder: Path) -> None:
    np.save(folder / "time.npy", np.zeros(2, dtype=np.int64))
    with pytest.raises(DataError, match="differ in length"):
        open_dataset(folder)
    np.save(folder / "time.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="damaged"):
        open_dataset(folder)
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps({**meta, "version": 99}))
    with pytest.raises(DataError, match="newer or unknown format"):
        open_dataset(folder)


def test_both_stores_return_what_was_appended(tmp_path: Path) -> None:
    parts = [np.arange(5, dtype=np.int32), np.arange(100_000, dtype=np.int32)]
    with FolderStore(tmp_path / "x") as files:
        memory = MemoryStore()
        for store in (files, memory):
            for part in parts:
                store.append("item", part)
            assert store.finish()["item"].tolist() == np.concatenate(parts).tolist()


def test_a_dropped_column_is_in_neither_store(tmp_path: Path) -> None:
    with FolderStore(tmp_path / "x") as files:
        memory = MemoryStore()
        for store in (files, memory):
            store.append("code", np.arange(3, dtype=np.int32))
            store.append("item", np.arange(2, dtype=np.int32))
            assert store.column("code").tolist() == [0, 1, 2]
            store.drop("code")
            assert list(store.finish()) == ["item"]
        assert sorted(path.name for path in files.path.iterdir()) == ["item.npy"]
