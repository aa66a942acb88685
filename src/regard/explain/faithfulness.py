"""Faithfulness: which explanations are true of the model, measured over users.

Each user's first item is explained by each method; then events are removed in the order that the method
gives (`regard.explain.curves`), the same question is asked with events of one moment in another order
(`regard.explain.stability`), and counterfactuals are looked for and checked. Attention, the latest events
first and a random order stand in every report: what is not better than these explains nothing. Intervals are
over users (`regard.evaluation.significance`).

It does not know how models are trained. Shape letters: Q questions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
import pydantic

from regard.config import Config
from regard.data.histories import Histories
from regard.errors import ConfigError
from regard.evaluation.significance import bootstrap_interval
from regard.explain.counterfactual import Counterfactual, beam, greedy
from regard.explain.curves import BETTER, GRID, curves
from regard.explain.edits import reordered
from regard.explain.faithfulness_report import FaithfulnessReport, Measured, Searched
from regard.explain.methods.base import Attribution, Method
from regard.explain.methods.book import CONTROLS, fitting
from regard.explain.question import Question
from regard.explain.stability import agreement, shuffled_ties
from regard.recommend.recommender import Recommender

__all__ = ["FaithfulnessConfig", "measure_explanations", "questions_of"]

_SEARCHES = {"greedy": greedy, "beam": beam}


class FaithfulnessConfig(Config):
    """What is measured.

    Attributes
    ----------
    users
        How many users' first items are explained.
    k
        Length of the list that an item may fall out of; counterfactuals are also looked for with k = 1.
    longest
        Only so many of the latest events are given to the model; None: what it reads.
    methods
        Names of methods; None: all but ``one by one``, whose cost grows with the square of the history.
        Controls are always added.
    counterfactual_users, stability_users
        How many of the users these, which cost more, are measured for.
    most_removed
        Largest counterfactual set.
    seed
        Of the users that are drawn and of what methods draw.
    """

    users: int = pydantic.Field(default=500, ge=1)
    k: int = pydantic.Field(default=10, ge=1)
    longest: int | None = pydantic.Field(default=None, ge=1)
    methods: tuple[str, ...] | None = None
    counterfactual_users: int = pydantic.Field(default=100, ge=0)
    stability_users: int = pydantic.Field(default=100, ge=0)
    most_removed: int = pydantic.Field(default=5, ge=1)
    seed: int = 0


def measure_explanations(
    recommender: Recommender,
    histories: Histories,
    config: FaithfulnessConfig | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> FaithfulnessReport:
    """Measure the methods that fit the recommender's model.

    Parameters
    ----------
    recommender
        Whose recommendations are explained.
    histories
        Of the users that may be drawn; some event of a history must be one that the model reads.
    config
        What is measured.
    progress
        Told after each user how many are done, of how many.

    Raises
    ------
    ConfigError
        If no history can be read, or a method does not exist.
    """
    chosen = config or FaithfulnessConfig()
    methods = _methods(recommender, chosen)
    questions = questions_of(recommender, histories, chosen)
    rows, found = [], []
    for place, question in enumerate(questions):
        stable = place < chosen.stability_users
        rows += [
            {"question": place, "method": method.name, "events": question.length}
            | _one(question, method, seed=chosen.seed, stable=stable)
            for method in methods
        ]
        if place < chosen.counterfactual_users:
            found += _searches(question, chosen)
        if progress is not None:
            progress(place + 1, len(questions))
    schema = {"tie_agreement": pl.Float64, "tie_first": pl.Float64}
    per_user = pl.DataFrame(rows, schema_overrides=schema)
    return FaithfulnessReport(
        users=len(questions),
        k=chosen.k,
        events=float(np.mean([question.length for question in questions])),
        methods=tuple(_measured(method, per_user) for method in methods),
        searches=_searched(found),
        per_user=per_user,
    )


def questions_of(
    recommender: Recommender, histories: Histories, config: FaithfulnessConfig
) -> list[Question]:
    """Return questions about the first item of users that are drawn at random.

    Raises
    ------
    ConfigError
        If the model can read no event of any history.
    """
    order = np.random.default_rng([config.seed, 11]).permutation(len(histories))
    questions: list[Question] = []
    for row in order:
        whole = histories.take(np.array([row]))
        if config.longest is not None:
            whole = whole.latest(config.longest)
        if recommender.read(whole).num_events == 0:
            continue
        first = int(recommender.rank(whole, k=1).item_UK[0, 0])
        if first >= 0:
            questions.append(Question.of(recommender, whole, first, k=config.k))
        if len(questions) == config.users:
            break
    if not questions:
        raise ConfigError(
            "explanations cannot be measured: no history has an event that the model knows; give other users"
        )
    return questions


def _methods(recommender: Recommender, config: FaithfulnessConfig) -> list[Method]:
    every = fitting(recommender.scorer, config.methods)
    if config.methods is None:
        return [method for method in every if method.name != "one by one"]
    named = {method.name for method in every}
    return every + [one for one in fitting(recommender.scorer, CONTROLS) if one.name not in named]


def _one(question: Question, method: Method, *, seed: int, stable: bool) -> dict[str, Any]:
    began = time.perf_counter()
    found = method.attribute(question, seed)
    spent = time.perf_counter() - began
    ties = _ties(question, method, found, seed=seed) if stable else {}
    drawn = curves(question, found.order())
    points = drawn.at(np.array(GRID))
    lines = {"left": points.left_P.tolist(), "known": points.known_P.tolist()}
    return {"calls": float(found.calls), "seconds": spent} | drawn.measures() | ties | lines


def _ties(question: Question, method: Method, found: Attribution, *, seed: int) -> dict[str, float | None]:
    """Return how far the explanation stays when events of one moment are shuffled."""
    order_E = shuffled_ties(question.history, seed)
    if order_E is None:
        return {"tie_agreement": None, "tie_first": None}
    other = method.attribute(question.about(reordered(question.history, order_E)), seed)
    back_E = np.empty(question.length)
    back_E[order_E] = other.value_E
    same = Attribution(value_E=back_E, calls=0).order()[0] == found.order()[0]
    return {"tie_agreement": agreement(found.value_E, back_E), "tie_first": float(same)}


def _searches(question: Question, config: FaithfulnessConfig) -> list[dict[str, object]]:
    """Look for counterfactuals with k = 1 and with the whole list."""
    found = []
    for k in dict.fromkeys((1, config.k)):
        asked = Question(
            recommender=question.recommender,
            history=question.history,
            item=question.item,
            candidate_V=question.candidate_V,
            k=k,
        )
        for name, search in _SEARCHES.items():
            began = time.perf_counter()
            one: Counterfactual = search(asked, most=config.most_removed)
            spent = time.perf_counter() - began
            size = len(one.removed)
            found.append({"search": name, "k": k, "seconds": spent, "size": size} | asdict(one))
    return found


def _measured(method: Method, per_user: pl.DataFrame) -> Measured:
    own = per_user.filter(pl.col("method") == method.name)
    intervals = {name: bootstrap_interval(own[name].to_numpy()) for name in BETTER}
    for name in ("tie_agreement", "tie_first"):
        known = own[name].drop_nulls() if name in own.columns else pl.Series([], dtype=pl.Float64)
        if len(known):
            intervals[name] = bootstrap_interval(known.to_numpy())
    return Measured(
        name=method.name,
        covers=method.covers,
        faithful=method.faithful,
        measures=intervals,
        calls=_mean(own["calls"]),
        milliseconds=1000 * _mean(own["seconds"]),
        left=_mean_line(own["left"]),
        known=_mean_line(own["known"]),
    )


def _mean_line(lines: pl.Series) -> tuple[float, ...]:
    return tuple(np.mean(lines.to_list(), axis=0).tolist())


def _searched(found: Sequence[dict[str, object]]) -> tuple[Searched, ...]:
    if not found:
        return ()
    frame = pl.DataFrame(found, schema_overrides={"removed": pl.List(pl.Int64)})
    searched = []
    for (name, k), own in frame.group_by("search", "k", maintain_order=True):
        hits = own.filter("found")
        searched.append(
            Searched(
                name=str(name),
                k=int(str(k)),
                users=own.height,
                found=bootstrap_interval(own["found"].cast(pl.Float64).to_numpy()),
                verified=int(hits["verified"].sum()),
                smallest=int(hits["smallest"].sum()),
                size=_mean(hits["size"]) if hits.height else None,
                sizes={size: int((hits["size"] == size).sum()) for size in sorted(set(hits["size"]))},
                calls=_mean(own["calls"]),
                milliseconds=1000 * _mean(own["seconds"]),
            )
        )
    return tuple(searched)


def _mean(column: pl.Series) -> float:
    return float(np.mean(column.to_numpy()))
