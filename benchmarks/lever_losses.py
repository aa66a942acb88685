"""Levers of the loss as prototypes: gBCE, and a contrastive term beside the usual loss. For `levers.py` alone.

Shape letters: T events, D width, M positions with a target, P items with padding, K negatives of a position.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from regard.data.packing import PackedBatch
from regard.losses.base import Loss, LossSum
from regard.models.causal import CausalModel
from regard.models.protocols import Encoded
from regard.nn.heads import Catalogue
from regard.nn.plan import Layout

__all__ = ["GBCE", "ContrastiveModel", "WithTerm"]

_NEGATIVES, _CALIBRATION = 256, 0.75
_WEIGHT = 0.1  # of the contrastive term


class GBCE:
    """Binary cross entropy of the target and 256 negatives of each position, the target's probability to a power.

    Petrov & Macdonald, "gSASRec: Reducing Overconfidence in Sequential Recommendation Trained with Negative
    Sampling", RecSys 2023: sigma(s)^beta in place of sigma(s), with the share alpha of negatives that are drawn,
    beta = alpha (t (1 - 1 / alpha) + 1 / alpha), and t = 0.75. Negatives are drawn uniformly for each position by
    itself, as there. The catalogue is small: its scores are one product, of which the drawn ones are taken. The
    losses of a position are summed; their mean would only scale the gradient.
    """

    def __init__(self, num_items: int) -> None:
        drawn = min(1.0, _NEGATIVES / (num_items - 1))
        self.beta = drawn * (_CALIBRATION * (1 - 1 / drawn) + 1 / drawn)

    def __call__(
        self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue, weight_M: Tensor | None = None
    ) -> LossSum:
        """Return the loss of ``[M]`` targets for ``[M, D]`` states, weighted by ``[M]`` if not alike."""
        score_MP = catalogue.scores(states_MD, 0, catalogue.size).float()
        item_MK = torch.randint(catalogue.size - 1, (len(target_M), _NEGATIVES))
        item_MK += item_MK >= target_M[:, None]  # every item but the target
        lost_M = F.softplus(score_MP.gather(1, item_MK)).sum(1)
        lost_M = lost_M - self.beta * F.logsigmoid(score_MP.gather(1, target_M[:, None])[:, 0])
        total = lost_M.sum() if weight_M is None else (lost_M * weight_M).sum()
        return LossSum(total=total, count=len(target_M) if weight_M is None else float(weight_M.sum()))


class ContrastiveModel(CausalModel):
    """Reads a batch twice in training, with other dropout: the two states after an event are to find each other.

    The unsupervised part of DuoRec (Qiu et al., "Contrastive Learning for Representation Degeneration Problem in
    Sequential Recommendation", WSDM 2022). There a history of the batch is each beginning of a user's events, so here
    too all states are contrasted, with those of other users: InfoNCE of dot products, temperature 1.
    """

    term: Tensor | None = None

    def encode(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Encoded:
        """Return the states of the first reading; the term is left for the loss to take."""
        encoded = super().encode(batch, catalogue)
        if self.training:
            other = super().encode(batch, catalogue)
            self.term = _contrast(encoded.states_TD, other.states_TD, Layout.of(batch.offsets).user_T)
        return encoded


class WithTerm:
    """A loss with a tenth of the contrastive term of the batch that was just encoded."""

    def __init__(self, usual: Loss, model: ContrastiveModel) -> None:
        self.usual, self.model = usual, model

    def __call__(
        self, states_MD: Tensor, target_M: Tensor, catalogue: Catalogue, weight_M: Tensor | None = None
    ) -> LossSum:
        """Return the usual loss and, for each position, the mean of the term."""
        found, term = self.usual(states_MD, target_M, catalogue, weight_M), self.model.term
        assert term is not None
        self.model.term = None
        return LossSum(total=found.total + _WEIGHT * found.count * term, count=found.count)


def _contrast(one_TD: Tensor, other_TD: Tensor, user_T: Tensor) -> Tensor:
    """Return the mean InfoNCE over both readings; negatives are all states of other users, none if there are none."""
    events = len(user_T)
    with torch.autocast(
        one_TD.device.type, enabled=False
    ):  # products of states are large: bfloat16 is too coarse
        both_SD = torch.cat([one_TD, other_TD]).float()
        score_SS = both_SD @ both_SD.T
    user_S = user_T.repeat(2)
    own_SS = user_S[:, None] == user_S
    place = torch.arange(2 * events)
    partner = place.roll(events)
    own_SS[place, partner] = False
    found = F.cross_entropy(score_SS.masked_fill(own_SS, -math.inf), partner)
    return found if events else found * 0.0
