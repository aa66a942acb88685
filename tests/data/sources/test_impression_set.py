"""Reading lines of impression logs: malformed ones are named by their number in the file."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from regard.data.impression_columns import ImpressionColumns
from regard.data.sources.impression_set import PublicImpressions, read_fields, read_lines
from regard.errors import DataError


def test_lines_come_as_they_are_quotes_empty_lines_and_windows_ends_included(tmp_path: Path) -> None:
    text = b'a\t"b\r\n\nc,d\te\n'
    (tmp_path / "a.tsv").write_bytes(text)
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(text))
    for name in ("a.tsv", "b.tsv.gz"):
        assert read_lines(tmp_path / name).to_list() == ['a\t"b', None, "c,d\te"]
    (tmp_path / "empty.tsv").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be read"):
        read_lines(tmp_path / "empty.tsv")


def test_fields_are_strings_and_empty_ones_null() -> None:
    table = read_fields(pl.Series(["1\t\tx"]), ["a", "b", "c"], separator="\t", path=Path("f"))
    assert table.rows() == [("1", None, "x")]


def test_lines_with_other_numbers_of_fields_are_named() -> None:
    lines = pl.Series(["1,2", "1", None, "1,2,3", "1,2,3,4"])
    with pytest.raises(
        DataError,
        match=r"f.csv: 4 lines .* do not have 2 fields \(a to b\): line 12: '1', line 13: empty, line 14: '1,2,3', and 1 more",
    ):
        read_fields(lines, ["a", "b"], separator=",", path=Path("f.csv"), first_line=11)


def test_what_was_clicked_is_a_log_of_events() -> None:
    shown = pl.DataFrame(
        {"user_id": ["u", None, "v"], "item_id": [1, 1, 2], "timestamp": [5, 5, 6], "c": [1, 1, 0]}
    )
    log = PublicImpressions(
        name="x",
        shown=shown,
        columns=ImpressionColumns(labels={"click": "c"}),
        items=None,
        users=None,
        licence="",
        homepage="",
    )
    assert log.events().rows() == [("u", 1, 5)]
