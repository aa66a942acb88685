"""Plots are SVG that shows the numbers, whatever the numbers are."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from regard.data.split import SplitSpec, hold_out
from regard.errors import MissingExtraError
from regard.evaluation import plots
from regard.evaluation.popularity import Popularity, RandomScorer, RecentPopularity
from regard.evaluation.protocol import EvaluateOptions, evaluate
from regard.evaluation.report import Report


@pytest.fixture(scope="module")
def report(ml100k, serve) -> Report:
    holdout = hold_out(ml100k, SplitSpec())
    scorers = {
        "Recent <b> & 'co'": RecentPopularity.fit(holdout.train),
        "Popularity": Popularity.fit(holdout.train),
        "Random": RandomScorer(num_items=1682),
    }
    options = EvaluateOptions(bootstrap=100)
    return Report.of(
        [
            evaluate(
                serve(scorer, holdout.train), holdout.queries, train=holdout.train, name=name, options=options
            )
            for name, scorer in scorers.items()
        ]
    )


def _words(svg: str) -> list[str]:
    """Every text of a plot; fails if it is not well-formed or asks for anything outside."""
    assert "<script" not in svg
    assert not re.search(r"(?:href|src)=\"(?!#)|url\((?!#)|@import", svg)
    return [part.strip() for part in ElementTree.fromstring(svg).itertext() if part.strip()]


def test_bars_name_every_system_and_its_value(report):
    words = _words(plots.metric_bars(report))
    for one in report.evaluations:
        assert one.name in words
        assert f"{one.main.value:.3f}" in words


@pytest.mark.parametrize("by", ["history length", "target popularity"])
def test_slices_show_bounds_and_numbers_of_users(report, by):
    words = _words(plots.slice_lines(report, by))
    for part in report.model.slices:
        if part.by == by:
            assert part.label in words
            assert f"{part.users} users" in words
    assert report.model.name in words


def test_the_training_curve_marks_the_best_epoch():
    words = _words(plots.training_curve([1, 2, 3], [7.0, 6.0, 5.5], [0.02, 0.05, 0.04], metric="NDCG@10"))
    assert "best: epoch 2" in words
    assert {"Training loss", "NDCG@10", "Epoch"} <= set(words)


def test_a_training_without_validation_shows_the_loss_alone():
    words = _words(plots.training_curve([1, 2], [7.0, float("nan")], [None, None], metric="NDCG@10"))
    assert "Training loss" in words
    assert "NDCG@10" not in words


@pytest.mark.parametrize("lengths", [[5], [1, 1, 1], [0, 0], [1, 10, 100_000], list(range(1, 2000))])
def test_histories_of_any_length_are_counted(lengths):
    words = _words(plots.length_histogram(np.array(lengths)))
    some = [length for length in lengths if length] or [1]
    assert f"median {np.median(some):,.0f}" in words


@pytest.mark.parametrize("counts", [[3], [0, 0], [1, 5, 5, 0], [10**9] + [1] * 5000])
def test_the_long_tail_of_any_catalogue_is_drawn_small(counts):
    svg = plots.long_tail(np.array(counts))
    assert any(word.startswith("20% of the items:") for word in _words(svg))
    assert len(svg) < 60_000


def test_the_long_tail_says_what_a_fifth_of_the_items_takes():
    words = _words(plots.long_tail(np.array([1, 6, 1, 1, 1])))
    assert "20% of the items: 60% of the events" in words


def test_influences_are_sorted_cut_and_finite():
    labels = ["weak", "strong <i>", "against", "strong <i>", 'never "said"']
    words = _words(plots.influence_bars(labels, [0.1, 2.0, -1.0, float("inf"), float("nan")], top=4))
    shown = [word for word in words if word in labels]
    assert sorted(shown) == ["against", "strong <i>", "strong <i>", "weak"]


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingExtraError, match=r"regard\[report\]"):
        plots.long_tail(np.array([1]))
