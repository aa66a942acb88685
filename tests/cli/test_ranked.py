"""Scores are tables with the caller's ids; unknown ones are null."""

from __future__ import annotations

import pytest

from regard.cli.ranked import document, measured, scores_of, show_metrics, show_scores
from regard.data.impression_table import read_impressions
from regard.ranking import RankingModel, fit_ranker

LOG = {
    "user_id": [u % 7 for u in range(200)],
    "item_id": [i % 9 for i in range(200)],
    "timestamp": list(range(200)),
    "click": [int((i * i) % 9 > 3) for i in range(200)],
}


@pytest.fixture(scope="module")
def ranker() -> RankingModel:
    settings = {"train": {"epochs": 1}, "shape": {"width": 8}}
    return fit_ranker(read_impressions(LOG), settings=settings)


def test_unknown_ids_are_null_and_tables_are_shown(
    ranker: RankingModel, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"user_id": [3, 99], "item_id": [88, 2], "timestamp": [300, 300]}
    read = read_impressions(asked, users=ranker.users, items=ranker.items, labelled=False)
    frame = scores_of(ranker, read.impressions, None)
    assert frame["user_id"].to_list() == [3, None]
    assert frame["item_id"].to_list() == [None, 2]
    show_scores(frame)
    assert "user_id" in capsys.readouterr().out


def test_metrics_are_shown_and_documented(ranker: RankingModel, capsys: pytest.CaptureFixture[str]) -> None:
    found = measured(ranker, read_impressions(LOG).impressions, "click", None)
    show_metrics([found])
    assert "auc" in capsys.readouterr().out
    assert set(document(found)) >= {"metrics", "candidates", "reliability"}
    by_value = measured(ranker, read_impressions(LOG).impressions, "click", "0 - click")
    assert by_value.values["auc"].value == pytest.approx(1 - found.values["auc"].value, abs=1e-6)
