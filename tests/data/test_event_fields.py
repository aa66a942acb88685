"""Further columns of events: read only when named, the same from files and memory, refused by row."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.dataset import Dataset
from regard.data.event_fields import FieldReading
from regard.data.fields import Fields
from regard.data.prepare import PrepareOptions, prepare
from regard.data.schema import Columns
from regard.errors import DataError, SchemaError

LOG: dict[str, list[Any]] = {
    "user_id": ["b", "a", "b", "a", "b"],
    "item_id": ["x", "x", "y", "y", "z"],
    "timestamp": [3, 1, 1, 2, 2],
    "device": ["phone", "web", None, "phone", ""],
    "amount": [2.5, None, 1.0, float("nan"), 4.0],
    "paid": ["$3", "1,000.50 EUR", None, "0", "n/a"],
    "shipped": ["2011-01-01", None, "1970-01-02T12:00:00", "1970-01-01", "?"],
}
KINDS = {"device": "category", "amount": "number", "paid": "price", "shipped": "time"}


def read(fields: Any, log: Any = LOG, **options: Any) -> Dataset:
    return prepare(log, columns={"event_fields": fields}, **options).dataset


def column(dataset: Dataset, name: str) -> list[Any]:
    """The column in the order a1 a2 b1 b2 b3."""
    values = dataset.histories.fields[name]
    if name in dataset.event_vocabs:
        return [None if code < 0 else dataset.event_vocabs[name].decode([code])[0] for code in values]
    return [None if np.isnan(value) else round(float(value), 3) for value in values]


def test_no_further_column_is_read_unless_it_is_named() -> None:
    dataset = prepare(LOG).dataset
    assert dataset.histories.fields == {}
    assert dataset.event_vocabs == {}


def test_each_kind_becomes_numbers_beside_its_event() -> None:
    dataset = read(KINDS)
    assert list(dataset.histories.fields) == list(KINDS)
    assert column(dataset, "device") == ["web", "phone", None, None, "phone"]
    assert column(dataset, "amount") == [None, None, 1.0, 4.0, 2.5]
    assert column(dataset, "paid") == [round(np.log1p(1000.5), 3), 0.0, None, None, round(np.log(4), 3)]
    assert column(dataset, "shipped") == [None, 0.0, 1.5, None, 14_975.0]
    assert {name: values.dtype for name, values in dataset.histories.fields.items()} == {
        name: np.dtype(np.int32 if name == "device" else np.float32) for name in KINDS
    }


@pytest.mark.parametrize("written", [["device", "amount"], {"device": None, "amount": None}])
def test_kinds_that_are_not_said_are_guessed(written: Any) -> None:
    dataset = read(written)
    assert list(dataset.event_vocabs) == ["device"]
    assert Columns(event_fields=["a", "b=price"]).event_fields == {"a": None, "b": "price"}  # type: ignore[arg-type]
    said = Fields.parse({"events": {"a": "time", "b": "ignore"}}).events
    assert Columns.of({"event_fields": said}).event_fields == {"a": "time"}


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
@pytest.mark.parametrize("text", [False, True])
def test_a_folder_holds_what_memory_does(tmp_path: Path, batch_rows: int, text: bool) -> None:
    source: Any = LOG
    if text:
        source = tmp_path / "log.csv"
        pl.DataFrame(LOG).write_csv(source)
    in_memory = read(KINDS)
    options = PrepareOptions(batch_rows=batch_rows)
    in_folder = read(KINDS, source, folder=tmp_path / "data", options=options)
    assert in_folder.event_vocabs == in_memory.event_vocabs
    assert list(in_folder.histories.fields) == list(KINDS)
    for name in KINDS:
        assert column(in_folder, name) == column(in_memory, name)


def test_a_column_may_be_called_like_a_file_or_like_one_of_ours(tmp_path: Path) -> None:
    log = LOG | {"item": [1, 2, 3, 4, 5], "a/b": ["u", "v", "u", "v", "w"]}
    dataset = read({"item": "number", "a/b": "category"}, log, folder=tmp_path / "data")
    assert column(dataset, "item") == [2, 4, 3, 5, 1]
    assert column(dataset, "a/b") == ["v", "v", "u", "w", "u"]
    assert dataset.histories.items_of(0).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("number", ["1", "2", "many", "4", "5"], r"'more': no number in 1 row \(row 2: 'many'\)"),
        (
            "number",
            [1.0, 2.0, float("inf"), 4.0, 1e300],
            r"'more': infinite number in 2 rows \(row 2: inf, row 4",
        ),
        ("price", ["$1", "cheap", "2", "3", "4"], r"'more': no price in 1 row \(row 1: 'cheap'\)"),
        (
            "time",
            ["2011-01-01", "2011-01-02", "soon", None, None],
            r"'more': unparsable time in 1 row \(row 2: 'soon'",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(kind: str, values: list[Any], message: str) -> None:
    log = LOG | {"more": values}
    with pytest.raises(DataError, match=message):
        read({"more": kind}, log)
    dropped = read({"more": kind}, log, options=PrepareOptions(on_bad="drop"))
    assert dropped.num_events < 5


def test_a_column_that_cannot_be_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"there is no column 'devise'.*did you mean 'device'"):
        read(["devise"])
    with pytest.raises(SchemaError, match="'weight': a column of this name is read as weight anyway"):
        read(["weight"], LOG | {"weight": [1, 1, 1, 1, 1]})
    log = pl.DataFrame(LOG).with_columns(day=pl.date(2011, 1, 1))
    with pytest.raises(SchemaError, match="a number cannot be read from values of type Date"):
        read({"day": "number"}, log)
    with pytest.raises(SchemaError, match=r"'tags' looks like set .*say which, as in tags=category"):
        read(["tags"], LOG | {"tags": ["a|b", "b|c", "a|c", "a|b", "c|d"]})


@pytest.mark.parametrize(
    ("name", "said", "made"),
    [
        ("amount", [3, 2.5, "7.5", " n/a ", True, None], [3, 2.5, 7.5, None, 1, None]),
        ("paid", ["$12.99", "1,000 EUR", 5, "soon"], [*map(math.log1p, (12.99, 1000, 5)), None]),
        ("shipped", ["2011-02-03", "2011-02-03T12:00:00Z", 7, "no day"], [15_008, 15_008.5, None, None]),
        ("typed", ["2011-02-03", "2011-02-03T12:00:00Z", 7, "no day"], [15_008, 15_008.5, None, None]),
        ("sent", [1.296e12, 1_296_000_000_000, "1296000000000", 12, "2011"], [15_000] * 3 + [None] * 2),
        ("sent", [1_300_000_000_000], [1.3e9 / 86_400]),
    ],
)
def test_a_value_that_comes_later_is_read_as_its_column_was(
    name: str, said: list[Any], made: list[float | None], tmp_path: Path
) -> None:
    more = {"sent": [1_300_000_000_000 + row for row in range(5)], "typed": [dt.date(2011, 1, 1)] * 5}
    kinds = KINDS | {"sent": "time", "typed": "time"}
    for options in ({}, {"folder": tmp_path / "data"}):
        reading = read(kinds, LOG | more, **options).event_readings[name]
        assert FieldReading.from_json(json.loads(json.dumps(reading.to_json()))) == reading
        value = reading.read_said(said)
        assert value.dtype == np.float32
        assert np.allclose(value, np.array(made, dtype=np.float32), rtol=1e-6, equal_nan=True)


def test_values_one_by_one_are_the_column() -> None:
    dataset = read(KINDS)
    place = [1, 3, 2, 4, 0]  # rows of the log as they are sorted
    for name, reading in dataset.event_readings.items():
        column = dataset.histories.fields[name]
        assert np.array_equal(reading.read_said([LOG[name][row] for row in place]), column, equal_nan=True)
    assert list(dataset.event_readings) == ["amount", "paid", "shipped"]


def test_events_that_differ_in_a_further_column_are_no_duplicates() -> None:
    log = {name: values[:3] + values[:3] for name, values in LOG.items()} | {"amount": [1, 1, 1, 2, 1, 1]}
    assert prepare(log).dataset.num_events == 3
    assert read({"amount": "number"}, log).num_events == 4


def test_online_retail_brings_quantity_price_and_country(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "online-retail" / "online_retail.parquet"
    names = {"user_id": "CustomerID", "item_id": "StockCode", "timestamp": "InvoiceDate"}
    fields = {"Quantity": None, "UnitPrice": None, "Country": None}
    dataset = prepare(path, columns=names | {"event_fields": fields}, folder=tmp_path / "data").dataset
    assert list(dataset.event_vocabs) == ["Country"]
    lines = pl.read_parquet(path)
    counts = np.bincount(dataset.histories.fields["Country"])
    assert dataset.event_vocabs["Country"].decode([counts.argmax()])[0] == "United Kingdom"
    assert len(dataset.event_vocabs["Country"]) == lines["Country"].n_unique()
    bought = lines.filter(pl.col("CustomerID").is_not_null())
    dearest = float(np.expm1(dataset.histories.fields["UnitPrice"].max()))
    assert dearest == pytest.approx(float(bought["UnitPrice"].max()), rel=1e-4)  # type: ignore[arg-type]
    assert dataset.histories.fields["Quantity"].min() == bought["Quantity"].min()
