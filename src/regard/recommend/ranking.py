"""From scores to lists: one key for each score and its item, so that no two are alike.

A score and its item are joined in one int64 key (the score's bits, made monotone, above the item's number,
reversed). The k largest keys are therefore a mathematical fact: they do not depend on how a sort treats
ties, and a tie goes to the lower item number.

Shape letters: U users, S pairs of a user and an item, k the length of a list.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from regard.models.protocols import Ranked

__all__ = ["best_pairs", "empty_ranking", "items_of_keys", "keys_of", "ranked_by_keys", "scores_of_keys"]

_LOW = 2**31 - 1  # the lower half of a key: item numbers are int32


def keys_of(scores: Tensor, items: Tensor) -> Tensor:
    """Join float32 scores and items: int64, larger is better, no two alike.

    Examples
    --------
    >>> keys = keys_of(torch.tensor([0.5, 0.5, -1.0]), torch.tensor([7, 3, 1]))
    >>> keys.argsort(descending=True).tolist()
    [1, 0, 2]
    >>> items_of_keys(keys).tolist(), scores_of_keys(keys).tolist()
    ([7, 3, 1], [0.5, 0.5, -1.0])
    """
    bits = (scores + 0.0).view(torch.int32)  # + 0.0 makes the two zeros one
    return (_monotone(bits).to(torch.int64) << 32) | (_LOW - items)


def items_of_keys(keys: Tensor) -> Tensor:
    """Return the items of keys."""
    return _LOW - (keys & _LOW)


def scores_of_keys(keys: Tensor) -> Tensor:
    """Return the float32 scores of keys."""
    return _monotone((keys >> 32).to(torch.int32)).view(torch.float32)


def empty_ranking(users: int, k: int) -> Ranked:
    """Return lists without items."""
    return Ranked(
        item_UK=np.full((users, k), -1, dtype=np.int64),
        score_UK=np.full((users, k), -np.inf, dtype=np.float32),
    )


def best_pairs(key_S: np.ndarray, row_S: np.ndarray, *, k: int) -> np.ndarray:
    """Return the places of the `k` largest keys of each row, row by row, the largest first.

    Examples
    --------
    >>> best_pairs(np.array([5, 7, 9, 6]), np.array([1, 0, 1, 1]), k=2).tolist()
    [1, 2, 3]
    """
    order = np.lexsort((-key_S, row_S))
    return order[_place_in_row(row_S[order]) < k]


def ranked_by_keys(key_S: np.ndarray, row_S: np.ndarray, *, users: int, k: int) -> Ranked:
    """Return the `k` largest keys of each user, from pairs in any order; a score of -inf counts as none."""
    best = best_pairs(key_S, row_S, k=k)
    keys, row = torch.from_numpy(key_S[best]), row_S[best]
    place, scores = _place_in_row(row), scores_of_keys(keys).numpy()
    ranked = empty_ranking(users, k)
    ranked.item_UK[row, place] = np.where(scores == -np.inf, -1, items_of_keys(keys).numpy())
    ranked.score_UK[row, place] = scores
    return ranked


def _place_in_row(row_S: np.ndarray) -> np.ndarray:
    """Return ``[S]`` how many pairs of the same row stand before each; rows are sorted."""
    return np.arange(len(row_S)) - np.searchsorted(row_S, row_S)


def _monotone(bits: Tensor) -> Tensor:
    """Map the bits of a float32 to an integer of the same order; its own inverse."""
    return bits ^ ((bits >> 31) & _LOW)
