"""Small worlds that the tests of explanations ask about."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.vocab import Vocab
from regard.explain.question import Question
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.memory import ItemMemory
from regard.models.protocols import Scorer
from regard.recommend.recommender import Recommender

V = 12


@dataclass
class Linear:
    """Scores of item to item, added over the history, so that what an event does is known by formula."""

    weight_VV: Tensor
    events: list[int] = field(default_factory=list)

    @property
    def num_items(self) -> int:
        return len(self.weight_VV)

    def query(self, batch: PackedBatch) -> Tensor:
        self.events.append(batch.num_users)
        row = torch.repeat_interleave(torch.arange(batch.num_users), batch.lengths)
        return torch.zeros(batch.num_users, len(self.weight_VV)).index_add_(
            0, row, self.weight_VV[batch.item_T]
        )

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        return query[:, start:stop]


def linear(seed: int = 0) -> Linear:
    return Linear(torch.randn(V, V, generator=torch.Generator().manual_seed(seed)))


def recommender_of(scorer: Scorer, history: list[int] | None = None) -> Recommender:
    return Recommender(
        scorer=scorer,
        users=Vocab.of(["ann"]),
        items=Vocab.of([f"i{item:02}" for item in range(V)]),
        histories=Histories.of([history or [0, 1]]),
        known_V=np.ones(V, dtype=bool),
        popularity_V=np.arange(V, 0, -1),
    )


def question_of(scorer: Scorer, history: list[int], item: int, *, k: int = 3) -> Question:
    return Question.of(recommender_of(scorer), Histories.of([history]), item, k=k)


def blended(seed: int = 0, *, memory: float = 1.0, decay: float = 0.8, blocks: int = 2) -> BlendScorer:
    """A transformer, an item memory and a trend, with random weights."""
    torch.manual_seed(seed)
    model = CausalModel(CausalConfig(width=16, heads=2, blocks=blocks, max_length=24), num_items=V).eval()
    torch.nn.init.normal_(model.items.weight)
    neighbours = ItemMemory(
        item_C=torch.arange(1, V),
        neighbour_CK=torch.randint(0, V - 1, (V - 1, 4)),
        weight_CK=torch.randn(V - 1, 4),
    )
    weights = BlendWeights(model=0.7, memory=memory, trend=0.3, decay=decay)
    return BlendScorer(model, Blend(weights=weights, trend_V=torch.rand(V), memory=neighbours))
