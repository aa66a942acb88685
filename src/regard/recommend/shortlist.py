"""From a shortlist of candidates to lists: filters, and exact scores of what is left.

An index finds candidates by the part of the score that is an inner product; a scorer may add candidates for
the rest. What is recommended is scored exactly, so that an approximate list has right scores and can only
miss an item. It does not know how candidates were found.

Shape letters: U users, K candidates, S pairs of a user and a candidate.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch

from regard.models.protocols import Indexable, Ranked
from regard.recommend.approx import ApproxIndex
from regard.recommend.filters import Allowed
from regard.recommend.ranking import keys_of, ranked_by_keys

__all__ = ["ranked_by_index"]

Query = TypeVar("Query")
_MOST_SEEN = 512  # more candidates than that are not asked for on account of what a user has seen


def ranked_by_index(
    scorer: Indexable[Query], query: Query, index: ApproxIndex, *, users: int, k: int, allowed: Allowed
) -> Ranked:
    """Return the `k` best of the candidates; a list is short where too few were allowed.

    Parameters
    ----------
    scorer, query
        Give vectors, further candidates and exact scores; the query is that of the U = `users` histories.
    index
        Finds candidates.
    k
        Length of the lists.
    allowed
        What may be recommended.
    """
    seen = int(np.bincount(allowed.seen_row_S, minlength=1).max())
    count = k * index.record.config.overfetch + min(seen, _MOST_SEEN)
    found = index.candidates(scorer.query_vectors(query), count)
    more = scorer.further_candidates(query, count)
    item_UK = found if more is None else np.concatenate([found, more.cpu().numpy()], axis=1)
    row_UK = np.broadcast_to(np.arange(users)[:, None], item_UK.shape)
    kept = item_UK >= 0
    pairs = np.unique(row_UK[kept] * scorer.num_items + item_UK[kept])
    row, item = np.divmod(pairs, scorer.num_items)
    fine = allowed.allows(row, item)
    row, item = row[fine], item[fine]
    scores = scorer.exact(query, torch.from_numpy(row), torch.from_numpy(item)).cpu()
    scores = torch.nan_to_num(scores, nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
    return ranked_by_keys(keys_of(scores, torch.from_numpy(item)).numpy(), row, users=users, k=k)
