"""RecTools' SASRec as our explanations see it: its trained weights in a network of our own.

RecTools pads histories with zeros on the left and lets events look at the padding, whose keys and values are
then the biases of their projections. All paddings of a history are alike, so that one more key stands for them
here, its score raised by the logarithm of their number: the same numbers without the padding. What else is
its own: keys and values are of the events themselves and only queries of their norm, the norm's output is what
is added to, and positions count from the latest event. `explanations_peer.py` holds its scores to RecTools'.

An item memory or a trend is not part of it, so what is explained is the network alone.

Shape letters: T events, U users, L longest history, N heads, H head width, D width, V items, B blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.data.packing import PackedBatch
from regard.models.protocols import Encoded, Observed
from regard.nn.heads import Catalogue
from regard.nn.plan import Layout

__all__ = ["Exported", "RecToolsNetwork"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What `benchmarks.peers.rectools_sasrec.export` wrote.

    Parameters
    ----------
    item_I
        ``[I]`` numbers of the items that it knows.
    table_ID
        ``[I, D]`` float32 vectors of these.
    weights
        Of the network, by RecTools' names.
    checked_user_C, checked_item_C, checked_score_C
        ``[C]`` scores that RecTools itself gave to items for the first users of the questions.
    lists_UK
        ``[U, k]`` its lists for all questions, to judge how good it is.
    epochs
        How long it was trained.
    """

    item_I: np.ndarray
    table_ID: np.ndarray
    weights: Mapping[str, Tensor]
    checked_user_C: np.ndarray
    checked_item_C: np.ndarray
    checked_score_C: np.ndarray
    lists_UK: np.ndarray
    epochs: int

    @classmethod
    def read(cls, path: Path) -> Exported:
        """Read the file."""
        with np.load(path, allow_pickle=False) as file:
            weights = {
                name.removeprefix("weight:"): torch.from_numpy(file[name])
                for name in file.files
                if name.startswith("weight:")
            }
            return cls(
                item_I=file["items"],
                table_ID=file["table"],
                weights=weights,
                checked_user_C=file["checked:user"],
                checked_item_C=file["checked:item"],
                checked_score_C=file["checked:score"],
                lists_UK=file["lists"],
                epochs=int(file["epochs"]),
            )

    def network(self, num_items: int, *, heads: int) -> RecToolsNetwork:
        """Return the network over a catalogue of `num_items`; items that it does not know are zero."""
        table = torch.zeros(num_items, self.table_ID.shape[1])
        table[torch.from_numpy(self.item_I)] = torch.from_numpy(self.table_ID)
        return RecToolsNetwork(self.weights, table, heads=heads).eval()


class RecToolsNetwork(nn.Module):
    """The network: an `Encoder` that is `Observable`.

    Parameters
    ----------
    weights
        As in `Exported`.
    table_VD
        ``[V, D]`` vectors of the items.
    heads
        N.
    """

    def __init__(self, weights: Mapping[str, Tensor], table_VD: Tensor, *, heads: int) -> None:
        super().__init__()
        self.table, self.positions = nn.Parameter(table_VD), weights["pos_encoding_layer.pos_emb.weight"]
        inside = "transformer_layers.transformer_blocks."
        count = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith(inside))
        self.blocks = nn.ModuleList(_Block(weights, f"{inside}{number}.", heads) for number in range(count))
        self.norm = _norm(weights, "transformer_layers.last_layernorm.", eps=1e-8)

    @property
    def longest(self) -> int:
        """Longest history that it reads."""
        return len(self.positions)

    def encode(self, batch: PackedBatch, catalogue: Catalogue | None = None) -> Encoded:
        """Return the state after each event; no history may be longer than `longest`."""
        return Encoded(states_TD=self._run(batch, catalogue).states_TD, offsets=batch.offsets)

    def observed(self, batch: PackedBatch) -> Observed:
        """Return the states of one history, and its weights: what padding is given is left out of them."""
        assert batch.num_users == 1
        return self._run(batch, None)

    def catalogue(self) -> Catalogue:
        """Return the vectors of the items, which outputs and inputs share."""
        return Catalogue(weight_PD=self.table, bias_P=None, size=len(self.table))

    def item_table(self) -> Tensor:
        """Return ``[V, D]``."""
        return self.table

    def _run(self, batch: PackedBatch, catalogue: Catalogue | None) -> Observed:
        layout = Layout.of(batch.offsets)
        assert layout.longest <= self.longest
        lengths_U = batch.lengths
        ago_T = lengths_U[layout.user_T] - 1 - layout.position_T
        items = self.catalogue() if catalogue is None else catalogue
        x_ULD = layout.pad(items.inputs(batch.item_T) + self.positions[ago_T])
        bias = _bias(layout.longest, self.longest - lengths_U)
        seen = []
        for block in self.blocks:
            x_ULD, weights_UNLL = block(x_ULD, bias)
            seen.append(weights_UNLL[0])
        return Observed(states_TD=layout.unpad(self.norm(x_ULD)), weights_LNTT=torch.stack(seen))


class _Block(nn.Module):
    def __init__(self, weights: Mapping[str, Tensor], name: str, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_query = _norm(weights, f"{name}q_layer_norm.")
        self.norm_feed = _norm(weights, f"{name}ff_layer_norm.")
        self.feed_in = _linear(weights, f"{name}feed_forward.ff_linear_1.")
        self.feed_out = _linear(weights, f"{name}feed_forward.ff_linear_2.")
        self.project_in = _linear(weights, f"{name}multi_head_attn.in_proj_")
        self.project_out = _linear(weights, f"{name}multi_head_attn.out_proj.")

    def forward(self, x_ULD: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``[U, L, D]`` and the ``[U, N, L, L]`` weights of the events."""
        width = x_ULD.shape[-1]
        normed_ULD = self.norm_query(x_ULD)
        weight, own = self.project_in.weight, self.project_in.bias
        q = F.linear(normed_ULD, weight[:width], own[:width])
        # The padding is the zero vector: its key and value are the biases
        padded = F.pad(x_ULD, (0, 0, 0, 1))
        k, v = F.linear(padded, weight[width:], own[width:]).chunk(2, dim=-1)
        q, k, v = (one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in (q, k, v))
        weights = torch.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5 + bias, dim=-1)
        mixed_ULD = (weights @ v).transpose(1, 2).flatten(2)
        fed_ULD = self.norm_feed(normed_ULD + self.project_out(mixed_ULD))
        y_ULD = self.feed_out(F.relu(self.feed_in(fed_ULD))) + fed_ULD
        return y_ULD, weights[..., :-1]


def _bias(length: int, paddings_U: Tensor) -> Tensor:
    """Return ``[U, 1, L, L + 1]``: events see themselves and earlier ones, and all paddings as one key."""
    later = torch.full((length, length), -torch.inf).triu(1)
    many = paddings_U.float().log()[:, None, None, None].expand(-1, 1, length, 1)
    return torch.cat([later.expand(len(paddings_U), 1, length, length), many], dim=-1)


def _linear(weights: Mapping[str, Tensor], name: str) -> nn.Linear:
    weight = weights[f"{name}weight"]
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    layer.load_state_dict({"weight": weight, "bias": weights[f"{name}bias"]}, assign=True)
    return layer


def _norm(weights: Mapping[str, Tensor], name: str, *, eps: float = 1e-5) -> nn.LayerNorm:
    weight = weights[f"{name}weight"]
    layer = nn.LayerNorm(len(weight), eps=eps, device="meta")
    layer.load_state_dict({"weight": weight, "bias": weights[f"{name}bias"]}, assign=True)
    return layer
