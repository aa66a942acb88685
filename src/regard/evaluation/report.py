"""Report: a model beside its baselines on the same queries, with tests, a table and a plain verdict.

The first evaluation is the model, all others are baselines. Differences are tested user by user, and the
p-values adjusted for the number of baselines. It neither ranks nor draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from regard.evaluation.baselines import LeftOut
from regard.evaluation.protocol import Evaluation
from regard.evaluation.significance import Interval, holm, paired_test

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Comparison", "Report"]

_ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The model against one baseline in the main metric.

    Parameters
    ----------
    baseline
        Name of the baseline.
    difference
        Model minus baseline, with the interval of the difference (not adjusted).
    p_value
        Of the paired sign-flip test.
    p_adjusted
        The same after Holm's correction for the number of baselines.
    """

    baseline: str
    difference: Interval
    p_value: float
    p_adjusted: float

    @property
    def ahead(self) -> bool:
        """Whether the model is significantly better (5 % level, adjusted)."""
        return self.p_adjusted < _ALPHA and self.difference.value > 0

    @property
    def behind(self) -> bool:
        """Whether the model is significantly worse (5 % level, adjusted)."""
        return self.p_adjusted < _ALPHA and self.difference.value < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Evaluations of several systems on the same queries, the model first.

    Parameters
    ----------
    evaluations
        The model, then its baselines.
    comparisons
        The model against each baseline, in the same order.
    left_out
        Baselines that the catalogue is too large for.
    """

    evaluations: tuple[Evaluation, ...]
    comparisons: tuple[Comparison, ...]
    left_out: tuple[LeftOut, ...] = ()

    @classmethod
    def of(cls, evaluations: list[Evaluation], *, left_out: Sequence[LeftOut] = ()) -> Report:
        """Compare the first evaluation with each of the others; name the baselines that are missing."""
        assert evaluations, "a report needs at least the model"
        model = evaluations[0]
        asked = model.per_user.select("user", "target")
        for other in evaluations:
            assert other.options == model.options, f"{other.name} was evaluated with other options"
            assert other.per_user.select("user", "target").equals(asked), f"{other.name}: other queries"
        options = model.options
        own = model.per_user[options.main_metric].to_numpy()
        tests = [
            paired_test(
                own,
                other.per_user[options.main_metric].to_numpy(),
                confidence=options.confidence,
                seed=options.seed,
            )
            for other in evaluations[1:]
        ]
        adjusted = holm(np.array([test.p_value for test in tests]))
        return cls(
            evaluations=tuple(evaluations),
            left_out=tuple(left_out),
            comparisons=tuple(
                Comparison(
                    baseline=other.name,
                    difference=test.difference,
                    p_value=test.p_value,
                    p_adjusted=float(p_adjusted),
                )
                for other, test, p_adjusted in zip(evaluations[1:], tests, adjusted, strict=True)
            ),
        )

    @property
    def model(self) -> Evaluation:
        """The system that the report is about."""
        return self.evaluations[0]

    def verdict(self) -> str:
        """Say in one sentence how the model stands.

        p-values are those of the paired tests after Holm's correction.
        """
        metric = _title(self.model.options.main_metric)
        if not self.comparisons:
            return f"{self.model.name}: {metric} {_interval(self.model.main)}; nothing to compare with."
        ahead = [one for one in self.comparisons if one.ahead]
        if len(ahead) == len(self.comparisons):
            worst = _p(max(one.p_adjusted for one in ahead)).replace("=", "≤")
            which = "every baseline that could be fitted" if self.left_out else "every baseline"
            return f"{self.model.name} is ahead of {which} in {metric} (p {worst})."
        behind = [one for one in self.comparisons if one.behind]
        level = [one for one in self.comparisons if not one.ahead and not one.behind]
        clauses = []
        if behind:
            clauses.append(f"behind {_named(behind)}")
        if level:
            clauses.append(f"not distinguishable from {_named(level)}")
        if ahead:
            clauses.append(f"ahead of {_named(ahead)}")
        return f"{self.model.name} is, in {metric}, {'; '.join(clauses)}."

    def to_frame(self) -> pl.DataFrame:
        """Return one row a system and metric: ``system, metric, value, low, high``."""
        return pl.DataFrame(
            [
                {"system": one.name, "metric": metric.name} | asdict(metric.mean)
                for one in self.evaluations
                for metric in one.metrics
            ]
        )

    def summary(self) -> pl.DataFrame:
        """Return the table that people read: one row a system, the main numbers as text."""
        k = self.model.options.main_k
        interval = f"{self.model.options.confidence:.0%} interval"
        differences = ["", *(f"{one.difference.value:+.4f}" for one in self.comparisons)]
        p_values = ["", *(_p(one.p_adjusted).removeprefix("= ") for one in self.comparisons)]
        return pl.DataFrame(
            [
                {
                    "System": one.name,
                    f"NDCG@{k}": f"{one.main.value:.4f}",
                    interval: f"{one.main.low:.3f} to {one.main.high:.3f}".replace("0.", "."),
                    f"Recall@{k}": f"{one.metric(f'recall@{k}').value:.4f}",
                    f"MRR@{k}": f"{one.metric(f'mrr@{k}').value:.4f}",
                    "Coverage": f"{one.beyond.coverage:.0%}",
                    "Novelty (bits)": f"{one.beyond.novelty:.1f}",
                    "s per 1000 users": f"{one.seconds_per_1000_users:.2f}",
                    "Difference": difference,
                    "p": p_value,
                }
                for one, difference, p_value in zip(self.evaluations, differences, p_values, strict=True)
            ]
        )

    def notes(self) -> str:
        """Say what a reader of the table must know, in one paragraph."""
        model = self.model
        notes = [f"{model.num_users:,} users, one target each, ranked among the whole catalogue."]
        if model.unseen_targets:
            notes.append(f"{model.unseen_targets:,} targets never occur in the training data.")
        if model.repeated_targets and model.options.exclude_seen:
            notes.append(f"{model.repeated_targets:,} targets repeat the history and cannot be hit.")
        if self.comparisons:
            notes.append(
                f"p: paired test of {_title(model.options.main_metric)} against {model.name}, "
                f"Holm's correction for {len(self.comparisons)} comparisons."
            )
        notes += [f"{one.name} was left out: {one.reason}." for one in self.left_out]
        return " ".join(notes)

    def to_json(self) -> dict[str, Any]:
        """Return everything but the values user by user as a dictionary that JSON can hold."""
        return {
            "verdict": self.verdict(),
            "main_metric": self.model.options.main_metric,
            "evaluations": [one.to_json() for one in self.evaluations],
            "comparisons": [asdict(one) for one in self.comparisons],
            "left_out": [asdict(one) for one in self.left_out],
        }

    def table(self) -> Table:
        """Return the summary for a terminal of 80 columns, the best values in bold; see also `verdict`."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        frame = self.summary().drop("Coverage", "Novelty (bits)", "s per 1000 users", "Difference")
        table = Table(box=box.SIMPLE_HEAD, caption=self.notes(), caption_justify="left")
        for place, column in enumerate(frame.columns):
            table.add_column(column, justify="left" if place == 0 else "right", overflow="fold")
        metrics = [name for name in frame.columns if "@" in name]
        best = {name: max(frame[name].to_list(), key=float) for name in metrics if frame.height > 1}
        for place, row in enumerate(frame.iter_rows(named=True)):
            table.add_row(
                *(Text(text, style="bold" if best.get(name) == text else "") for name, text in row.items()),
                style="cyan" if place == 0 else None,
            )
        return table


def _interval(interval: Interval) -> str:
    return f"{interval.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def _title(metric: str) -> str:
    return metric.capitalize() if metric.startswith(("recall", "precision")) else metric.upper()


def _p(p_value: float) -> str:
    return "< .001" if p_value < 0.001 else f"= {p_value:.3f}".replace("0.", ".", 1)


def _named(comparisons: list[Comparison]) -> str:
    parts = [f"{one.baseline} (p {_p(one.p_adjusted)})" for one in comparisons]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
