"""Stages: a pipeline of retrieval and ranking judged as one system.

What is not handed over cannot be shown: the recall of the candidates bounds that of the lists. So both are
measured on the same questions, with what each source of candidates brings, and the lists beside those of
retrieval alone, with coverage and diversity. It knows no model.

Shape letters: U questions, N sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regard.evaluation.protocol import Evaluation
from regard.evaluation.significance import Interval, bootstrap_interval, paired_test

__all__ = ["Stages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What the stages of a pipeline achieve.

    Parameters
    ----------
    handed_over
        Share of the targets that are candidates.
    by_source
        By source, the share that it proposes.
    only_by_source
        By source, the share that no other one proposes.
    candidates
        Mean number of candidates.
    pipeline, retrieval
        Lists of both stages, and of retrieval alone.
    change
        Of the main metric: pipeline less retrieval, of the same users.
    p_value
        Of that change.
    diversity
        By system, the mean diversity of its lists; None where nothing can be compared.
    """

    handed_over: Interval
    by_source: Mapping[str, float]
    only_by_source: Mapping[str, float]
    candidates: float
    pipeline: Evaluation
    retrieval: Evaluation
    change: Interval
    p_value: float
    diversity: Mapping[str, float | None]

    @classmethod
    def of(
        cls,
        pipeline: Evaluation,
        retrieval: Evaluation,
        *,
        sources: tuple[str, ...],
        rank_UN: np.ndarray,
        count_U: np.ndarray,
        diversity: Mapping[str, np.ndarray],
    ) -> Stages:
        """Judge both on the same questions.

        Parameters
        ----------
        pipeline, retrieval
            Of the same questions.
        sources
            Names of the N sources.
        rank_UN
            ``[U, N]`` rank at which a source proposed the target; 0: it did not.
        count_U
            ``[U]`` number of candidates.
        diversity
            By system, ``[U]`` diversity of each list, NaN where it has none.
        """
        found_UN = rank_UN > 0
        alone_U = found_UN.sum(axis=1) == 1
        metric = pipeline.options.main_metric
        test = paired_test(pipeline.per_user[metric].to_numpy(), retrieval.per_user[metric].to_numpy())
        return cls(
            handed_over=bootstrap_interval(
                np.asarray(found_UN.any(axis=1), dtype=np.float64),
                resamples=pipeline.options.bootstrap,
                confidence=pipeline.options.confidence,
                seed=pipeline.options.seed,
            ),
            by_source=dict(zip(sources, found_UN.mean(axis=0).tolist(), strict=True)),
            only_by_source=dict(
                zip(sources, (found_UN & alone_U[:, None]).mean(axis=0).tolist(), strict=True)
            ),
            candidates=float(count_U.mean()),
            pipeline=pipeline,
            retrieval=retrieval,
            change=test.difference,
            p_value=test.p_value,
            diversity={name: _mean(value_U) for name, value_U in diversity.items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything but the values user by user as a dictionary that JSON can hold."""
        return {
            "handed_over": asdict(self.handed_over),
            "by_source": dict(self.by_source),
            "only_by_source": dict(self.only_by_source),
            "candidates": self.candidates,
            "pipeline": self.pipeline.to_json(),
            "retrieval": self.retrieval.to_json(),
            "change": asdict(self.change),
            "p_value": self.p_value,
            "diversity": dict(self.diversity),
        }

    def sentences(self) -> list[str]:
        """Say what people want to know, a sentence each."""
        sources = ", ".join(
            f"{name} {share:.1%} ({self.only_by_source[name]:.1%} alone)"
            for name, share in self.by_source.items()
        )
        both, alone, change = self.pipeline, self.retrieval, self.change
        metric = both.options.main_metric.upper()
        diverse = ", ".join(
            f"{name} {value:.3f}" for name, value in self.diversity.items() if value is not None
        )
        said = [
            f"hand-over: {self.candidates:.0f} candidates of a user hold {self.handed_over.value:.1%} of the "
            f"targets; by source: {sources}",
            f"{metric}: {both.main.value:.4f}, retrieval alone {alone.main.value:.4f}, "
            f"change {change.value:+.4f} ({change.low:+.4f} to {change.high:+.4f}, p = {self.p_value:.3f})",
            f"coverage: {both.beyond.coverage:.1%}, retrieval alone {alone.beyond.coverage:.1%}",
        ]
        return [*said, f"diversity of lists: {diverse}"] if diverse else said


def _mean(value_U: np.ndarray) -> float | None:
    known = value_U[~np.isnan(value_U)]
    return float(known.mean()) if len(known) else None
