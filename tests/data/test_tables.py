"""Every way to bring a table gives the same rows in the same order."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from regard.data.tables import open_table
from regard.errors import DataError, SchemaError

FRAME = pl.DataFrame({"user_id": ["a", "b", "c"], "item_id": [3, 1, 2]})


def test_batches_come_in_the_order_of_the_rows() -> None:
    frame = pl.DataFrame({"x": range(1000), "y": range(1000)})
    batches = list(open_table(frame).batches(["x"], size=64))
    assert len(batches) > 1
    assert pl.concat(batches)["x"].to_list() == list(range(1000))
    assert batches[0].columns == ["x"]


def test_a_table_can_be_read_twice(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "log.csv")
    table = open_table(tmp_path / "log.csv")
    assert table.read().equals(table.read())


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_of_a_text_file_is_seen_in_its_header(tmp_path: Path, mark: str) -> None:
    FRAME.write_csv(tmp_path / "log.csv", separator=mark)
    assert open_table(tmp_path / "log.csv").columns == ["user_id", "item_id"]


def test_text_arrives_as_strings_gzipped_or_not(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "log.tsv", separator="\t")
    with gzip.open(tmp_path / "log.tsv.gz", "wb") as file:
        file.write((tmp_path / "log.tsv").read_bytes())
    for name in ("log.tsv", "log.tsv.gz"):
        table = open_table(tmp_path / name)
        assert table.from_text
        assert table.read().equals(FRAME.cast(pl.String))


def test_a_folder_is_its_parquet_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    FRAME.slice(1).write_parquet(tmp_path / "part-2.parquet")
    FRAME.slice(0, 1).write_parquet(tmp_path / "part-1.parquet")
    assert open_table(tmp_path).read().equals(FRAME)


@pytest.mark.parametrize(
    "source", [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_pandas(), FRAME.to_dict(as_series=False)]
)
def test_frames_of_every_library_are_read(source: object) -> None:
    assert open_table(source).read().equals(FRAME)


def test_nan_of_pandas_stays_nan_so_that_checks_can_see_it() -> None:
    frame = pd.DataFrame({"weight": [1.0, float("nan")]})
    assert open_table(frame).read()["weight"].is_nan().to_list() == [False, True]


def test_a_missing_file_is_named_with_a_similar_one(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "events.csv")
    with pytest.raises(DataError, match=r"event\.csv: there is no such file; did you mean .*events\.csv"):
        open_table(tmp_path / "event.csv")
    with pytest.raises(DataError, match=r"the folder .* does not exist either"):
        open_table(tmp_path / "nowhere" / "event.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", b"", "empty"),
        ("log.xlsx", b"PK", "not a kind of file that Regard reads"),
        ("log.parquet", b"not parquet at all", "cannot be read"),
        ("log.csv.gz", b"not gzip", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read_are_refused_by_name(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        open_table(tmp_path / name).read()
    assert name in str(error.value)


def test_a_ragged_text_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(DataError, match=r"log\.csv: cannot be read"):
        open_table(tmp_path / "log.csv").read()


def test_a_folder_without_parquet_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no \.parquet file"):
        open_table(tmp_path)


def test_objects_that_are_no_table_are_refused() -> None:
    with pytest.raises(SchemaError, match="cannot read int"):
        open_table(7, kind="events")


def test_a_column_that_mixes_text_and_numbers_is_named_with_row_and_value() -> None:
    mixed = {"item_id": [1, 2, 3], "brand": ["a", None, 7]}
    for table in (mixed, pd.DataFrame(mixed), pd.DataFrame(mixed).replace({None: float("nan")})):
        with pytest.raises(SchemaError, match=r"the items: column 'brand', row 2: 7 is of type int"):
            open_table(table, kind="items")
