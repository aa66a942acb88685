"""Cold items: some items lose all their events, and whoever had one of them is asked for it.

What a model can say of an item that nobody has had yet shows only where it never learned from an event of
it. `hold_out_items` makes such items; `only_cold` keeps, of the queries of any split, those for items that
are new by themselves. Vocabularies and the table of items stay as they were, so a cold item keeps its number
and its attributes. Users keep what they did after the target: items are held out here, not a time.

A model that is trained over the whole vocabulary can meet the cold items, if only as answers that are never
right. What happens to an item that is really new shows where training has not heard of it at all
(`without_items`) and it joins the trained model afterwards (`regard.additions.add_items`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from regard.data.dataset import Dataset
from regard.data.split import Queries
from regard.data.vocab import Vocab
from regard.errors import ConfigError, SplitError

__all__ = ["ColdHoldout", "hold_out_items", "only_cold", "without_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdHoldout:
    """A log without some of its items, and questions for these.

    Parameters
    ----------
    train
        What a model may learn from, over the same users and items; cold items have no event in it.
    queries
        For each user who had a cold item after something else: the first of them. Histories hold none.
    cold_V
        ``[V]`` bool: the items that were held out.
    """

    train: Dataset
    queries: Queries
    cold_V: np.ndarray


def hold_out_items(dataset: Dataset, *, share: float = 0.05, seed: int = 0) -> ColdHoldout:
    """Take all events of some items away, and ask for these items.

    Parameters
    ----------
    dataset
        The log.
    share
        How many of the items that have events are held out, at least one; each is as likely as any other,
        however many events it has.
    seed
        Another seed holds out other items.

    Raises
    ------
    ConfigError
        If `share` does not lie between 0 and 1.
    SplitError
        If nothing is left to train on, or nobody had a cold item after another one.
    """
    if not 0 < share < 1:
        raise ConfigError(f"share = {share}: give a share of the items between 0 and 1, for instance 0.05")
    used = np.flatnonzero(dataset.item_counts)
    if len(used) == 0:
        raise SplitError("no item can be held out: the log has no events")
    chosen = np.random.default_rng(seed).choice(used, max(1, round(share * len(used))), replace=False)
    cold_V = np.zeros(len(dataset.items), dtype=bool)
    cold_V[chosen] = True
    train = dataset.part(dataset.histories.only(~cold_V))
    if train.num_events == 0:
        raise SplitError(f"{len(chosen)} of {len(used)} items held out: nothing is left to train on")
    queries = _queries(dataset, train, cold_V)
    if len(queries) == 0:
        raise SplitError(
            f"{len(chosen)} of {len(used)} items held out: nobody to ask, since no user had one of them "
            "after another item; hold out a larger share"
        )
    return ColdHoldout(train=train, queries=queries, cold_V=cold_V)


def only_cold(queries: Queries, cold_V: np.ndarray) -> Queries:
    """Return the queries whose target is marked in `cold_V` (``[V]`` bool); there may be none."""
    rows = np.flatnonzero(cold_V[queries.target])
    return replace(
        queries,
        user=queries.user[rows],
        histories=queries.histories.take(rows),
        target=queries.target[rows],
        target_time=queries.target_time[rows],
    )


def without_items(dataset: Dataset, gone_V: np.ndarray) -> Dataset:
    """Return the log over a smaller vocabulary, as if some items had never been heard of.

    Parameters
    ----------
    dataset
        The log.
    gone_V
        ``[V]`` bool: items to forget, with their events and attributes; the others get new numbers in the
        same order.

    Raises
    ------
    SplitError
        If no event is left.
    """
    histories = dataset.histories.only(~gone_V)
    if histories.num_events == 0:
        raise SplitError("without these items no event is left")
    kept = pl.Series(~gone_V)
    number_V = (np.cumsum(~gone_V) - 1).astype(np.int32)
    return replace(
        dataset,
        items=Vocab(dataset.items.ids.filter(kept)),
        item_table=dataset.item_table.filter(kept),
        histories=replace(histories, item=number_V[histories.item]),
    )


def _queries(dataset: Dataset, train: Dataset, cold_V: np.ndarray) -> Queries:
    """Ask each user for the first cold item, with the warm events before it."""
    histories, targets = dataset.histories, dataset.targets
    events, rows = histories.events(), histories.rows()
    cold_T = cold_V[histories.item[events]]
    asked_T = cold_T if targets is None else cold_T & targets.asked(histories, events)
    user, first = np.unique(rows[asked_T], return_index=True)
    place = np.flatnonzero(asked_T)[first]
    warm_before = np.concatenate([[0], np.cumsum(~cold_T)])[place]  # of all users before; train has no others
    begun = warm_before > train.histories.start[user]
    user, place, warm_before = user[begun], place[begun], warm_before[begun]
    return Queries(
        user=user.astype(np.int32),
        histories=replace(train.histories.of_users().take(user), stop=warm_before),
        target=np.asarray(histories.item[events[place]]),
        target_time=np.asarray(histories.time[events[place]]),
        targets=targets,
    )
