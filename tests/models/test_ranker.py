"""The ranker learns what only a candidate and a history together tell; its settings are checked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from regard.data.columns import Codes
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.errors import ConfigError
from regard.models.items import ItemFeatures
from regard.models.protocols import Candidates
from regard.models.ranker import Ranker, RankerConfig, RankerSpec

ITEMS = 24
COLOUR = (np.arange(ITEMS) % 3).astype(np.int32)


def make(config: RankerConfig) -> Ranker:
    torch.manual_seed(0)
    columns = {"colour": Codes(code_R=COLOUR + 2, size=5)}
    items = ItemFeatures(columns=columns, trained_V=np.ones(ITEMS, dtype=bool))
    nobody = ItemFeatures(trained_V=np.zeros(0, dtype=bool))
    return Ranker(config, RankerSpec(actions=("click",), items=items, users=nobody))


def draw(seed: int) -> tuple[PackedBatch, Candidates, torch.Tensor]:
    """Histories of one colour each, and candidates that are clicked if they have that colour."""
    rng = np.random.default_rng(seed)
    own = rng.integers(0, 3, 64)
    items = [list(rng.choice(np.flatnonzero(colour == COLOUR), 4)) for colour in own]
    shown = rng.integers(0, ITEMS, (64, 3))
    label = torch.from_numpy((COLOUR[shown] == own[:, None]).astype(np.float32)).reshape(-1, 1)
    return PackedBatch.of(Histories.of(items)), Candidates.of(shown.tolist()), label


@pytest.mark.parametrize("attention", ["cross", "din"])
def test_it_learns_that_a_candidate_is_like_the_history(attention: str) -> None:
    model = make(RankerConfig(width=16, attention=attention, dropout=0.0, embedding_dropout=0.0)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(60):
        batch, candidates, label = draw(step)
        loss = F.binary_cross_entropy_with_logits(model(batch, candidates), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    batch, candidates, label = draw(999)
    with torch.no_grad():
        right = (model.eval()(batch, candidates) > 0) == (label > 0)
    assert right.float().mean() > 0.95


def test_an_encoded_history_serves_any_candidates() -> None:
    model = make(RankerConfig(width=16)).eval()
    batch, candidates, _ = draw(0)
    with torch.no_grad():
        encoded = model.encode(batch)
        torch.testing.assert_close(model.rank(encoded, candidates), model(batch, candidates))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError, match="a width of 30 cannot be divided into 4 heads"):
        RankerConfig(width=30)


def test_a_history_beyond_its_length_is_ours_to_cut() -> None:
    model = make(RankerConfig(width=16, max_length=3))
    with pytest.raises(AssertionError, match="max_length"):
        model.encode(draw(0)[0])
