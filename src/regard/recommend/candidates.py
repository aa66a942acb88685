"""Candidates: what several sources propose for a history, merged without duplicates.

A source is a Scorer with a number of items that it may propose: a retrieval model, popularity, what was
popular lately, neighbours of the history's items. Each proposes its own best allowed items; an item that
several propose is one candidate, and who proposed it at which rank is kept. Every source also gives a value
for every candidate, whoever proposed it. Values are isolated: that of a source for an item depends on the
history and the item, never on what else is proposed or allowed. So a wish such as `only` changes which items
are candidates, and no value.

It knows no ranker. Time and memory grow with the catalogue, as an exact search does; an index is not asked.

Shape letters: U histories, V items, N sources, S candidates of all histories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.protocols import Scorer
from regard.recommend.filters import Allowed
from regard.recommend.ranking import items_of_keys, keys_of, scores_of_keys

__all__ = ["Proposals", "Source", "boards_of", "propose", "spread_of", "values_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that proposes items.

    Parameters
    ----------
    name
        What it is called in a trace.
    scorer
        Scores the catalogue.
    count
        It proposes so many items for each history.
    latest
        It reads so many of the latest events; None: all.
    odds
        Whether its scores are made logarithms of shares of the catalogue (log-softmax over known items).
    scale
        What its scores are multiplied by before that: the inverse of a temperature.
    positive
        Whether a score of zero or less says that the source does not know the item.
    """

    name: str
    scorer: Scorer[Any]
    count: int
    latest: int | None = None
    odds: bool = False
    scale: float = 1.0
    positive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """S candidates of U histories, by history and then by item.

    Parameters
    ----------
    row_S, item_S
        ``[S]`` int64 history and item; no pair occurs twice.
    rank_SN
        ``[S, N]`` int32 rank (from 1) at which each source proposed the item, 0 where it did not.
    users
        U.
    """

    row_S: np.ndarray
    item_S: np.ndarray
    rank_SN: np.ndarray
    users: int

    @property
    def offsets(self) -> np.ndarray:
        """``[U + 1]``: history u has the candidates ``offsets[u]`` to ``offsets[u + 1]``."""
        counts = np.bincount(self.row_S, minlength=self.users)
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


@torch.inference_mode()
def boards_of(sources: tuple[Source, ...], histories: Histories, *, known_V: np.ndarray) -> list[Tensor]:
    """Return for each source ``[U, V]`` float32 values of all items; -inf where it says nothing.

    Parameters
    ----------
    sources
        N of them.
    histories
        U, none of which is without a known item.
    known_V
        ``[V]`` bool: items that sources were fitted on; others are read by none.
    """
    known, boards = histories.only(known_V), []
    unknown = torch.from_numpy(~known_V)
    for source in sources:
        read = known if source.latest is None else known.latest(source.latest)
        scorer = source.scorer
        board_UV = scorer.score(scorer.query(PackedBatch.of(read)), 0, scorer.num_items).float().cpu()
        board_UV = board_UV.masked_fill(unknown | board_UV.isnan(), -torch.inf)
        if source.odds:
            board_UV = torch.log_softmax(source.scale * board_UV, dim=1)
        if source.positive:
            board_UV = board_UV.masked_fill(board_UV <= 0, -torch.inf)
        boards.append(board_UV)
    return boards


def propose(sources: tuple[Source, ...], boards: list[Tensor], *, allowed: Allowed) -> Proposals:
    """Merge the best allowed items of each source.

    Parameters
    ----------
    sources, boards
        As `boards_of` has them.
    allowed
        What may be recommended to the U histories.

    Examples
    --------
    >>> from regard.evaluation.popularity import Popularity
    >>> popular = Popularity(score_V=torch.tensor([0.0, 3.0, 2.0, 1.0]))
    >>> source = Source(name="popular", scorer=popular, count=2)
    >>> boards, known = [torch.tensor([[0.0, 3.0, 2.0, 1.0]])], np.ones(4, dtype=bool)
    >>> found = propose((source,), boards, allowed=Allowed(known_V=known))
    >>> found.item_S.tolist(), found.rank_SN[:, 0].tolist()
    ([1, 2], [1, 2])
    """
    users, size = boards[0].shape
    pairs, ranks = [], []
    for source, board_UV in zip(sources, boards, strict=True):
        keys_UV = keys_of(allowed.apply(board_UV, start=0), torch.arange(size))
        # Keys are all different, so that the best of them do not depend on how a sort treats ties.
        best_UK = torch.topk(keys_UV, min(source.count, size), dim=1).values
        row, place = np.nonzero((scores_of_keys(best_UK) > -torch.inf).numpy())
        pairs.append(row * size + items_of_keys(best_UK).numpy()[row, place])
        ranks.append(place + 1)
    pair_S = np.unique(np.concatenate(pairs))
    rank_SN = np.zeros((len(pair_S), len(sources)), dtype=np.int32)
    for number, (pair, rank) in enumerate(zip(pairs, ranks, strict=True)):
        rank_SN[np.searchsorted(pair_S, pair), number] = rank
    return Proposals(row_S=pair_S // size, item_S=pair_S % size, rank_SN=rank_SN, users=users)


def spread_of(source: Source, histories: Histories, *, known_V: np.ndarray) -> float:
    """Return how far apart the values of what a source proposes lie: the median of standard deviations.

    Parameters
    ----------
    source, known_V
        As of `boards_of`.
    histories
        U of them; of each, the values of the ``count`` best items.
    """
    board_UV = boards_of((source,), histories, known_V=known_V)[0]
    best_UK = torch.topk(board_UV, min(source.count, int(known_V.sum())), dim=1).values
    return float(best_UK.std(dim=1, correction=0).median())


def values_at(boards: list[Tensor], row_S: np.ndarray, item_S: np.ndarray) -> np.ndarray:
    """Return ``[S, N]`` float32 values of pairs of a history and an item, NaN where a source says nothing."""
    row, item = torch.from_numpy(row_S), torch.from_numpy(item_S)
    value_SN = torch.stack([board_UV[row, item] for board_UV in boards], dim=1).numpy()
    value_SN[np.isneginf(value_SN)] = np.nan
    return value_SN
