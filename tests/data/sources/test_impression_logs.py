"""Impression logs by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.data.impression_table import read_impressions
from regard.data.sources.impression_logs import IMPRESSION_LOGS, read_impression_log
from regard.errors import DataError

FOLDERS = {"mind": "mind-sample", "criteo": "ctr-samples", "avazu": "ctr-samples", "ml-1m-ctr": "ml-1m-ctr"}


@pytest.mark.parametrize("name", IMPRESSION_LOGS)
def test_every_log_becomes_impressions_without_a_problem(shared_data: Path, name: str) -> None:
    data = read_impression_log(name, shared_data / FOLDERS.get(name, "open-bandit"))
    read = read_impressions(data.shown, columns=data.columns)
    assert read.report.candidates == len(data.shown)
    assert read.impressions.actions == ("click",)
    assert read.report.warnings == ()
    assert data.licence
    assert data.homepage.startswith("https://")


def test_a_misspelt_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no impression log 'avasu'; did you mean 'avazu'"):
        read_impression_log("avasu", tmp_path)
    with pytest.raises(DataError, match=r"mind: .* holds no behaviors.tsv"):
        read_impression_log("mind", tmp_path)
