"""Methods that read attention: where the network looked, which is a control here and not an explanation.

All of them are of the network alone: an item memory has no attention. None knows which item is asked about.

- `last_layer`: from the latest event, mean over the heads of the last layer;
- `mean_layers`: the same over all layers;
- `rollout`: through the layers, half of each step going past the attention (Abnar & Zuidema, "Quantifying
  Attention Flow in Transformers", ACL 2020);
- `value_weighted`: the length of what an event's value adds in the last layer, not its weight alone
  (Kobayashi et al., "Attention is Not Only a Weight", EMNLP 2020).

Shape letters: E events of the history, L layers, N heads, D width, H width of a head.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.data.packing import PackedBatch
from regard.explain.methods.base import Attribution
from regard.explain.question import Question
from regard.models.causal import CausalModel
from regard.models.protocols import Encoder, Observable, Scorer
from regard.nn.block import Block

__all__ = ["has_attention", "has_values", "last_layer", "mean_layers", "rollout", "value_weighted"]


def has_attention(scorer: Scorer[Any]) -> bool:
    """Tell whether a scorer can show its attention weights."""
    return isinstance(getattr(scorer, "encoder", None), Observable)


def has_values(scorer: Scorer[Any]) -> bool:
    """Tell whether what attention adds up can be read too."""
    return isinstance(getattr(scorer, "encoder", None), CausalModel)


def last_layer(question: Question, seed: int = 0) -> Attribution:
    """Return the attention of the latest event in the last layer, mean over heads."""
    return Attribution(value_E=_weights(question)[-1, :, -1].mean(axis=0), calls=1)


def mean_layers(question: Question, seed: int = 0) -> Attribution:
    """Return the attention of the latest event, mean over heads and layers."""
    return Attribution(value_E=_weights(question)[:, :, -1].mean(axis=(0, 1)), calls=1)


def rollout(question: Question, seed: int = 0) -> Attribution:
    """Return attention rolled out from the latest event through all layers."""
    mean_LEE, flow_E = _weights(question).mean(axis=1), np.zeros(question.length)
    flow_E[-1] = 1.0
    for layer_EE in mean_LEE[::-1]:
        flow_E = 0.5 * flow_E + 0.5 * (flow_E @ layer_EE)
    return Attribution(value_E=flow_E, calls=1)


@torch.inference_mode()
def value_weighted(question: Question, seed: int = 0) -> Attribution:
    """Return the lengths of what the events' values add to the latest state in the last layer."""
    model = getattr(question.scorer, "encoder", None)
    assert isinstance(model, CausalModel)
    block = model.stack.blocks[-1]
    assert isinstance(block, Block)
    read: list[Tensor] = []
    hook = block.norm_attention.register_forward_hook(lambda _, __, out: read.append(out))
    try:
        weight_NE = torch.from_numpy(_weights(question)[-1, :, -1])
    finally:
        hook.remove()
    attention = block.attention
    width, heads = attention.width, attention.heads
    _, _, value_ED = attention.project_in(read[-1]).view(-1, 3, width).unbind(1)
    value_ENH = value_ED.view(-1, heads, width // heads)
    out_DNH = attention.project_out.weight.view(width, heads, width // heads)
    heard = weight_NE.T[:, :, None].to(value_ENH) * value_ENH
    added_ED = torch.einsum("enh,dnh->ed", heard, out_DNH)
    return Attribution(value_E=added_ED.norm(dim=1).double().cpu().numpy(), calls=1)


@torch.inference_mode()
def _weights(question: Question) -> np.ndarray:
    """Return ``[L, N, E, E]`` float64 attention weights, query by key."""
    encoder = getattr(question.scorer, "encoder", None)
    assert isinstance(encoder, Observable)
    device = encoder.catalogue().weight_PD.device if isinstance(encoder, Encoder) else "cpu"
    seen = encoder.observed(PackedBatch.of(question.history).to(device))
    weights: np.ndarray = seen.weights_LNTT.double().cpu().numpy()
    return weights
