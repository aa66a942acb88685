"""Public data sets are read from their original files, with their published counts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from regard.data.prepare import prepare
from regard.data.sources.public import PUBLIC_NAMES, get_public, read_public
from regard.errors import DataError


@pytest.mark.parametrize(
    ("name", "folder", "counts"),
    [
        ("ml-100k", "ml-100k", (100_000, 943, 1_682)),
        ("ml-1m", "ml-1m", (999_608, 6_040, 3_416)),
        ("amazon-2014-beauty", "amazon-2014", (198_502, 22_363, 12_101)),
        ("amazon-2014-toys", "amazon-2014", (167_597, 19_412, 11_924)),
    ],
)
def test_the_published_counts_are_met(
    shared_data: Path, name: str, folder: str, counts: tuple[int, int, int]
) -> None:
    data = read_public(name, shared_data / folder)
    prepared = prepare(data.events, items=data.items, users=data.users)
    report = prepared.report
    assert (report.events, report.users, report.items) == counts
    assert prepared.dataset.item_table["title"].null_count() < 0.3 * report.items
    assert data.licence
    assert data.homepage.startswith("https://")


def test_what_get_writes_is_what_prepare_reads(shared_data: Path, tmp_path: Path) -> None:
    get_public("ml-100k", tmp_path, source=shared_data / "ml-100k")
    prepared = prepare(
        tmp_path / "events.parquet", items=tmp_path / "items.parquet", users=tmp_path / "users.parquet"
    )
    assert prepared.dataset.titles()[0] == "Toy Story (1995)"
    assert prepared.dataset.user_table["occupation"].null_count() == 0
    assert "no redistribution" in (tmp_path / "LICENCE.txt").read_text()
    assert pl.read_parquet(tmp_path / "items.parquet")["genres"].dtype == pl.List(pl.String)


def test_an_unknown_name_and_a_folder_without_the_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'ml-100k'"):
        get_public("ml100k", tmp_path)
    with pytest.raises(DataError, match=r"holds no u\.data or ml-100k\.inter; get the files from https"):
        read_public("ml-100k", tmp_path)
    for name in PUBLIC_NAMES:
        if name != "ml-100k":
            with pytest.raises(DataError, match="--source FOLDER"):
                get_public(name, tmp_path)
