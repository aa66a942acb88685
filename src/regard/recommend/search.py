"""Search by survivors: rough scores of everything, exact scores of the few that may be among the best.

A rough score comes with a bound of its error. The k-th largest lower bound seen so far is a threshold that
no item of the answer can lie below, so whatever has its upper bound below it is out; what survives is scored
exactly and ranked. The answer is therefore the k best by exact scores, ties by item number, whatever
arithmetic the rough scores used: that is a proof, not a tuning.

Notable choice: most of a block is dismissed by the greatest score of each group of neighbours in it, in one
pass over memory that is still in the cache. Where very many items are alike, survivors are scored and cut to
the k best as they come, so that memory stays bounded. It does not know where scores come from.

Shape letters: U users, B items of a block, G groups of a block, S pairs of a user and a surviving item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from regard.models.protocols import Ranked, Searchable
from regard.recommend.filters import Allowed
from regard.recommend.ranking import best_pairs, keys_of, ranked_by_keys

__all__ = ["search"]

Query = TypeVar("Query")
_GROUP = 64
_AT_ONCE = 65_536  # pairs whose vectors are gathered together
_BLOCK, _SCORES = 16_384, 1 << 22  # fewest items, and at most so many scores, that are worth a block
_FEW, _SPARE = 4, 16  # users that are searched without groups, and items beyond k that are looked at for them
_WAITING = 1 << 20  # survivors that wait for their exact scores


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survivors:
    """Pairs that may be in the answer, with an upper bound of their score."""

    row_S: Tensor
    item_S: Tensor
    upper_S: Tensor


def search(
    scorer: Searchable[Query],
    query: Query,
    *,
    num_items: int,
    users: int,
    k: int,
    allowed: Allowed,
    block: int,
) -> Ranked | None:
    """Return the `k` best allowed items by exact score; None where a rough score has no bound.

    Parameters
    ----------
    scorer, query
        Give rough and exact scores; the query is that of the U = `users` histories.
    num_items
        V.
    k
        Length of the lists.
    allowed
        What may be recommended.
    block
        At most so many items are scored at once.
    """
    if users <= _FEW and num_items <= block:
        ranked = _of_few(scorer, query, users=users, num_items=num_items, k=k, allowed=allowed)
        if ranked is not None:
            return ranked
    best_KU: Tensor | None = None
    found: list[_Survivors] = []
    key = row = np.empty(0, dtype=np.int64)
    block = min(block, max(_BLOCK, _SCORES // max(1, users)))
    for start in range(0, num_items, block):
        rough = scorer.rough(query, start, min(start + block, num_items))
        if rough is None:
            return None
        scores_BU, slack_U = rough.scores_BU, rough.slack_U
        allowed.hide(scores_BU, start=start)
        group = _group_size(len(scores_BU), k)
        peaks_GU = _peaks(scores_BU, group)
        lower_GU = peaks_GU - slack_U
        every = lower_GU if best_KU is None else torch.cat([best_KU, lower_GU])
        best_KU = torch.topk(every, min(k, len(every)), dim=0).values
        floor_U = best_KU[-1] if len(best_KU) == k else torch.full_like(slack_U, -torch.inf)
        some = _survivors(scores_BU, peaks_GU, slack_U=slack_U, floor_U=floor_U, group=group)
        found.append(_Survivors(row_S=some.row_S, item_S=some.item_S + start, upper_S=some.upper_S))
        if start + block >= num_items or sum(len(part.row_S) for part in found) > _WAITING:
            last = _last_cut(found, floor_U)
            key = np.concatenate([key, _exact_keys(scorer, query, last.row_S, last.item_S)])
            row = np.concatenate([row, last.row_S.cpu().numpy()])
            best, found = best_pairs(key, row, k=k), []
            key, row = key[best], row[best]
    return ranked_by_keys(key, row, users=users, k=k)


def _of_few(
    scorer: Searchable[Query], query: Query, *, users: int, num_items: int, k: int, allowed: Allowed
) -> Ranked | None:
    """Search a single block for few users by its best rough scores; None where these do not suffice."""
    rough = scorer.rough(query, 0, num_items)
    if rough is None or num_items == 0:
        return None
    allowed.hide(rough.scores_BU, start=0)
    top = torch.topk(rough.scores_BU, min(num_items, k + _SPARE), dim=0)
    floor_U = top.values[min(k, num_items) - 1] - 2 * rough.slack_U
    if len(top.values) < num_items and bool((top.values[-1] >= floor_U).any()):
        return None
    place, row = torch.nonzero(top.values > -torch.inf, as_tuple=True)
    key = _exact_keys(scorer, query, row, top.indices[place, row])
    return ranked_by_keys(key, row.cpu().numpy(), users=users, k=k)


def _group_size(items: int, k: int) -> int:
    """Return a size that leaves several groups for each of the k places."""
    size = _GROUP
    while size > 1 and items < 4 * k * size:
        size //= 2
    return size


def _peaks(scores_BU: Tensor, group: int) -> Tensor:
    """Return ``[G, U]`` the greatest score of each group of items; the last group may be smaller."""
    if group == 1:
        return scores_BU
    whole = len(scores_BU) // group * group
    peaks = scores_BU[:whole].view(-1, group, scores_BU.shape[1]).amax(dim=1)
    if whole == len(scores_BU):
        return peaks
    return torch.cat([peaks, scores_BU[whole:].amax(dim=0, keepdim=True)])


def _survivors(
    scores_BU: Tensor, peaks_GU: Tensor, *, slack_U: Tensor, floor_U: Tensor, group: int
) -> _Survivors:
    hit_H, user_H = torch.nonzero((peaks_GU + slack_U >= floor_U) & (peaks_GU > -torch.inf), as_tuple=True)
    item_HG = hit_H[:, None] * group + torch.arange(group, device=scores_BU.device)
    inside_HG = item_HG < len(scores_BU)
    item_HG = item_HG.clamp(max=len(scores_BU) - 1)
    score_HG = scores_BU[item_HG, user_H[:, None]]
    upper_HG = score_HG + slack_U[user_H][:, None]
    kept = inside_HG & (upper_HG >= floor_U[user_H][:, None]) & (score_HG > -torch.inf)
    row_HG = user_H[:, None].expand_as(item_HG)
    return _Survivors(row_S=row_HG[kept], item_S=item_HG[kept], upper_S=upper_HG[kept])


def _last_cut(found: list[_Survivors], floor_U: Tensor) -> _Survivors:
    """Return the pairs that survive the last, highest threshold."""
    row, item, upper = (
        torch.cat(column) for column in zip(*((p.row_S, p.item_S, p.upper_S) for p in found), strict=True)
    )
    kept = upper >= floor_U[row]
    return _Survivors(row_S=row[kept], item_S=item[kept], upper_S=upper[kept])


def _exact_keys(scorer: Searchable[Query], query: Query, row_S: Tensor, item_S: Tensor) -> np.ndarray:
    rows, items = torch.split(row_S, _AT_ONCE), torch.split(item_S, _AT_ONCE)
    keys = [
        keys_of(scorer.exact(query, row, item).cpu(), item.cpu())
        for row, item in zip(rows, items, strict=True)
    ]
    return torch.cat(keys).numpy()
