"""Exact top-k of the whole catalogue, in blocks: the one place where scores become a ranking.

Notable choice: a score and its item are joined in one int64 key (the score's bits, made monotone, above
the item's number, reversed), so that no two keys are equal. The k largest keys are therefore a
mathematical fact: they do not depend on the block size, on the other users, or on how a sort treats
ties, and a tie goes to the lower item number. It does not know where scores come from.

Shape letters: U users, B items of a block, k the length of a list.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from regard.data.packing import PackedBatch
from regard.errors import ConfigError
from regard.models.protocols import Ranked, Scorer
from regard.recommend.filters import Allowed

__all__ = ["top_k"]

Query = TypeVar("Query")
_LOW = 2**31 - 1  # the lower half of a key: item numbers are int32


def top_k(
    scorer: Scorer[Query], batch: PackedBatch, *, k: int, allowed: Allowed, block: int = 65_536
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
        Number of items that are scored at once.

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
    best: Tensor | None = None
    for start in range(0, scorer.num_items, block):
        stop = min(start + block, scorer.num_items)
        scores = allowed.apply(scorer.score(query, start, stop), start=start)
        keys = _best_of(scores, k, start=start)
        best = _largest(keys if best is None else torch.cat([best, keys], dim=1), k)
    item = np.full((batch.num_users, k), -1, dtype=np.int64)
    score = np.full((batch.num_users, k), -np.inf, dtype=np.float32)
    if best is not None:
        width = best.shape[1]
        values = _float_of(best >> 32)
        item[:, :width] = torch.where(values == -torch.inf, -1, _LOW - (best & _LOW)).cpu().numpy()
        score[:, :width] = values.cpu().numpy()
    return Ranked(item_UK=item, score_UK=score)


def _best_of(scores_UB: Tensor, k: int, *, start: int) -> Tensor:
    """Return ``[U, min(k, B)]`` keys of the best items of a block."""
    width = min(k, scores_UB.shape[1])
    top = torch.topk(scores_UB, min(width + 1, scores_UB.shape[1]), dim=1)
    keys = _keys(top.values[:, :width], top.indices[:, :width] + start)
    if top.values.shape[1] > width:
        # Keys of the whole block are needed only where a tie lies across the end of the list: there the
        # sort has chosen among equals as it liked.
        last = top.values[:, width - 1]
        tied = (last == top.values[:, width]) & (last > -torch.inf)
        if bool(tied.any()):
            numbers = torch.arange(start, start + scores_UB.shape[1], device=scores_UB.device)
            keys[tied] = _largest(_keys(scores_UB[tied], numbers), width)
    return keys


def _keys(scores: Tensor, items: Tensor) -> Tensor:
    """Join scores and items: int64, larger is better, no two alike."""
    bits = (scores + 0.0).view(torch.int32)  # + 0.0 makes the two zeros one
    return (_monotone(bits).to(torch.int64) << 32) | (_LOW - items)


def _largest(keys: Tensor, k: int) -> Tensor:
    return torch.topk(keys, min(k, keys.shape[1]), dim=1).values


def _monotone(bits: Tensor) -> Tensor:
    """Map the bits of a float32 to an integer of the same order; its own inverse."""
    return bits ^ ((bits >> 31) & _LOW)


def _float_of(ordered: Tensor) -> Tensor:
    return _monotone(ordered.to(torch.int32)).view(torch.float32)
