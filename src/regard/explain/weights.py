"""Weights: where an attention model looked when it made up its mind, which is not why.

Raw attention weights fail the tests of a faithful explanation (Jain & Wallace, "Attention is not
Explanation", 2019): they are shown beside the measured influence, under the name `LABEL`, and no
sentence is made of them. They belong to the encoder alone: an item memory and the trend that are weighed
beside it have no attention, while influence measures all together. It knows any encoder that is `Observable`.

Shape letters: E events of the history, L layers, N heads, T events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.protocols import Encoder, Observable, Scorer

__all__ = ["LABEL", "LastAttention", "every_head", "last_attention"]

LABEL = "where the model looked, not why"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAttention:
    """Attention weights of the latest event's query, in the last layer: `LABEL`.

    Parameters
    ----------
    heads_NE
        ``[N, E]`` float64 weights of each head.
    mean_E
        ``[E]`` float64 mean over the heads.
    """

    heads_NE: np.ndarray
    mean_E: np.ndarray


def last_attention(scorer: Scorer[Any], history: Histories) -> LastAttention | None:
    """Return where the model looked from the latest event; None for a model that cannot show it.

    Parameters
    ----------
    scorer
        A model whose attribute ``encoder`` is `Observable`, or any other, which gives None.
    history
        Exactly one row with at least one event: what the scorer reads of the user.
    """
    heads_LNE = every_head(scorer, history)
    if heads_LNE is None:
        return None
    heads_NE = heads_LNE[-1]
    return LastAttention(heads_NE=heads_NE, mean_E=heads_NE.mean(axis=0))


@torch.inference_mode()
def every_head(scorer: Scorer[Any], history: Histories) -> np.ndarray | None:
    """Return ``[L, N, E]`` float64 weights of the latest event's query in all layers: `LABEL`."""
    assert len(history) == 1
    assert history.num_events > 0
    encoder = getattr(scorer, "encoder", None)
    if not isinstance(encoder, Observable):
        return None
    device = encoder.catalogue().weight_PD.device if isinstance(encoder, Encoder) else torch.device("cpu")
    weights_LNTT = encoder.observed(PackedBatch.of(history).to(device)).weights_LNTT
    heads_LNE: np.ndarray = weights_LNTT[:, :, -1, :].double().cpu().numpy()
    return heads_LNE
