"""Open Bandit: with its propensities and positions, flat or as published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.data.impression_table import read_impressions
from regard.data.sources.open_bandit import read_open_bandit
from regard.errors import DataError


def test_the_real_log_has_positions_propensities_and_context(shared_data: Path) -> None:
    data = read_open_bandit(shared_data / "open-bandit", policy="bts", campaign="men")
    read = read_impressions(data.shown, columns=data.columns)
    shown = read.impressions
    assert (len(shown), int(shown.labels["click"].sum())) == (10_000, 69)
    assert shown.position_K is not None
    assert set(shown.position_K.tolist()) == {1, 2, 3}
    assert shown.propensity_K is not None
    assert np.array_equal(shown.propensity_K, data.shown["propensity_score"].to_numpy())
    assert shown.context is not None
    assert "user_feature_0" in shown.context.columns
    assert data.items is not None
    assert data.items.columns[:2] == ["item_id", "item_feature_0"]


def test_the_files_as_published_read_the_same(shared_data: Path, tmp_path: Path) -> None:
    flat = read_open_bandit(shared_data / "open-bandit", campaign="women").shown.head(50)
    folder = tmp_path / "random" / "women"
    folder.mkdir(parents=True)
    flat.with_row_index("").write_csv(folder / "women.csv")
    assert read_open_bandit(tmp_path, campaign="women").shown.equals(flat)
    flat.with_columns(pl.lit("x").alias("position")).write_csv(folder / "women.csv")
    with pytest.raises(DataError, match="column 'position', row 0: 'x' is no number"):
        read_open_bandit(tmp_path, campaign="women")


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no random/all/all.csv or random_all.parquet"):
        read_open_bandit(tmp_path)
