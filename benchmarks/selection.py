"""What the first selection loses: histories of up to 10,000 events, of which each candidate looks at a few.

    python benchmarks/selection.py [--quick]

Made data, since no public log of impressions has such histories: items of 40 topics, users who like five of
them; nine tenths of a history are of liked topics. In one world what counts is how often a topic was met
(its share of the history), in the other whether it was met at all, however long ago. A ranker learns with all
events of histories of 50 to 500 events; the same weights are then asked with selection and without.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from rich.console import Console

from benchmarks.common import keep
from regard.config import RunOptions
from regard.data.auc import Ranking
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.models.items import ItemFeatures
from regard.models.rank_rows import RankRows, score_rows
from regard.models.ranker import Ranker, RankerConfig, RankerSpec
from regard.train.ranking import RankTrainer
from regard.train.ranking_config import RankingConfig

_TOPICS, _OF_TOPIC = 40, 10
_ITEMS = _TOPICS * _OF_TOPIC
_LENGTHS = (300, 1_000, 3_000, 10_000)
_SELECT = (16, 64, 256)
_EVERY = 1_000_000
_WORLDS = {"how often": "how often a topic was met", "at all": "whether a topic was met at all"}
_CONSOLE = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed and shorter histories, kept apart")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds, lengths = (1, _LENGTHS[:2]) if arguments.quick else (3, _LENGTHS)
    rows = []
    for world in _WORLDS:
        for seed in range(seeds):
            ranker = learned(world, seed)
            for length in lengths:
                rows += asked(ranker, world, seed, length)
                _CONSOLE.print(f"{world}, seed {seed}, {length:,} events: {rows[-1]['auc']:.4f} with all")
    keep("selection_quick" if arguments.quick else "selection", {"rows": rows, "worlds": _WORLDS})


def learned(world: str, seed: int) -> Ranker:
    """Train a ranker that looks at all events."""
    draw = np.random.default_rng([seed, 0])
    lengths = np.exp(draw.uniform(np.log(50), np.log(500), 6_000)).astype(np.int64)
    config = RankingConfig(
        shape=RankerConfig(width=16, hidden=32, select=_EVERY, max_length=_EVERY, scale=0.25),
        train={"epochs": 12, "learning_rate": 1e-2, "average": 0.2},
        batch_candidates=256,
    )
    known = ItemFeatures(trained_V=np.ones(_ITEMS, dtype=bool))
    nobody = ItemFeatures(trained_V=np.zeros(0, dtype=bool))
    torch.manual_seed(seed)
    ranker = Ranker(config.shape, RankerSpec(actions=("click",), items=known, users=nobody))
    made = impressions(world, lengths, draw, candidates=12)
    RankTrainer(ranker, made, config=config, options=RunOptions(seed=seed)).run()
    return ranker


def asked(ranker: Ranker, world: str, seed: int, length: int) -> list[dict[str, Any]]:
    """Measure a ranker on histories of one length, by the number of events that a candidate looks at."""
    draw = np.random.default_rng([seed, length])
    made = impressions(world, np.full(100, length), draw, candidates=20)
    found = []
    for select in (*(one for one in _SELECT if one < length), _EVERY):
        ranker.interest.select = select
        began = time.monotonic()
        logit_K = score_rows(ranker, made, candidates=200)[:, 0]
        ms = (time.monotonic() - began) * 1_000 / len(made)
        auc = Ranking.of(logit_K).auc(made.impressions.labels["click"])
        found.append(
            {
                "world": world,
                "seed": seed,
                "length": length,
                "select": min(select, length),
                "auc": auc,
                "ms": ms,
            }
        )
    return found


def impressions(world: str, lengths: np.ndarray, draw: np.random.Generator, *, candidates: int) -> RankRows:
    """Make requests, each with a history of its own."""
    shown, clicked, had = [], [], []
    for length in lengths.tolist():
        liked = draw.choice(_TOPICS, 5, replace=False)
        share = draw.dirichlet(np.full(5, 0.7))
        rare = draw.choice(_TOPICS, 10, replace=False)
        topic = np.where(
            draw.random(length) < 0.9, draw.choice(liked, length, p=share), draw.choice(rare, length)
        )
        had.append((topic * _OF_TOPIC + draw.integers(0, _OF_TOPIC, length)).tolist())
        share_T = np.bincount(topic, minlength=_TOPICS) / length
        # Half of the candidates are of topics that were met, since the others teach nothing.
        asked_T = np.where(
            draw.random(candidates) < 0.5,
            draw.choice(topic, candidates),
            draw.integers(0, _TOPICS, candidates),
        )
        met = share_T[asked_T]
        chance = 0.1 + 0.8 * (np.minimum(met / 0.3, 1) if world == "how often" else met > 0)
        item = asked_T * _OF_TOPIC + draw.integers(0, _OF_TOPIC, candidates)
        shown.append(item.tolist())
        clicked.append(draw.random(candidates) < chance)
    bare = Impressions.of(shown, clicked=[[] for _ in shown])
    label = np.concatenate(clicked).astype(np.float32)
    made = Impressions(
        offsets=bare.offsets,
        user_I=bare.user_I,
        time_I=bare.time_I,
        item_K=bare.item_K,
        labels={"click": label},
    )
    return RankRows.of(made, Histories.of(had), {}, max_length=_EVERY)


if __name__ == "__main__":
    main()
