"""The chapters on content tell what the kept runs say: same questions in pairs, seeds together, nothing else."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pytest
from benchmarks.cold import ARMS, LIGER, PROTOCOLS, beside_liger, cold_of, jobs
from benchmarks.common import BenchError, data_folder
from benchmarks.content_page import cold_chapter, cold_targets, cost_chapter, warm_chapter, warm_targets
from benchmarks.ranks import ndcg_of, pack

HELD_OUT, AFTER_THE_CUT, NEAREST = PROTOCOLS
WHERE = {"date": "2026-11-24T12:00+00:00", "commit": "abc1234", "processor": "a processor", "threads": 2}
USERS = 400


def ranks_of(seed: int, *, share: float) -> np.ndarray:
    """Ranks of targets, of which `share` is in the list; the users who are easy are the same for all seeds."""
    easy, draw = np.random.default_rng(0).random(USERS), np.random.default_rng(seed + 1)
    return np.where(easy < share, draw.integers(1, 11, USERS), 0)


def warm(arm: str, seed: int, share: float, seconds: float = 10.0) -> dict[str, Any]:
    rank = ranks_of(seed, share=share)
    metrics = {"ndcg@10": float(ndcg_of(rank, k=10).mean()), "recall@10": float((rank > 0).mean())}
    return {
        **{"data": "ml-100k", "split": "time", "arm": arm, "seed": seed, "settings": {}, "threads": 1},
        **{"metrics": metrics, "ranks": pack(rank), "queries": USERS, "cold_targets": 12, "epochs": 5},
        **{"processor_seconds": seconds, "environment": WHERE},
    }


def cold(protocol: str, arm: str, seed: int, rank: np.ndarray) -> dict[str, Any]:
    recall, ndcg = float((rank > 0).mean()), float(ndcg_of(rank, k=10).mean())
    found = {"recall@10": [recall] * 3, "ndcg@10": [ndcg] * 3, "ranks": pack(rank)}
    return {
        **{"protocol": protocol, "data": "amazon-2014-beauty", "arm": arm, "seed": seed, "settings": {}},
        **{"found": {arm: {"among_all": found, "among_cold": found}}, "queries": len(rank), "cold_items": 43},
        **{"targets": 40, "items": 12_101, "threads": 1, "environment": WHERE},
    }


def row(page: str, name: str) -> list[str]:
    return next(line for line in page.splitlines() if line.startswith(f"| {name} |")).split(" | ")


def test_an_arm_is_compared_with_ids_on_the_seeds_that_both_have() -> None:
    runs = [warm("ids", seed, 0.3) for seed in (0, 1, 2)]
    better = [warm("ids + text", seed, 0.5, seconds=15.0) for seed in (0, 1)]
    page = warm_chapter({"runs": [*better, *runs]})

    ids, text = row(page, "ids"), row(page, "ids + text")
    assert page.index("| ids |") < page.index("| ids + text |")
    assert float(ids[1]) == pytest.approx(np.mean([one["metrics"]["ndcg@10"] for one in runs]), abs=1e-4)
    assert [float(one) for one in text[2].split()] == pytest.approx(
        [one["metrics"]["ndcg@10"] for one in better], abs=1e-4
    )
    gain = np.mean([one["metrics"]["ndcg@10"] for one in better]) - np.mean(
        [one["metrics"]["ndcg@10"] for one in runs[:2]]
    )
    assert float(text[4].split()[0]) == pytest.approx(gain, abs=1e-4)
    assert float(text[5]) < 0.01
    assert text[6] == "1.50x"
    assert ids[4:6] == ["", ""]


def test_everything_together_may_be_worse_than_ids_only_within_the_noise() -> None:
    ids = warm("ids", 0, 0.3)
    same, worse = (warm_targets({"runs": [ids, warm("ids + all", 0, share)]}) for share in (0.3, 0.1))

    assert [target.met for target in same] == [True]
    assert [target.met for target in worse] == [False]
    assert warm_targets({"runs": [ids]}) == []


def test_seeds_with_other_cold_items_are_other_questions_and_those_with_the_same_are_one() -> None:
    ranks = [ranks_of(seed, share=0.4) for seed in (0, 1, 2)]
    shorter = [ranks[0], ranks[1][: USERS // 2], ranks[2]]  # other items: another number of questions
    redrawn = [cold(HELD_OUT, "attributes + text", seed, rank) for seed, rank in enumerate(shorter)]
    same = [cold(NEAREST, "attributes + text", seed, rank) for seed, rank in enumerate(ranks)]
    widths = []
    for runs, values in ((redrawn, np.concatenate(shorter)), (same, np.stack(ranks))):
        cells = row(cold_chapter({"runs": runs}), "attributes + text")
        assert float(cells[1].split()[0]) == pytest.approx((values > 0).mean(), abs=1e-4)
        assert float(cells[2].split()[0]) == pytest.approx(ndcg_of(values, k=10).mean(), abs=1e-4)
        low, high = (float(bound) for bound in cells[1].partition("(")[2].rstrip(" )|").split(" to "))
        widths.append(high - low)
    # Three seeds over the same users, who are easy or not for all, tell no more of users than one.
    assert widths[1] > 1.3 * widths[0]


def test_published_figures_stand_beside_ours_with_what_differs() -> None:
    kept = {"runs": [cold(NEAREST, "attributes + text", 0, ranks_of(0, share=0.2))]}
    page, lines = cold_chapter(kept), beside_liger(kept)

    for value, items in LIGER.values():
        assert f"{value:.4f}" in page
        assert f"({items} items)" in page
    assert "43 (amazon-2014-beauty) items cold, the same numbers" in page
    assert "zero by construction" in page
    ours = f"{(ranks_of(0, share=0.2) > 0).mean():.4f}"
    assert f"amazon-2014-beauty: attributes + text {ours}" in page
    assert any(line.strip().startswith(ours) and NEAREST in line for line in lines)


def test_a_model_is_measured_against_the_best_content_knn() -> None:
    runs = [
        cold(HELD_OUT, arm, 0, ranks_of(0, share=share))
        for arm, share in {
            "attributes + text": 0.4,
            "content-KNN, words": 0.1,
            "content-KNN, text": 0.2,
        }.items()
    ]
    (target,) = cold_targets({"runs": runs})
    shares = [(ranks_of(0, share=share) > 0).mean() for share in (0.4, 0.2)]
    assert target.value == pytest.approx(shares[0] / shares[1])
    assert cold_targets({"runs": runs[:1]}) == []


def test_what_content_costs_is_written_down() -> None:
    encoded = {"values": 10_000, "encoder": "small", "seconds": 100.0, "processor_seconds": 180.0}
    training = {"ratio": 1.25, "ids": 5_000.0, "all": 4_000.0, "unit": "targets", "fields": {"genres": "set"}}
    page = cost_chapter({"texts": encoded, "posters": encoded, "training": {"ml-100k": training}})

    assert row(page, "10,000 texts")[1:] == ["small", "100", "180", "100 |"]
    assert row(page, "ml-100k")[3:] == ["1.25", "genres (set) |"]


def test_what_does_not_depend_on_a_seed_is_asked_once() -> None:
    asked = argparse.Namespace(
        **{"protocols": list(PROTOCOLS), "data": ["ml-100k", "amazon-2014-toys"], "seeds": [0, 1, 2]},
        **{"arms": list(ARMS), "settings": {}, "threads": 1},
    )
    counted = {
        protocol: [job["arm"] for job in jobs(asked) if job["protocol"] == protocol] for protocol in PROTOCOLS
    }

    assert [counted[HELD_OUT].count(arm) for arm in ARMS] == [3] * len(ARMS)
    for protocol in (AFTER_THE_CUT, NEAREST):
        assert [counted[protocol].count(arm) for arm in ARMS] == [3, 3, 1, 1, 1]


@pytest.mark.parametrize(("protocol", "data"), [(AFTER_THE_CUT, "ml-100k"), (NEAREST, "amazon-2014-beauty")])
def test_targets_are_cold_and_the_nearest_protocol_has_as_many_cold_items_as_was_published(
    protocol: str, data: str
) -> None:
    try:
        data_folder(data)
    except BenchError as error:
        pytest.skip(str(error))
    asked = cold_of(protocol, data, seed=0)

    assert not asked.train.item_counts[asked.cold_V].any()
    assert asked.cold_V[asked.queries.target].all()
    assert data not in LIGER or asked.cold_V.sum() == LIGER[data][1]
