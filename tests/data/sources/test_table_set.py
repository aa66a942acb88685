"""What readers of public data sets share."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from regard.data.sources.table_set import PublicData, need, split_lines
from regard.errors import DataError


def test_fields_may_be_separated_by_more_than_one_character(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_bytes('1::Amélie, the "one"::a|b\n\n2::B::c\n'.encode("latin-1"))
    rows = split_lines(tmp_path / "x.dat", ["id", "title", "genres"], separator="::", encoding="latin-1")
    assert rows.rows() == [("1", 'Amélie, the "one"', "a|b"), ("2", "B", "c")]


def test_the_first_file_that_exists_is_taken_and_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    assert need(tmp_path, "a", "b", name="set", homepage="https://x").name == "b"
    with pytest.raises(DataError, match=r"set: .* holds no a or c; get the files from https://x"):
        need(tmp_path, "a", "c", name="set", homepage="https://x")


def test_tables_are_written_with_their_licence(tmp_path: Path) -> None:
    events = pl.DataFrame({"user_id": [1], "item_id": [2], "timestamp": [3]})
    PublicData(
        name="set", events=events, items=None, users=None, licence="Be kind.", homepage="https://x"
    ).write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["LICENCE.txt", "events.parquet"]
    assert "Be kind." in (tmp_path / "out" / "LICENCE.txt").read_text()
