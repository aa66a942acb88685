"""Rates: how often what was shown of an item, or to a user, was clicked, as it was known at each request.

A table of ids learns an item's rate from the very labels that it is then asked to predict, and trusts itself
too much. A rate counted from what came strictly before a request is as honest in training as it is later,
which is why systems that predict clicks count (He et al., "Practical Lessons from Predicting Clicks on Ads at
Facebook", ADKDD 2014). Rates are smoothed towards that of the whole log and given as log-odds, beside the
number of times that they come from.

Shape letters: K candidates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from regard.data.feedback import OUTCOME, Feedback, Past
from regard.data.histories import Histories
from regard.data.impressions import Impressions, histories_at

__all__ = ["RATES", "rates_at"]

RATES: Final = ("item rate", "item count", "user rate", "user count", "user recently")
_PRIOR = 10.0  # times that a rate is smoothed by
_RECENT = 10  # latest times that a user's recent rate comes from
_RECENT_PRIOR = 2.0


def rates_at(impressions: Impressions, past: Past, *, items: int) -> dict[str, np.ndarray]:
    """Return by name of `RATES` ``[K]`` float32: log-odds of rates, logarithms of counts.

    Parameters
    ----------
    impressions
        Users' rates count their earlier ones too; items' rates only what `past` knows.
    past
        What is known; of it, what came strictly before each request counts.
    items
        Number of items.

    Examples
    --------
    >>> shown = Impressions.of([[0], [0], [0]], clicked=[[0], [0], []], users=[0, 1, 0])
    >>> past = Past(kind="shown", action="click", known=Feedback.nothing(), users=2, level=0.5)
    >>> np.expm1(rates_at(shown, past.after(shown), items=1)["item count"]).round().tolist()
    [0.0, 1.0, 2.0]
    """
    known = past.known
    time_K = np.repeat(impressions.time_I, impressions.lengths)
    every = known
    if past.action in impressions.labels:
        every = known.plus(Feedback.of(impressions, action=past.action, kind="shown"))
    # A candidate asks for its item's events as it asks for its user's.
    by_item = replace(known, user_N=known.item_N).histories(items)
    of_items = histories_at(_asking(impressions.item_K, time_K), by_item)
    of_users = histories_at(_asking(impressions.users(), time_K), every.histories(past.users))
    lately = of_users.latest(_RECENT)
    made = (
        _odds(of_items, past.level, _PRIOR),
        np.log1p(of_items.lengths).astype(np.float32),
        _odds(of_users, past.level, _PRIOR),
        np.log1p(of_users.lengths).astype(np.float32),
        _odds(lately, past.level, _RECENT_PRIOR),
    )
    return dict(zip(RATES, made, strict=True))


def _asking(number_K: np.ndarray, time_K: np.ndarray) -> Impressions:
    return Impressions(
        offsets=np.arange(len(number_K) + 1), user_I=number_K, time_I=time_K, item_K=number_K, labels={}
    )


def _odds(before: Histories, level: float, prior: float) -> np.ndarray:
    total = np.concatenate([[0], np.cumsum(before.fields[OUTCOME])])
    clicked = total[before.stop] - total[before.start]
    rate = (clicked + prior * level) / (before.lengths + prior)
    odds: np.ndarray = np.log(rate / (1 - rate)).astype(np.float32)
    return odds
