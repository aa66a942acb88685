"""The report says in plain words what the tests say in numbers."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from regard.evaluation.baselines import LeftOut
from regard.evaluation.metrics import Beyond
from regard.evaluation.protocol import EvaluateOptions, Evaluation, Metric
from regard.evaluation.report import Report
from regard.evaluation.significance import bootstrap_interval, paired_test

OPTIONS = EvaluateOptions(ks=(10,), bootstrap=200)
RNG = np.random.default_rng(0)
EASY = RNG.random(300)


def _evaluation(name: str, values: np.ndarray, target: int = 1, unseen: int = 0) -> Evaluation:
    columns = {f"{metric}@10": values for metric in ("ndcg", "recall", "precision", "mrr", "map")}
    return Evaluation(
        name=name,
        options=OPTIONS,
        metrics=tuple(Metric(name=m, mean=bootstrap_interval(v, resamples=200)) for m, v in columns.items()),
        beyond=Beyond(coverage=0.5, gini=0.5, mean_popularity=9.0, novelty=8.0),
        slices=(),
        unseen_targets=unseen,
        repeated_targets=0,
        seconds_per_1000_users=0.25,
        per_user=pl.DataFrame({"user": range(len(values)), "target": [target] * len(values)} | columns),
    )


def _hits(rate: float) -> np.ndarray:
    return (rate > EASY).astype(float)


def test_ahead_of_every_baseline():
    report = Report.of(
        [_evaluation("M", _hits(0.6)), _evaluation("A", _hits(0.3)), _evaluation("B", _hits(0.1))]
    )
    assert report.verdict() == "M is ahead of every baseline in NDCG@10 (p < .001)."
    assert [one.ahead for one in report.comparisons] == [True, True]
    assert report.comparisons[0].difference.value == pytest.approx(_hits(0.6).mean() - _hits(0.3).mean())


def test_not_distinguishable_and_behind_are_named_with_their_p_values():
    near = _hits(0.3)
    near[:2] = 1 - near[:2]
    report = Report.of(
        [
            _evaluation("M", _hits(0.3)),
            _evaluation("A", _hits(0.6)),
            _evaluation("B", near),
            _evaluation("C", _hits(0)),
        ]
    )
    verdict = report.verdict()
    assert verdict.startswith("M is, in NDCG@10, behind A (p < .001); not distinguishable from B (p = ")
    assert verdict.endswith("; ahead of C (p < .001).")
    assert report.comparisons[0].behind


def test_p_values_are_those_of_the_paired_test_after_holm():
    first, second, third = _hits(0.32), np.roll(_hits(0.3), 7), np.roll(_hits(0.25), 3)
    report = Report.of([_evaluation("M", first), _evaluation("A", second), _evaluation("B", third)])
    plain = [paired_test(first, other).p_value for other in (second, third)]
    assert [one.p_value for one in report.comparisons] == plain
    assert min(one.p_adjusted for one in report.comparisons) == pytest.approx(min(1, 2 * min(plain)))


def test_a_model_alone_is_only_described():
    assert "nothing to compare with" in Report.of([_evaluation("M", _hits(0.5))]).verdict()


def test_other_queries_cannot_be_compared():
    with pytest.raises(AssertionError, match="other queries"):
        Report.of([_evaluation("M", EASY), _evaluation("A", EASY, target=2)])


def test_the_table_fits_a_terminal_of_80_columns_and_marks_the_best():
    report = Report.of(
        [_evaluation("Model", _hits(0.6)), _evaluation("Popularity (30 d)", _hits(0.3), unseen=7)]
    )
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(report.table())
    text = console.file.getvalue()
    lines = [line for line in text.splitlines() if "Popularity (30 d)" in line]
    assert len(lines) == 1
    assert f"{_hits(0.6).mean():.4f}" in text
    assert re.search(rf"\x1b\[1;36m\s*{_hits(0.6).mean():.4f}", text)


def test_notes_count_the_targets_that_nobody_can_hit():
    report = Report.of([_evaluation("M", EASY, unseen=7), _evaluation("A", EASY, unseen=7)])
    assert "300 users" in report.notes()
    assert "7 targets never occur" in report.notes()


def test_a_baseline_that_was_left_out_is_named_with_its_reason_and_the_verdict_claims_no_more():
    missing = LeftOut(name="EASE", reason="EASE needs 9 GiB")
    report = Report.of([_evaluation("M", _hits(0.6)), _evaluation("A", _hits(0.1))], left_out=[missing])
    assert report.verdict() == "M is ahead of every baseline that could be fitted in NDCG@10 (p < .001)."
    assert report.notes().endswith("EASE was left out: EASE needs 9 GiB.")
    assert report.to_json()["left_out"] == [{"name": "EASE", "reason": "EASE needs 9 GiB"}]


def test_json_and_frame_hold_every_metric():
    report = Report.of([_evaluation("M", EASY), _evaluation("A", _hits(0.2))])
    read = json.loads(json.dumps(report.to_json()))
    assert read["evaluations"][0]["metrics"]["ndcg@10"]["value"] == pytest.approx(EASY.mean())
    assert read["comparisons"][0]["baseline"] == "A"
    frame = report.to_frame()
    assert frame.columns == ["system", "metric", "value", "low", "high"]
    assert frame.height == 10
    assert report.summary()["System"].to_list() == ["M", "A"]
