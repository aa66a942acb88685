"""EncoderScorer: an encoder as recommending and evaluating see it.

The score of an item is the dot product of its vector with the state after the latest event. A history
without events has the state zero, so that only what does not depend on the user speaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from regard.data.packing import PackedBatch
from regard.models.protocols import Encoder

__all__ = ["EncoderScorer"]


@dataclass(frozen=True, slots=True)
class EncoderScorer:
    """Scores of an encoder's catalogue.

    Parameters
    ----------
    encoder
        The model, in evaluation mode.
    """

    encoder: Encoder

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return self.encoder.catalogue().size

    def query(self, batch: PackedBatch) -> Tensor:
        """Return ``[U, D]``: the state after each user's latest event."""
        catalogue = self.encoder.catalogue()
        device = catalogue.weight_PD.device
        batch = batch.to(device)
        states = torch.zeros(batch.num_users, catalogue.weight_PD.shape[1], device=device)
        some = batch.lengths > 0
        if bool(some.any()):
            encoded = self.encoder.encode(batch)
            states[some] = encoded.states_TD[encoded.offsets[1:][some] - 1].float()
        return states

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` float32 scores of the items `start` to `stop`."""
        return self.encoder.catalogue().scores(query, start, stop).float().cpu()
