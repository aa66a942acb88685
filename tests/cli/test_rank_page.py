"""The page of a ranker: every metric with its interval, and a reliability plot for each action."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from regard.cli.rank_page import write_rank_page
from regard.data.impressions import Impressions
from regard.evaluation.click_report import measure_clicks

SHOWN = Impressions.of([[1, 2, 3]] * 40, clicked=[[1 + row % 3] for row in range(40)], users=[*range(40)])


def test_the_page_has_the_numbers_and_a_plot_where_there_are_probabilities(tmp_path: Path) -> None:
    score_K = np.random.default_rng(0).random(120)
    with_chance = measure_clicks(SHOWN, score_K, probabilities=score_K)
    text = write_rank_page(tmp_path / "page.html", [with_chance], name="ranker").read_text(encoding="utf-8")
    assert f"{with_chance.values['gauc'].value:.4f}" in text
    assert "Share that happened" in text
    alone = measure_clicks(SHOWN, score_K)
    text = write_rank_page(tmp_path / "alone.html", [alone], name="ranker").read_text(encoding="utf-8")
    assert "Share that happened" not in text
