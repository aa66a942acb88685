"""Reading tables of impressions: numbers by a vocabulary, unknown ones counted, bad logs refused by name."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regard.data.impression_table import read_impressions
from regard.data.vocab import Vocab
from regard.errors import DataError, RegardError, SchemaError

LOG: dict[str, list[Any]] = {
    "impression_id": [1, 1, 2, 2],
    "user_id": ["u", "u", "v", "v"],
    "item_id": ["a", "b", "a", "c"],
    "timestamp": [10, 10, 20, 20],
    "click": [0, 1, 0, 0],
}


def test_ids_become_numbers_of_the_vocabulary_and_unknown_ones_are_counted() -> None:
    read = read_impressions(LOG, users=Vocab.of(["t", "u"]), items=Vocab.of(["a", "b"]))
    assert read.impressions.user_I.tolist() == [1, -1]
    assert read.impressions.item_K.tolist() == [0, 1, 0, -1]
    assert (read.report.unknown_users, read.report.unknown_items, read.report.anonymous) == (1, 1, 0)
    assert "1 of 4 candidates are items" in read.report.warnings[1]


def test_a_text_file_reads_like_a_table(tmp_path: Path) -> None:
    path = tmp_path / "shown.csv.gz"
    with gzip.open(path, "wb") as file:
        pl.DataFrame(LOG).write_csv(file)
    from_file, from_table = read_impressions(path), read_impressions(LOG)
    assert from_file.impressions.item_K.tolist() == from_table.impressions.item_K.tolist()
    assert from_file.impressions.time_I.tolist() == from_table.impressions.time_I.tolist()
    assert from_file.items == from_table.items


def test_histories_of_lists_and_of_text_are_the_same_and_lose_unknown_items() -> None:
    lists = {**LOG, "history": [["b", "z"], None, ["a"], ["a"]]}
    text = {**LOG, "history": ["b z", None, " a ", "a"]}
    for log in (lists, text):
        read = read_impressions(log, items=Vocab.of(["a", "b", "c"]))
        assert read.impressions.history is not None
        assert [read.impressions.history.items_of(i).tolist() for i in (0, 1)] == [[1], [0]]
        assert read.report.unknown_events == 1
    assert read_impressions(text).items.ids.to_list() == ["a", "b", "c", "z"]


ODD = [
    pl.Series([None] * 4),
    pl.Series([1.5, 2, float("nan"), float("inf")]),
    pl.Series(["", "x", "1", "-1"]),
    pl.Series([[1], [2], None, []]),
    pl.Series([[1.5], [2], None, []]),
    pl.Series([[[1]], [[2]], None, []]),
    pl.Series([["a"], ["b"], ["a"], ["b"]], dtype=pl.Array(pl.String, 1)),
    pl.Series([dt.date(2020, 1, 1)] * 4),
    pl.Series([dt.timedelta(1)] * 4),
    pl.Series([True, False, True, None]),
    pl.Series([object()] * 4, dtype=pl.Object),
    pl.Series([{"a": 1}] * 4),
    pl.Series([b"x"] * 4),
    pl.Series(["a", "b", "a", "b"], dtype=pl.Categorical),
    pl.Series([2**63 - 1, -(2**63), 0, 1]),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda series: str(series.dtype))
@pytest.mark.parametrize("column", [*LOG, "position", "propensity", "history", "dwell", "context"])
def test_a_column_of_any_type_is_read_or_refused_by_an_error_of_ours(column: str, odd: pl.Series) -> None:
    more = {"position": 1, "propensity": 0.5, "dwell": 1.0}
    table = pl.DataFrame(LOG).with_columns(pl.lit(v).alias(k) for k, v in more.items())
    for on_bad in ("error", "drop"):
        try:
            read = read_impressions(table.with_columns(odd.alias(column)), on_bad=on_bad)
        except RegardError:
            continue
        assert read.report.candidates + read.report.bad == 4


def test_clicks_in_a_table_of_their_own_make_the_labels() -> None:
    shown = {name: values for name, values in LOG.items() if name != "click"}
    read = read_impressions(shown, clicks={"impression_id": [2], "item_id": ["c"]})
    assert read.impressions.labels["click"].tolist() == [0, 0, 0, 1]
    beyond = {"impression_id": [2, 1], "item_id": ["b", "b"]}
    with pytest.raises(DataError, match=r"click without impression.*row 0: 'b in impression 2'"):
        read_impressions(shown, clicks=beyond)
    dropped = read_impressions(shown, clicks=beyond, on_bad="drop")
    assert dropped.impressions.labels["click"].tolist() == [0, 1, 0, 0]
    assert dropped.report.problems[0].count == 1
    with pytest.raises(SchemaError, match="no column impression_id"):
        read_impressions({"user_id": [1], "item_id": [1], "timestamp": [1]}, clicks=beyond)


def test_bad_rows_are_refused_with_their_values_or_dropped_and_counted() -> None:
    bad = {**LOG, "click": [0, 1, 2, 0]}
    with pytest.raises(DataError, match=r"column 'click': label that is not 0 or 1 in 1 row \(row 2: 2\)"):
        read_impressions(bad)
    read = read_impressions(bad, on_bad="drop")
    assert read.impressions.lengths.tolist() == [2, 1]
    assert read.report.bad == 1


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ({**LOG, "click": [0, 0, 0, 0]}, "all 4 labels of 'click' are 0"),
        ({name: LOG[name] for name in list(LOG)[:4]}, "no column is a label"),
        ({name: [] for name in LOG}, "has no rows"),
        ({**LOG, "item_id": [None] * 4}, "null item id"),
    ],
)
def test_a_log_that_cannot_be_used_says_why(log: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_impressions(log)
    if message == "null item id":
        with pytest.raises(DataError, match="no row is left"):
            read_impressions(log, on_bad="drop")


def test_a_real_log_of_single_rows_is_read_with_its_histories(shared_data: Path) -> None:
    read = read_impressions(shared_data / "ml-1m-ctr" / "train.parquet")
    table = pl.read_parquet(shared_data / "ml-1m-ctr" / "train.parquet")
    assert len(read.impressions) == read.impressions.num_candidates == len(table) == 33_891
    assert read.items.decode(read.impressions.item_K).to_list() == table["item_id"].to_list()
    assert read.impressions.history is not None
    row = 20_000
    assert (
        read.items.decode(read.impressions.history.items_of(row)).to_list() == table["history"][row].to_list()
    )
    assert read.report.warnings == ()
