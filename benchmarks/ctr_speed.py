"""How long a ranker takes for one user: 100 and 1,000 candidates, a history of 200, width 64, one core.

Times are those of the processor in the one thread, so that other programs do not count.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import torch

from regard.data.columns import Bags, Codes
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.models.items import ItemFeatures
from regard.models.protocols import Candidates
from regard.models.ranker import Ranker, RankerConfig, RankerSpec

__all__ = ["speed"]

_ITEMS, _LENGTH, _REPEATS = 5_000, 200, 60


def speed() -> dict[str, Any]:
    """Return by attention the medians in milliseconds, encoding the history included."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    brand = Codes(code_R=rng.integers(0, 50, _ITEMS).astype(np.int32), size=50)
    tags = Bags(offset_R1=np.arange(_ITEMS + 1) * 2, code_J=np.tile([2, 3], _ITEMS).astype(np.int32), size=20)
    known = ItemFeatures(columns={"brand": brand, "tags": tags}, trained_V=np.ones(_ITEMS, dtype=bool))
    users = ItemFeatures(trained_V=np.ones(9, dtype=bool))
    history = PackedBatch.of(Histories.of([rng.integers(0, _ITEMS, _LENGTH).tolist()]))
    found = {}
    for name, attention, heads in (("cross-attention", "cross", 4), ("DIN", "din", 4)):
        config = RankerConfig(width=64, hidden=64, attention=attention, heads=heads)
        ranker = Ranker(config, RankerSpec(actions=("click",), items=known, users=users)).eval()
        asked = {count: Candidates.of([rng.integers(0, _ITEMS, count).tolist()]) for count in (100, 1000)}
        times: dict[int, list[float]] = {100: [], 1000: []}
        with torch.inference_mode():
            for _ in range(_REPEATS):
                for count, candidates in asked.items():
                    started = time.thread_time()
                    ranker.rank(ranker.encode(history), candidates)
                    times[count].append(1000 * (time.thread_time() - started))
        few, many = (statistics.median(times[count][5:]) for count in (100, 1000))
        found[name] = {"ms_100": few, "ms_1000": many, "ratio": many / few, "best_1000": min(times[1000])}
    return found
