"""prepare: what goes in comes out by numbers; what cannot be used is named with column, row, value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from regard.data.dataset import Dataset
from regard.data.prepare import PrepareOptions, prepare
from regard.data.store import open_dataset
from regard.errors import DataError, RegardError, SchemaError

NOW = 1_300_000_000
DROP = PrepareOptions(on_bad="drop")


def good() -> dict[str, list[Any]]:
    return {
        "user_id": ["u1", "u2", "u1", "u2"],
        "item_id": ["a", "b", "b", "c"],
        "timestamp": [NOW, NOW + 1, NOW + 2, NOW + 3],
    }


def with_values(**columns: Any) -> dict[str, list[Any]]:
    return {**good(), **columns}


def rows_of(dataset: Dataset) -> list[tuple[Any, Any, int]]:
    histories = dataset.histories
    events = histories.events()
    users = dataset.users.decode(histories.rows()).to_list()
    items = dataset.items.decode(histories.item[events]).to_list()
    return list(zip(users, items, histories.time[events].tolist(), strict=True))


def same(one: Dataset, other: Dataset) -> bool:
    return (
        one.users == other.users
        and one.items == other.items
        and np.array_equal(one.histories.start, other.histories.start)
        and np.array_equal(one.histories.stop, other.histories.stop)
        and np.array_equal(one.histories.item, other.histories.item)
        and np.array_equal(one.histories.time, other.histories.time)
        and list(one.histories.fields) == list(other.histories.fields)
        and all(
            np.array_equal(column, other.histories.fields[name])
            for name, column in one.histories.fields.items()
        )
        and one.event_types == other.event_types
        and one.item_table.equals(other.item_table)
        and one.user_table.equals(other.user_table)
    )


def test_events_without_a_user_are_dropped_and_counted_whatever_else_they_have() -> None:
    log = with_values(user_id=["u1", "u2", None, "u2"], item_id=["a", "b", None, "c"])
    report = prepare(log).report
    assert (report.anonymous, report.bad, report.events) == (1, 0, 3)
    assert "1 of 4 events without a user were dropped" in report.warnings


def test_users_and_items_whose_events_were_all_dropped_are_not_in_the_vocabulary() -> None:
    log = {
        "user_id": ["a", "b", "c", "c", "b"],
        "item_id": ["x", "v", "w", "y", "z"],
        "timestamp": [None, NOW, None, NOW, NOW + 1],
    }
    dataset = prepare(log, options=DROP).dataset
    assert dataset.users.ids.to_list() == ["b", "c"]
    assert dataset.items.ids.to_list() == ["v", "y", "z"]
    assert [(user, item) for user, item, _ in rows_of(dataset)] == [("b", "v"), ("b", "z"), ("c", "y")]


def formats(frame: pl.DataFrame, folder: Path) -> dict[str, Any]:
    frame.write_csv(folder / "log.csv")
    frame.write_csv(folder / "log.tsv", separator="\t")
    frame.write_csv(folder / "log.csv.gz", compression="gzip")
    frame.write_parquet(folder / "log.parquet")
    (folder / "parts").mkdir()
    for part in range(0, frame.height, 40):
        frame.slice(part, 40).write_parquet(folder / "parts" / f"{part:04d}.parquet")
    files = {name: folder / name for name in ("log.csv", "log.tsv", "log.csv.gz", "log.parquet", "parts")}
    tables = {"lazy": frame.lazy(), "pandas": frame.to_pandas(), "arrow": frame.to_arrow()}
    return {**files, "path as text": str(folder / "log.parquet"), **tables}


@pytest.mark.parametrize("number", [lambda n: n, lambda n: f"{n:03d}", lambda n: f'id {n}, "x"'])
def test_every_format_gives_the_identical_data_set(tmp_path: Path, number: Callable[[int], Any]) -> None:
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, 9, 100), rng.integers(0, 30, 100)
    frame = pl.DataFrame(
        {
            "user_id": [number(n) for n in users.tolist()],
            "item_id": [number(n) for n in items.tolist()],
            "timestamp": NOW + rng.integers(0, 20, 100),
            "weight": rng.integers(1, 6, 100).astype(float),
            "event_type": rng.choice(["view", "buy"], 100),
            "session_id": rng.integers(0, 5, 100),
        }
    )
    expected = prepare(frame).dataset
    assert expected.users.ids.to_list() == sorted({number(n) for n in users.tolist()})
    for name, source in formats(frame, tmp_path).items():
        assert same(prepare(source).dataset, expected), name
    streamed = prepare(frame, folder=tmp_path / "kept").dataset
    assert same(streamed, expected)
    assert same(open_dataset(tmp_path / "kept"), expected)


def test_whole_floats_of_pandas_are_integers_and_their_gaps_are_anonymous() -> None:
    frame = pd.DataFrame({"CustomerID": [2.0, float("nan"), 1.0], "item_id": ["a", "b", "b"]})
    frame["timestamp"] = pd.to_datetime(["2011-01-01", "2011-01-02", "2011-01-03"])
    prepared = prepare(frame, columns={"user_id": "CustomerID"})
    assert prepared.dataset.users.ids.to_list() == [1, 2]
    assert prepared.report.anonymous == 1


def test_batches_do_not_show_in_the_result(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    log = pl.DataFrame(
        {
            "user_id": rng.integers(0, 50, 5000),
            "item_id": rng.integers(0, 40, 5000),
            "timestamp": NOW + rng.integers(0, 500, 5000),
        }
    )
    whole = prepare(log).dataset
    batches = PrepareOptions(batch_rows=64)
    small = prepare(log, folder=tmp_path / "kept", options=batches)
    assert same(small.dataset, whole)
    assert same(prepare(log, options=batches).dataset, whole)
    with pytest.raises(DataError, match="row 4321: null"):
        prepare(
            log.with_columns(item_id=pl.when(pl.int_range(pl.len()) != 4321).then("item_id")), options=batches
        )


def test_the_folder_is_memory_mapped_and_nothing_half_written_stays(tmp_path: Path) -> None:
    prepared = prepare(good(), folder=tmp_path / "kept")
    assert isinstance(prepared.dataset.histories.item, np.memmap)
    with pytest.raises(DataError):
        prepare(with_values(item_id=["a", None, "b", "c"]), folder=tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]


def test_tables_of_items_and_users_are_brought_into_the_order_of_the_numbers() -> None:
    items = pl.DataFrame(
        {"sku": ["c", "zz", "a"], "title": ["Sea", "Unused", "Air"], "price": [1.0, 2.0, 3.0]}
    )
    log = {"user_id": good()["user_id"], "sku": good()["item_id"], "timestamp": good()["timestamp"]}
    prepared = prepare(log, items=items, users={"user_id": ["u2"], "age": [40]}, columns={"item_id": "sku"})
    assert prepared.dataset.item_table["title"].to_list() == ["Air", None, "Sea"]
    assert prepared.dataset.titles().to_list() == ["Air", "b", "Sea"]
    assert prepared.dataset.user_table["age"].to_list() == [None, 40]
    table = prepared.report.item_table
    assert table is not None
    assert (table.rows, table.without_events, table.without_row) == (3, 1, 1)


def test_every_mistake_of_the_caller_is_an_error_of_regard(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="there is no such file"):
        prepare(tmp_path / "nothing.csv")
    with pytest.raises(SchemaError, match="did you mean 'user_id'"):
        prepare(good(), columns={"usr_id": "u"})


def test_the_real_shop_is_read_by_a_mapping_of_columns_alone(shared_data: Path) -> None:
    report = prepare(
        shared_data / "online-retail" / "online_retail.parquet",
        columns={"user_id": "CustomerID", "item_id": "StockCode", "timestamp": "InvoiceDate"},
    ).report
    assert (report.rows, report.users, report.anonymous) == (541_909, 4_372, 135_080)
    assert report.rows == report.anonymous + report.duplicates + report.events


def test_the_real_movie_log_is_read_from_gzipped_text(shared_data: Path) -> None:
    prepared = prepare(shared_data / "ml-1m" / "interactions.csv.gz", columns={"item_id": "movie_id"})
    assert (prepared.report.events, prepared.report.users, prepared.report.items) == (999_608, 6_040, 3_416)
    assert prepared.dataset.users.ids.dtype == pl.Int64
