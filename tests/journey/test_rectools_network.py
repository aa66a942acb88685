"""RecTools' network in our own form says what it says with its padding written out."""

from __future__ import annotations

import numpy as np
import torch
from benchmarks.rectools_network import RecToolsNetwork
from torch import Tensor, nn
from torch.nn import functional as F

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.scoring import EncoderScorer

WIDTH, HEADS, LONGEST, V = 8, 2, 6, 11


def weights() -> dict[str, Tensor]:
    """Weights of two blocks by RecTools' names."""
    torch.manual_seed(0)
    made = {"pos_encoding_layer.pos_emb.weight": torch.randn(LONGEST, WIDTH)}
    shapes = {"feed_forward.ff_linear_1.": WIDTH, "feed_forward.ff_linear_2.": WIDTH}
    shapes |= {"multi_head_attn.in_proj_": 3 * WIDTH, "multi_head_attn.out_proj.": WIDTH}
    for number in range(2):
        inside = f"transformer_layers.transformer_blocks.{number}."
        for name, rows in shapes.items():
            made |= {
                f"{inside}{name}weight": torch.randn(rows, WIDTH) / 2,
                f"{inside}{name}bias": torch.randn(rows),
            }
        for name in ("q_layer_norm.", "ff_layer_norm."):
            made |= {f"{inside}{name}weight": torch.rand(WIDTH), f"{inside}{name}bias": torch.randn(WIDTH)}
    name = "transformer_layers.last_layernorm."
    return made | {f"{name}weight": torch.rand(WIDTH), f"{name}bias": torch.randn(WIDTH)}


def padded(own: dict[str, Tensor], table: Tensor, items: list[int]) -> Tensor:
    """Return the state after the last event: SASRec as RecTools lays it out, zeros on the left."""
    count = len(items)
    x = torch.zeros(1, LONGEST, WIDTH)
    real = torch.zeros(1, LONGEST, 1)
    if count:
        x[0, -count:] = table[items]
        real[0, -count:] = 1.0
    x = x + own["pos_encoding_layer.pos_emb.weight"].flip(0)
    later = torch.ones(LONGEST, LONGEST, dtype=torch.bool).triu(1)
    for number in range(2):
        inside = f"transformer_layers.transformer_blocks.{number}."
        part = {name.removeprefix(inside): value for name, value in own.items() if name.startswith(inside)}
        attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        attention.load_state_dict(
            {n.removeprefix("multi_head_attn."): w for n, w in part.items() if n.startswith("multi_head")}
        )
        x = x * real
        q = F.layer_norm(x, (WIDTH,), part["q_layer_norm.weight"], part["q_layer_norm.bias"])
        x = q + attention(q, x, x, attn_mask=later, need_weights=False)[0]
        fed = F.layer_norm(x, (WIDTH,), part["ff_layer_norm.weight"], part["ff_layer_norm.bias"])
        wide = F.relu(
            F.linear(fed, part["feed_forward.ff_linear_1.weight"], part["feed_forward.ff_linear_1.bias"])
        )
        x = (
            F.linear(wide, part["feed_forward.ff_linear_2.weight"], part["feed_forward.ff_linear_2.bias"])
            + fed
        )
    name = "transformer_layers.last_layernorm."
    return F.layer_norm(x * real, (WIDTH,), own[f"{name}weight"], own[f"{name}bias"], eps=1e-8)[0, -1]


@torch.inference_mode()
def test_padding_is_one_key_that_counts_as_many() -> None:
    own, table = weights(), torch.randn(V, WIDTH)
    histories = [[3], [1, 2, 1], [4, 5, 6, 7, 8, 9]]  # the last fills all places
    network = RecToolsNetwork(own, table, heads=HEADS).eval()
    found = EncoderScorer(network).query(PackedBatch.of(Histories.of(histories)))
    for state, items in zip(found, histories, strict=True):
        torch.testing.assert_close(state, padded(own, table, items), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_weights_are_those_of_events_and_leave_the_padding_its_share() -> None:
    network = RecToolsNetwork(weights(), torch.randn(V, WIDTH), heads=HEADS).eval()
    batch = PackedBatch.of(Histories.of([[1, 2, 3]]))
    seen = network.observed(batch)
    assert seen.weights_LNTT.shape == (2, HEADS, 3, 3)
    assert (seen.weights_LNTT.sum(-1) < 1).all()
    assert (seen.weights_LNTT.triu(1) == 0).all()
    np.testing.assert_allclose(seen.states_TD, network.encode(batch).states_TD)
