"""What diversity costs: NDCG@10 against intra-list diversity on ML-1M, split by time.

    python benchmarks/diversity.py            # under a minute of one core
    python benchmarks/diversity.py --quick    # 300 users

EASE ranks 100 candidates for each question of the test; MMR, a DPP and calibration choose ten of them at
strengths from 0 (the candidates' own order) up. Likeness is taken from item vectors (a truncated SVD of who
had what in training, 64 numbers an item) or from genres; diversity is judged by genres, and by vectors too.
Each strength is also compared with strength 0, user by user (p-values are not adjusted for the number of
strengths). Nothing is chosen by these numbers: they are the trade-off itself. Another ranker can be put in with
`candidates`.
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

from benchmarks.common import Target, keep
from benchmarks.diversity_page import IMAGE, plot
from benchmarks.tasks import KeptLists, Task
from regard.data.split import Queries
from regard.evaluation.linear import EASE
from regard.evaluation.lists import judge_lists, shares_of
from regard.evaluation.pairs import user_item_matrix
from regard.evaluation.protocol import EvaluateOptions, evaluate
from regard.evaluation.significance import paired_test
from regard.models.protocols import Ranked, Ranks
from regard.recommend.policy import Policy
from regard.recommend.recommender import Recommender
from regard.recommend.rerank import rerank
from regard.recommend.rules.context import Context

K, CANDIDATES, WIDTH = 10, 100, 64
STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8)
SERIES: dict[str, dict[str, Any]] = {
    "MMR, vectors": {"rule": "diversity", "method": "mmr"},
    "DPP, vectors": {"rule": "diversity", "method": "dpp"},
    "MMR, genres": {"rule": "diversity", "method": "mmr", "over": "genres"},
    "DPP, genres": {"rule": "diversity", "method": "dpp", "over": "genres"},
    "calibration": {"rule": "calibrate", "column": "genres"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console, began = Console(highlight=False, soft_wrap=True), time.perf_counter()
    study = Study(users=300 if arguments.quick else None)
    points = []
    for series, rule in SERIES.items():
        for strength in STRENGTHS:
            points.append({"series": series, **study.point({**rule, "strength": strength})})
            console.print(" ".join(f"{name} {_short(value)}" for name, value in points[-1].items()))
    targets = [
        Target(
            name="MMR over 100 candidates with what it moved, processor time a user",
            value=max(one["ms_per_user"] for one in points if one["series"] == "MMR, vectors"),
            goal=10.0,
            unit="ms",
            lower_is_better=True,
        )
    ]
    for target in targets:
        console.print(str(target))
    result = {
        "data": "ml-1m",
        "split": "time",
        "ranker": "EASE",
        "users": len(study.queries),
        "k": K,
        "candidates": CANDIDATES,
        "points": points,
        "targets": [one.to_json() for one in targets],
        "seconds": time.perf_counter() - began,
    }
    keep("diversity_quick" if arguments.quick else "diversity", result)
    if not arguments.quick:
        plot(result, IMAGE)


class Study:
    """The questions of the test, their candidates, and what lists of them are worth.

    Parameters
    ----------
    users
        So many questions, spread evenly; None: all.
    """

    def __init__(self, *, users: int | None) -> None:
        task = Task("ml-1m", "time", described=True)
        held = task.held
        self.train = held.train
        asked = len(held.queries)
        every = np.arange(asked) if users is None else np.linspace(0, asked - 1, users).astype(np.int64)
        self.queries = Queries(
            user=held.queries.user[every],
            histories=held.queries.histories.take(every),
            target=held.queries.target[every],
            target_time=held.queries.target_time[every],
        )
        self.vectors = item_vectors(self.train.histories, len(self.train.items))
        self.context = Context.of(self.train, vectors_VD=self.vectors)
        self.share_VG = shares_of(self.train.item_table["genres"])
        ranker = Recommender.of(EASE.fit(self.train), known=self.train, train=self.train)
        self.found = candidates(ranker, self.queries)
        self.plain_U = np.zeros(len(self.queries))

    def point(self, rule: dict[str, Any]) -> dict[str, Any]:
        """Measure the lists under one rule."""
        policy, histories = Policy.parse({"rules": [rule]}), self.queries.histories
        began = time.process_time()
        lists = rerank(self.found, k=K, policy=policy, context=self.context, histories=histories)
        spent = time.process_time() - began
        item_UK = lists.ranked.item_UK
        popularity_V = self.train.item_counts
        judged = evaluate(
            KeptLists(item_UK, popularity_V=popularity_V),
            self.queries,
            train=self.train,
            name=rule["rule"],
            options=EvaluateOptions(ks=(K,)),
        )
        ndcg_U = judged.per_user[f"ndcg@{K}"].to_numpy()
        if rule["strength"] == 0:
            self.plain_U = ndcg_U
        change = paired_test(ndcg_U, self.plain_U)
        quality = judge_lists(
            item_UK,
            histories=histories,
            popularity_V=popularity_V,
            vectors_VD=self.share_VG,
            share_VG=self.share_VG,
        )
        by_vectors = judge_lists(
            item_UK,
            histories=histories,
            popularity_V=popularity_V,
            vectors_VD=self.vectors,
            share_VG=self.share_VG,
        )
        return {
            "strength": rule["strength"],
            "ndcg": judged.main.value,
            "ndcg_low": judged.main.low,
            "ndcg_high": judged.main.high,
            "ndcg_change": change.difference.value,
            "ndcg_change_low": change.difference.low,
            "ndcg_change_high": change.difference.high,
            "ndcg_change_p": change.p_value,
            "diversity": quality.diversity,
            "diversity_vectors": by_vectors.diversity,
            "calibration_kl": quality.calibration,
            "coverage": quality.beyond.coverage,
            "gini": quality.beyond.gini,
            "novelty": quality.beyond.novelty,
            "ms_per_user": 1000 * spent / len(self.queries),
        }


def candidates(ranker: Ranks, queries: Queries) -> Ranked:
    """Ask any ranker for the candidates."""
    return ranker.rank(queries.histories, k=CANDIDATES)


def item_vectors(histories: Any, num_items: int) -> np.ndarray:
    """Return ``[V, 64]``: the right singular vectors of who had what, times the singular values."""
    torch.manual_seed(0)
    matrix = user_item_matrix(histories, num_items).to_dense()
    _, values, vectors = torch.svd_lowrank(matrix, q=WIDTH, niter=4)
    return (vectors * values).numpy()


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
