"""prepare: what goes in comes out by numbers; what cannot be used is named with column, row, value."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_events_are_sorted_by_user_time_and_row() -> None:
    log = {
        "user_id": ["b", "a", "b", "a", "a"],
        "item_id": ["y", "z", "x", "y", "x"],
        "timestamp": [NOW, NOW + 5, NOW, NOW + 5, NOW],
    }
    assert [(user, item) for user, item, _ in rows_of(prepare(log).dataset)] == [
        ("a", "x"),
        ("a", "z"),
        ("a", "y"),
        ("b", "y"),
        ("b", "x"),
    ]


BAD: list[tuple[dict[str, list[Any]], list[str]]] = [
    (
        with_values(item_id=["a", None, "b", ""]),
        ["column 'item_id': null item id in 2 rows (row 1: null, row 3: ''"],
    ),
    (with_values(timestamp=[NOW, None, NOW, NOW]), ["column 'timestamp': null time in 1 row (row 1: null)"]),
    (
        with_values(timestamp=["2011-01-01", "2011-01-02", "soon", "2011-01-03"]),
        ["column 'timestamp': unparsable time in 1 row (row 2: 'soon')"],
    ),
    (
        with_values(timestamp=[NOW, NOW, NOW, NOW * 1000]),
        ["column 'timestamp': time more than 100 years ahead in 1 row (row 3: 1300000000000)"],
    ),
    (
        with_values(
            timestamp=[datetime(2011, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
            + [datetime(2911, 1, 1, tzinfo=UTC)]
        ),
        ["time more than 100 years ahead in 1 row (row 3: 2911-01-01"],
    ),
    (
        with_values(timestamp=[NOW * 1000, NOW * 1000, NOW * 1000, NOW]),
        ["time not in the unit of the others (ms) in 1 row (row 3: 1300000000)"],
    ),
    (
        with_values(weight=[1.0, float("nan"), 1.0, 1.0]),
        ["column 'weight': weight that is no number in 1 row (row 1: nan)"],
    ),
    (with_values(weight=["1", "x", "1", "1"]), ["weight that is no number in 1 row (row 1: 'x')"]),
    (with_values(weight=[1.0, float("inf"), 1.0, 1.0]), ["infinite weight in 1 row (row 1: inf)"]),
    (with_values(weight=[1.0, -2.0, 1.0, 1.0]), ["negative weight in 1 row (row 1: -2.0)"]),
    (with_values(weight=[1.0, None, 1.0, 1.0]), ["null weight in 1 row (row 1: null)"]),
    (
        with_values(
            item_id=["a", None, "b", "c"], timestamp=[NOW, NOW, None, NOW], weight=[1.0, 1.0, 1.0, -1.0]
        ),
        ["null item id in 1 row (row 1", "null time in 1 row (row 2", "negative weight in 1 row (row 3"],
    ),
]


@pytest.mark.parametrize(("log", "says"), BAD)
def test_rows_that_cannot_be_used_are_named_all_at_once(log: dict[str, list[Any]], says: list[str]) -> None:
    with pytest.raises(DataError) as error:
        prepare(log)
    for part in [*says, "rows count from 0", "--drop-bad-rows"]:
        assert part in str(error.value)


@pytest.mark.parametrize(("log", "says"), BAD)
def test_the_same_rows_are_dropped_and_counted_if_asked(log: dict[str, list[Any]], says: list[str]) -> None:
    # Doubled, with every bad value kept bad, so that at least two users and items stay.
    more = {"user_id": ["u3", "u4", "u3"], "item_id": ["d", "e", "e"], "timestamp": [log["timestamp"][0]] * 3}
    more |= {"weight": [log["weight"][0]] * 3} if "weight" in log else {}
    report = prepare({name: log[name] + more[name] for name in log}, options=DROP).report
    assert report.bad == sum(problem.count for problem in report.problems)
    assert report.events == report.rows - report.bad
    for part, problem in zip(says, report.problems, strict=True):
        assert part in problem.describe()


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ({"user_id": [], "item_id": [], "timestamp": []}, "empty"),
        (
            with_values(user_id=[None] * 4),
            "no events are left to use; dropped were:\n  - events without a user: 4",
        ),
        (with_values(user_id=["u"] * 4), "has only one user with events"),
        (with_values(item_id=["a"] * 4), "has only one item with events"),
        ({"user_id": ["u"], "timestamp": [NOW]}, "there is no column 'item_id'"),
        (with_values(user_id=[1.5, 2.0, 1.0, 2.0]), "column 'user_id': row 0 holds 1.5"),
        (with_values(timestamp=[[1], [2], [3], [4]]), "times must be numbers"),
        (with_values(item_id=[True, False, True, True]), "ids must be strings or integers"),
    ],
)
def test_logs_that_nothing_can_be_learnt_from_are_refused(log: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(DataError) as error:
        prepare(log)
    assert says in str(error.value)


def test_when_dropping_leaves_nothing_the_reasons_are_named() -> None:
    with pytest.raises(
        DataError, match=r"no events are left to use; dropped were:\n  - column 'item_id': null"
    ):
        prepare(with_values(item_id=[None] * 4), options=DROP)


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


def test_exact_duplicates_are_dropped_but_other_values_or_times_are_other_events() -> None:
    log = {
        "user_id": ["u", "u", "u", "u", "v"],
        "item_id": ["a", "a", "a", "a", "b"],
        "timestamp": [NOW, NOW, NOW, NOW + 1, NOW],
        "event_type": ["view", "view", "buy", "view", "view"],
    }
    prepared = prepare(log)
    assert (prepared.report.duplicates, prepared.report.events, prepared.report.ties) == (1, 4, 1)
    types = prepared.dataset.event_types
    assert types is not None
    field = prepared.dataset.histories.fields["event_type"]
    assert types.decode(field).to_list() == ["view", "buy", "view", "view"]


@pytest.mark.parametrize(("repeats", "times"), [("keep", [0, 1, 2, 3]), ("first", [0, 2]), ("last", [2, 3])])
def test_repeated_events_stay_unless_asked(repeats: Any, times: list[int]) -> None:
    log = {
        "user_id": ["u", "u", "u", "u", "v"],
        "item_id": ["a", "a", "b", "a", "b"],
        "timestamp": [NOW, NOW + 1, NOW + 2, NOW + 3, NOW],
    }
    prepared = prepare(log, options=PrepareOptions(repeats=repeats))
    assert (prepared.dataset.histories.times_of(0) // 10**6 - NOW).tolist() == times
    assert prepared.report.repeats == 4 - len(times)


def test_sessions_are_numbered_within_their_user_in_order_of_time() -> None:
    log = {
        "user_id": ["u", "u", "u", "u", "v"],
        "item_id": ["a", "b", "c", "d", "a"],
        "timestamp": [NOW + 3, NOW + 1, NOW + 2, NOW, NOW],
        "session_id": ["s9", "s1", "s9", None, "s9"],
    }
    assert prepare(log).dataset.histories.fields["session_id"].tolist() == [-1, 0, 1, 1, 0]


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


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 6), st.sampled_from(["view", "buy"])),
        min_size=1,
        max_size=40,
    )
)
def test_any_log_keeps_exactly_its_distinct_events_in_order(events: list[tuple[int, int, int, str]]) -> None:
    events = [*events, (0, 0, 0, "view"), (1, 1, 0, "view")]
    log = pl.DataFrame(events, schema=["user_id", "item_id", "timestamp", "event_type"], orient="row")
    dataset = prepare(log).dataset
    distinct = list(dict.fromkeys(events))
    expected = sorted(distinct, key=lambda event: (event[0], event[2]))  # stable: ties by row
    assert rows_of(dataset) == [(user, item, time * 10**6) for user, item, time, _ in expected]


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


def test_the_report_is_json_and_counts_what_it_saw() -> None:
    report = prepare(good()).report
    document = json.loads(json.dumps(report.to_json()))
    assert document["events"] == 4
    assert document["time"]["first"] == "2011-03-13T07:06:40Z"
    assert (report.density, report.rare_items, report.lengths.max) == (4 / 6, 1.0, 2)


def test_times_converted_with_the_wrong_unit_are_warned_about() -> None:
    wrong = pl.Series([NOW, NOW + 1, NOW + 2, NOW + 3]).cast(pl.Datetime("ns"))
    warnings = prepare(with_values(timestamp=wrong)).report.warnings
    assert any("January 1970" in warning for warning in warnings)


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
