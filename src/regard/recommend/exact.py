"""Exact top-k of the whole catalogue, in blocks: the one place where scores become a ranking.

A scorer that is `Searchable` is searched by rough scores first, see `regard.recommend.search`; of any other
all scores are ranked, by keys of which no two are equal (`regard.recommend.ranking`), so that the answer does
not depend on the block size, on the other users, or on how a sort treats ties. A tie goes to the lower item
number. It does not know where scores come from.

Shape letters: U users, B items of a block, k the length of a list.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

from regard.data.packing import PackedBatch
from regard.errors import ConfigError
from regard.models.protocols import Indexable, Ranked, Scorer, Searchable
from regard.recommend.approx import ApproxIndex
from regard.recommend.filters import Allowed
from regard.recommend.ranking import empty_ranking, items_of_keys, keys_of, scores_of_keys
from regard.recommend.search import search
from regard.recommend.shortlist import ranked_by_index

__all__ = ["top_k"]

Query = TypeVar("Query")


def top_k(
    scorer: Scorer[Query],
    batch: PackedBatch,
    *,
    k: int,
    allowed: Allowed,
    block: int = 65_536,
    index: ApproxIndex | None = None,
) -> Ranked:
    """Return the `k` best allowed items for each user of a batch.

    Time O(U V), memory O(U (block + k)). An item whose score is -inf or not a number is never
    recommended; +inf is the best score.

    Parameters
    ----------
    scorer
        Gives the scores of any range of the catalogue.
    batch
        Histories of U users.
    k
        Length of the lists; may exceed the catalogue.
    allowed
        What may be recommended; its rows are the users of the batch.
    block
        At most so many items are scored at once.
    index
        Finds candidates of an `Indexable` scorer, unless `only` leaves few items. If it finds too few for
        somebody, all are searched exactly.

    Returns
    -------
    Ranked
        ``[U, k]`` items and scores, best first, ties by item number; -1 and -inf where a user has fewer
        than `k` items left.

    Raises
    ------
    ConfigError
        If `k` or `block` is less than 1.
    """
    if k < 1:
        raise ConfigError(f"k = {k}: a list needs at least one item; give k >= 1")
    if block < 1:
        raise ConfigError(f"block = {block}: at least one item must be scored at once; give block >= 1")
    query = scorer.query(batch)
    if index is not None and isinstance(scorer, Indexable) and allowed.only_V is None:
        ranked = ranked_by_index(scorer, query, index, users=batch.num_users, k=k, allowed=allowed)
        if (ranked.item_UK[:, -1] >= 0).all():
            return ranked
    if isinstance(scorer, Searchable):
        size, users = scorer.num_items, batch.num_users
        found = search(scorer, query, num_items=size, users=users, k=k, allowed=allowed, block=block)
        if found is not None:
            return found
    return _by_sorting(scorer, query, users=batch.num_users, k=k, allowed=allowed, block=block)


def _by_sorting(
    scorer: Scorer[Query], query: Query, *, users: int, k: int, allowed: Allowed, block: int
) -> Ranked:
    best: Tensor | None = None
    for start in range(0, scorer.num_items, block):
        stop = min(start + block, scorer.num_items)
        scores = allowed.apply(scorer.score(query, start, stop), start=start)
        keys = _best_of(scores, k, start=start)
        best = _largest(keys if best is None else torch.cat([best, keys], dim=1), k)
    ranked = empty_ranking(users, k)
    if best is not None:
        width = best.shape[1]
        values = scores_of_keys(best)
        ranked.item_UK[:, :width] = torch.where(values == -torch.inf, -1, items_of_keys(best)).cpu().numpy()
        ranked.score_UK[:, :width] = values.cpu().numpy()
    return ranked


def _best_of(scores_UB: Tensor, k: int, *, start: int) -> Tensor:
    """Return ``[U, min(k, B)]`` keys of the best items of a block."""
    width = min(k, scores_UB.shape[1])
    top = torch.topk(scores_UB, min(width + 1, scores_UB.shape[1]), dim=1)
    keys = keys_of(top.values[:, :width], top.indices[:, :width] + start)
    if top.values.shape[1] > width:
        # Keys of the whole block are needed only where a tie lies across the end of the list: there the
        # sort has chosen among equals as it liked.
        last = top.values[:, width - 1]
        tied = (last == top.values[:, width]) & (last > -torch.inf)
        if bool(tied.any()):
            numbers = torch.arange(start, start + scores_UB.shape[1], device=scores_UB.device)
            keys[tied] = _largest(keys_of(scores_UB[tied], numbers), width)
    return keys


def _largest(keys: Tensor, k: int) -> Tensor:
    return torch.topk(keys, min(k, keys.shape[1]), dim=1).values
