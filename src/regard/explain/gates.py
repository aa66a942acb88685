"""Gates: a served score as a smooth function of how much of each event it reads.

An event has a gate: at one it is read as it is, at zero as what stands for "nothing" - the vector zero, or
another item. The gate scales what the event gives the transformer (the item's vector) and the item memory
(the neighbours of the item), so a slope with respect to it covers both; the trend has no events. The slope
at one is gradient times input, its mean along the way from zero to one integrated gradients.

What it cannot do: an event with a closed gate is not gone, as it is when it is removed. Its place, its time
and its other fields are still read, and the events after it stand where they stood.

Shape letters: E events of the history, S points, V items, D width, C items with neighbours, K neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.data.packing import PackedBatch
from regard.explain.question import Question
from regard.models.blend import Blend, BlendScorer
from regard.models.memory import ItemMemory
from regard.models.protocols import Scorer
from regard.models.scoring import EncoderScorer
from regard.nn.heads import Catalogue

__all__ = ["has_gates", "slopes"]

_SCORES_AT_ONCE = 2**22


def has_gates(scorer: Scorer[Any]) -> bool:
    """Tell whether a scorer can be differentiated with respect to its events."""
    return isinstance(scorer, EncoderScorer | BlendScorer)


def slopes(question: Question, points_S: np.ndarray, *, nothing_E: np.ndarray | None = None) -> np.ndarray:
    """Return ``[S, E]`` float64 slopes of the item's log-probability in each gate, in nats.

    Parameters
    ----------
    question
        Its scorer `has_gates`.
    points_S
        ``[S]`` where all gates stand, from 0 to 1.
    nothing_E
        ``[E]`` numbers of the items that are read where a gate is closed; None: the vector zero.
    """
    assert has_gates(question.scorer)
    made = _Gated.of(question, nothing_E)
    step = max(1, _SCORES_AT_ONCE // made.scorer.num_items)
    parts = [made.slopes(points_S[first : first + step]) for first in range(0, len(points_S), step)]
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gated:
    question: Question
    scorer: EncoderScorer
    blend: Blend | None
    own_ED: Tensor
    nothing_ED: Tensor
    own: _Neighbours | None
    nothing: _Neighbours | None

    @classmethod
    def of(cls, question: Question, nothing_E: np.ndarray | None) -> _Gated:
        given, item_E = question.scorer, question.history.items_of(0).astype(np.int64)
        blend = given.blend if isinstance(given, BlendScorer) else None
        scorer = given.scorer if isinstance(given, BlendScorer) else given
        assert isinstance(scorer, EncoderScorer)
        device = scorer.catalogue.weight_PD.device
        with torch.no_grad():
            own_ED = scorer.catalogue.inputs(torch.from_numpy(item_E).to(device))
            nothing_ED = torch.zeros_like(own_ED)
            if nothing_E is not None:
                nothing_ED = scorer.catalogue.inputs(torch.from_numpy(nothing_E).to(device))
        memory = None if blend is None else blend.memory
        own = nothing = None
        if blend is not None and memory is not None:
            own = _Neighbours.of(memory, item_E, decay=blend.weights.decay)
            if nothing_E is not None:
                nothing = _Neighbours.of(memory, nothing_E, decay=blend.weights.decay)
        return cls(
            question=question,
            scorer=scorer,
            blend=blend,
            own_ED=own_ED.float(),
            nothing_ED=nothing_ED.float(),
            own=own,
            nothing=nothing,
        )

    def slopes(self, points_S: np.ndarray) -> np.ndarray:
        points, length = torch.from_numpy(points_S).float(), len(self.own_ED)
        with torch.enable_grad():
            gate_SE = points[:, None].expand(-1, length).clone().requires_grad_()
            (slope_SE,) = torch.autograd.grad(self.log_probability(gate_SE).sum(), gate_SE)
        return slope_SE.double().numpy()

    def log_probability(self, gate_SE: Tensor) -> Tensor:
        """Return ``[S]``; differentiable."""
        known_V = torch.from_numpy(self.question.recommender.known_V)
        scores_SV = self._scores(gate_SE).double()
        total_S = scores_SV.masked_fill(~known_V, -torch.inf).logsumexp(dim=1)
        return scores_SV[:, self.question.item] - total_S

    def _scores(self, gate_SE: Tensor) -> Tensor:
        points, length = gate_SE.shape
        gate = gate_SE.to(self.own_ED.device)[:, :, None]
        table = (gate * self.own_ED + (1 - gate) * self.nothing_ED).reshape(points * length, -1)
        rows = self.question.history.take(np.zeros(points, dtype=np.int64))
        batch = replace(PackedBatch.of(rows), item_T=torch.arange(points * length))
        unit, size = self.scorer.catalogue.unit, self.scorer.num_items
        states = self.scorer.states(
            batch, Catalogue(weight_PD=table, bias_P=None, size=len(table), unit=unit)
        )
        scores_SV = self.scorer.catalogue.scores(states, 0, size).float().cpu()
        if self.blend is None:
            return scores_SV
        scores_SV = self.blend.weights.model * scores_SV + self.blend.added
        if self.own is not None:
            sums_SC = self.own.sums(gate_SE)
            if self.nothing is not None:
                sums_SC = sums_SC + self.nothing.sums(1 - gate_SE)
            place_C = self.own.item_C.expand(points, -1)
            scores_SV = scores_SV.scatter_add(1, place_C, self.blend.weights.memory * sums_SC)
        return scores_SV


@dataclass(frozen=True, slots=True, kw_only=True)
class _Neighbours:
    """What each event adds to the sums of an item memory: nothing for an item that comes again later."""

    item_C: Tensor
    place_EK: Tensor
    weight_EK: Tensor

    @classmethod
    def of(cls, memory: ItemMemory, item_E: np.ndarray, *, decay: float) -> _Neighbours:
        items, ago_E = memory.item_C.numpy(), np.arange(len(item_E))[::-1]
        size = len(items)
        if size == 0:
            none = torch.zeros(len(item_E), 0)
            return cls(item_C=memory.item_C, place_EK=none.long(), weight_EK=none)
        _, first = np.unique(item_E[::-1], return_index=True)
        heard_E = np.zeros(len(item_E), dtype=np.bool_)
        heard_E[len(item_E) - 1 - first] = True
        place_E = np.minimum(np.searchsorted(items, item_E), size - 1)
        heard_E &= items[place_E] == item_E
        count_E = torch.from_numpy(np.where(heard_E, np.power(float(decay), ago_E), 0.0)).float()
        place = torch.from_numpy(place_E)
        return cls(
            item_C=memory.item_C,
            place_EK=memory.neighbour_CK.index_select(0, place),
            weight_EK=memory.weight_CK.index_select(0, place) * count_E[:, None],
        )

    def sums(self, gate_SE: Tensor) -> Tensor:
        """Return ``[S, C]``; differentiable in the gates."""
        points = len(gate_SE)
        terms = (gate_SE[:, :, None] * self.weight_EK).reshape(points, -1)
        place = self.place_EK.reshape(1, -1).expand(points, -1)
        return torch.zeros(points, len(self.item_C)).scatter_add(1, place, terms)
