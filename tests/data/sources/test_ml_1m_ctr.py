"""ml-1m-ctr: three files one after the other, whose borders are the cuts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from regard.data.impression_split import split_impressions
from regard.data.impression_table import read_impressions
from regard.data.sources.ml_1m_ctr import read_ml_1m_ctr
from regard.data.split import SplitSpec
from regard.errors import DataError


def test_cutting_at_its_cuts_gives_the_published_parts(shared_data: Path) -> None:
    data = read_ml_1m_ctr(shared_data / "ml-1m-ctr")
    read = read_impressions(data.shown, columns=data.columns)
    valid, test = data.cuts
    whole = split_impressions(read.impressions, SplitSpec(at=test))
    part = split_impressions(whole.train, SplitSpec(at=valid))
    assert [len(part.train), len(part.test), len(whole.test)] == [33_891, 10_401, 7331]
    assert read.report.rates["click"] == pytest.approx(0.536, abs=0.001)


def test_parts_that_overlap_in_time_are_refused(tmp_path: Path) -> None:
    part = pl.DataFrame({"user_id": [1], "item_id": [1], "label": [1], "timestamp": [5], "history": [[2]]})
    for name in ("train", "valid", "test", "items"):
        part.write_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match=r"valid.parquet: begins at 5, but the part before it ends at 5"):
        read_ml_1m_ctr(tmp_path)
