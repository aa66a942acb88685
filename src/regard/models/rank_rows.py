"""RankRows: impressions as a ranker reads them, in batches, for learning and for scoring alike.

Each impression has the history that it is asked with and the values of its further fields. It knows no ids
and no labels' meaning.

Shape letters: I impressions, K candidates, A actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from regard.data.columns import Column, take_rows
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.data.packing import PackedBatch
from regard.models.protocols import Candidates
from regard.models.ranker import Ranker

__all__ = ["RankRows", "score_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRows:
    """I impressions with K candidates in all.

    Parameters
    ----------
    impressions
        What was shown.
    histories
        ``[I]`` what each user had done before, no longer than the ranker reads.
    fields
        By name, ``[K]`` values of further fields.
    base_K
        ``[K]`` float32 logits that are known already, to which training adds those of the ranker; None: 0.
    """

    impressions: Impressions
    histories: Histories
    fields: Mapping[str, Column] = field(default_factory=dict)
    base_K: np.ndarray | None = None

    @classmethod
    def of(
        cls, impressions: Impressions, histories: Histories, fields: Mapping[str, Column], *, max_length: int
    ) -> RankRows:
        """Put impressions beside their histories, cut to the latest events, with users and times known."""
        asked = replace(
            histories.latest(max_length), user=impressions.user_I.astype(np.int64), asked=impressions.time_I
        )
        return cls(impressions=impressions, histories=asked, fields=fields)

    def __len__(self) -> int:
        return len(self.impressions)

    def take(self, rows: np.ndarray) -> RankRows:
        """Return some impressions, in the order of `rows`."""
        offsets = self.impressions.offsets
        counts = np.diff(offsets)[rows]
        first = np.cumsum(counts) - counts
        place_K = np.arange(int(counts.sum())) + np.repeat(offsets[:-1][rows] - first, counts)
        return RankRows(
            impressions=self.impressions.take(rows),
            histories=self.histories.take(rows),
            fields={name: take_rows(column, place_K) for name, column in self.fields.items()},
            base_K=None if self.base_K is None else self.base_K[place_K],
        )

    def batch(self, device: str) -> tuple[PackedBatch, Candidates]:
        """Return what a ranker encodes, and what it ranks."""
        candidates = Candidates(
            item_K=torch.from_numpy(self.impressions.item_K.astype(np.int64)).to(device),
            offsets=torch.from_numpy(self.impressions.offsets).to(device),
            fields=self.fields,
        )
        return PackedBatch.of(self.histories).to(device), candidates

    def labels(self, actions: tuple[str, ...]) -> Tensor:
        """Return ``[K, A]`` float32 labels."""
        return torch.from_numpy(np.stack([self.impressions.labels[action] for action in actions], axis=1))

    def groups(self, order: np.ndarray, *, candidates: int) -> Iterator[np.ndarray]:
        """Yield `order` in parts of at most `candidates` candidates, unless one impression has more."""
        total = np.concatenate([[0], np.cumsum(self.impressions.lengths[order])])
        low = 0
        while low < len(order):
            limit = total[low] + candidates
            high = max(int(np.searchsorted(total, limit, side="right")) - 1, low + 1)
            yield order[low:high]
            low = high


@torch.inference_mode()
def score_rows(ranker: Ranker, rows: RankRows, *, device: str = "cpu", candidates: int = 1024) -> np.ndarray:
    """Return ``[K, A]`` float32 logits of all candidates.

    Parameters
    ----------
    ranker
        In evaluation mode.
    rows
        What is scored; impressions with histories of similar length go through together.
    device
        Where the ranker is.
    candidates
        Scored at once.
    """
    logit_KA = np.empty((rows.impressions.num_candidates, len(ranker.actions)), dtype=np.float32)
    offsets = rows.impressions.offsets
    order = np.lexsort((rows.impressions.lengths, rows.histories.lengths))
    for group in rows.groups(order, candidates=candidates):
        part = rows.take(group)
        batch, asked = part.batch(device)
        made_KA = ranker(batch, asked).cpu().numpy()
        ends = part.impressions.offsets
        for place, row in enumerate(group.tolist()):
            logit_KA[offsets[row] : offsets[row + 1]] = made_KA[ends[place] : ends[place + 1]]
    return logit_KA
