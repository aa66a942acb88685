"""Newcomers: how loudly items that nobody has had yet should speak, found on validation.

What attributes promise of an item is not on the scale of what histories taught of the others: at face value,
new items are recommended too seldom or too often. What is taken from their scores, or added, is therefore
chosen where it can be seen: among questions whose answer was new at the cut.

Most logs have few of these. There, one in ten of the known items, of every frequency, is asked for as if it
were new: without its id, its place in the memory and its trend. Over a wide range the choice moves NDCG@10
little, and the share of new items that are found much, so new items are given a small share of NDCG@10:
nobody can learn of an item that is never shown. What that costs in truth is less, as fewer items are new.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch

from regard.data.dataset import Dataset
from regard.data.split import Holdout
from regard.models.blend import Blend
from regard.models.causal import CausalModel
from regard.models.items import ItemEncoder
from regard.models.lending import lent
from regard.recommend.serving import recommender_of
from regard.train.examples import Examples, examples_of

__all__ = ["forgotten", "pretended", "taken_from_new"]

_TAKEN = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # in units of the spread of scores
_ADDED = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 8.0)
_ENOUGH = 100  # questions with a new answer
_ONE_IN = 10
_WORTH = 1.01


def taken_from_new(
    model: CausalModel,
    blend: Blend,
    held: Holdout,
    known: Dataset,
    *,
    spread: float,
    most: int,
    given: float = 0.0,
) -> float:
    """Return what is best taken from the scores of new items; less than nothing where they are worth more.

    Parameters
    ----------
    model
        Trained on ``held.train``, in evaluation mode.
    blend
        What is weighed beside it, with its weights.
    held
        The validation cut of `known`.
    known
        The whole training log.
    spread
        Standard deviation of the model's scores over items: what is tried are multiples of it.
    most
        At most this many questions are asked.
    given
        Share of NDCG@10 that may be given up for new items, where known ones have to stand in for them.
    """
    if not isinstance(model.items, ItemEncoder):
        return 0.0
    asked = examples_of(held, known, most=most, described_V=model.items.known_V)
    counts = held.train.item_counts
    if int((counts[asked.queries.target] == 0).sum()) >= _ENOUGH:
        tried = _tried(model, blend, asked, known=held.train, train=held.train, spread=spread)
        best = max(tried, key=lambda one: one.value)
        return best.taken if best.value > _WORTH * tried[0].value else 0.0
    gone_V = pretended(counts, model.items.described_V)
    if not gone_V.any() or len(asked) == 0:
        return 0.0
    train = held.train.part(held.train.histories.only(~gone_V))
    trend_V = torch.where(torch.from_numpy(gone_V), 0.0, blend.trend_V)
    with forgotten(model.items, gone_V):
        quiet = replace(blend, trend_V=trend_V)
        tried = _tried(model, quiet, asked, known=held.train, train=train, spread=spread)
    enough = (1 - given) * max(one.value for one in tried)
    return min(one.taken for one in tried if one.value >= enough)


def pretended(count_V: np.ndarray, described_V: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return ``[V]`` bool: one in ten of the known and described items, of every frequency."""
    usable = np.flatnonzero((count_V > 0) & described_V)
    order = usable[np.argsort(-count_V[usable], kind="stable")]
    tens = np.arange(0, len(order) - _ONE_IN + 1, _ONE_IN)
    chosen = order[tens + np.random.default_rng(seed).integers(0, _ONE_IN, size=len(tens))]
    gone_V = np.zeros(len(count_V), dtype=bool)
    gone_V[chosen] = True
    return gone_V


@contextmanager
def forgotten(items: ItemEncoder, gone_V: np.ndarray) -> Iterator[None]:
    """Let the encoder take some items for new ones for a while."""
    trained_V, cold_V = items.trained_V, items.cold_V
    items.trained_V = trained_V & ~torch.from_numpy(gone_V).to(trained_V.device)
    items.cold_V = torch.from_numpy(items.known_V) & ~items.trained_V.cpu()
    try:
        yield
    finally:
        items.trained_V, items.cold_V = trained_V, cold_V


@dataclass(frozen=True, slots=True)
class _Tried:
    taken: float
    value: float


def _tried(
    model: CausalModel, blend: Blend, asked: Examples, *, known: Dataset, train: Dataset, spread: float
) -> list[_Tried]:
    """Ask with several amounts taken or added; nothing is the first of them."""
    loaned = lent(blend, model.items)
    tried = []
    for units in (0.0, *_TAKEN, *(-step for step in _ADDED)):
        taken = units * spread
        weighed = replace(loaned, weights=blend.weights.changed(cold=taken))
        served = recommender_of(model, known=known, train=train, blend=weighed)
        tried.append(_Tried(taken, asked.ndcg(served)))
    return tried
