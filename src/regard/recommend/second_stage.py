"""SecondStage: candidates of several sources, judged by a ranker over one encoded history.

    score = retrieval's log-odds + weight * what the ranker adds

The ranker learned what retrieval does not know yet: its logit is added to the log-odds of retrieval, which it
also reads as a feature. With weight 0 the order is that of retrieval; validation chooses the weight. So the
two stages can only be worse than retrieval by what validation is mistaken in. A score depends on the history,
the item and what the log says of them, not on other candidates; the probability is a calibrated function
of the score.

It knows no ids, no filter and no policy.

Shape letters: U histories, N sources, S candidates of all histories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from regard.data.columns import Numbers
from regard.data.histories import Histories
from regard.data.packing import NO_TIME, PackedBatch
from regard.models.calibration import Calibration
from regard.models.protocols import Candidates
from regard.models.ranker import Ranker
from regard.recommend.candidates import Proposals, Source, boards_of, propose, values_at
from regard.recommend.filters import Allowed

__all__ = ["Judged", "Proposed", "SecondStage", "Stage", "proposed", "value_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Candidates and what the stages say of them.

    Parameters
    ----------
    proposals
        S candidates of U histories.
    retrieval_S, ranker_S
        ``[S]`` float32: log-odds of retrieval, and the logit that the ranker adds.
    score_S
        ``[S]`` float32 by which candidates are ordered.
    more
        By column of a trace ``[S]`` what else is said of each, as `Stage.columns` names them.
    """

    proposals: Proposals
    retrieval_S: np.ndarray
    ranker_S: np.ndarray
    score_S: np.ndarray
    more: Mapping[str, np.ndarray] = field(default_factory=dict)


class Stage(Protocol):
    """What comes after retrieval: it finds candidates by its sources, retrieval first, and judges them."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """N sources of candidates."""

    @property
    def columns(self) -> Mapping[str, type[np.generic]]:
        """Names and types of what it says beside scores."""

    def judge(self, histories: Histories, *, allowed: Allowed, known_V: np.ndarray, least: int = 0) -> Judged:
        """Find and score the candidates of U histories, none of which is without a known item.

        A score depends on the history and the item, not on other candidates.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Candidates, and what each source says of them.

    Parameters
    ----------
    proposals
        S candidates of U histories.
    value_SN
        ``[S, N]`` float32, NaN where a source says nothing.
    """

    proposals: Proposals
    value_SN: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStage:
    """What comes after retrieval.

    Parameters
    ----------
    sources
        N of them, retrieval first.
    ranker
        In evaluation mode, with one action.
    edges
        By source, the edges of its values that the ranker was built with.
    max_length
        The ranker reads so many of the latest events.
    weight
        Of what the ranker adds.
    calibration
        How scores become probabilities.
    """

    sources: tuple[Source, ...]
    ranker: Ranker
    edges: Mapping[str, np.ndarray]
    max_length: int
    weight: float
    calibration: Calibration
    columns: ClassVar[Mapping[str, type[Any]]] = {"probability": np.float64}

    def judge(self, histories: Histories, *, allowed: Allowed, known_V: np.ndarray, least: int = 0) -> Judged:
        """Find and score the candidates of U histories.

        Parameters
        ----------
        histories
            None of which is without a known item.
        allowed
            What may be recommended to each of them.
        known_V
            ``[V]`` bool: items that training knows.
        least
            Retrieval proposes at least so many items.
        """
        made = proposed(self.sources, histories, allowed=allowed, known_V=known_V, least=least)
        added_S, retrieval_S = self.added(histories, made.proposals, made.value_SN), made.value_SN[:, 0]
        score_S = (retrieval_S + np.float32(self.weight) * added_S).astype(np.float32)
        return Judged(
            proposals=made.proposals,
            retrieval_S=retrieval_S,
            ranker_S=added_S,
            score_S=score_S,
            more={"probability": self.calibration.apply(score_S)},
        )

    @torch.inference_mode()
    def added(self, histories: Histories, found: Proposals, value_SN: np.ndarray) -> np.ndarray:
        """Return ``[S]`` float32 what the ranker adds; each history is encoded once."""
        if len(found.item_S) == 0:
            return np.empty(0, dtype=np.float32)
        device = next(self.ranker.parameters()).device
        nobody = np.full(len(histories), -1, dtype=np.int64)
        asked = np.full(len(histories), NO_TIME) if histories.asked is None else histories.asked
        read = replace(histories.latest(self.max_length), user=nobody, asked=asked)
        candidates = Candidates(
            item_K=torch.from_numpy(found.item_S).to(device),
            offsets=torch.from_numpy(found.offsets).to(device),
            fields=value_columns(self.edges, value_SN),
        )
        logit_SA: Tensor = self.ranker(PackedBatch.of(read).to(device), candidates)
        return logit_SA[:, 0].cpu().numpy()


def proposed(
    sources: tuple[Source, ...], histories: Histories, *, allowed: Allowed, known_V: np.ndarray, least: int
) -> Proposed:
    """Ask all sources; the first, retrieval, proposes at least `least` items."""
    every = (replace(sources[0], count=max(sources[0].count, least)), *sources[1:])
    boards = boards_of(every, histories, known_V=known_V)
    found = propose(every, boards, allowed=allowed)
    return Proposed(proposals=found, value_SN=values_at(boards, found.row_S, found.item_S))


def value_columns(edges: Mapping[str, np.ndarray], value_SN: np.ndarray) -> dict[str, Numbers]:
    """Return the values of each source as a column that a ranker reads."""
    return {
        name: Numbers(value_R=np.ascontiguousarray(value_SN[:, place]), edge_B1=edge)
        for place, (name, edge) in enumerate(edges.items())
    }
