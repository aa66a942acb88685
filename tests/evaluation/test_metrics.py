"""Metrics: by hand, and against ranx on random lists."""

from __future__ import annotations

import numpy as np
import pytest

from regard.evaluation.metrics import METRICS, Relevant, beyond_accuracy, gini, hits


def _random(seed: int, users: int = 200, items: int = 60, places: int = 20):
    rng = np.random.default_rng(seed)
    lists = np.array([rng.permutation(items)[:places] for _ in range(users)])
    lists[rng.random(users) < 0.2, places // 2 :] = -1
    counts = rng.integers(1, 30, size=users)
    relevant = np.concatenate([rng.permutation(items)[:count] for count in counts])
    return lists, Relevant(item_R=relevant, count_U=counts)


@pytest.fixture(scope="module")
def ranx():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")  # compiling takes a minute, computing no time
        return pytest.importorskip("ranx")


@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize("k", [1, 5, 10, 20])
def test_every_metric_agrees_with_ranx(ranx, metric, k):
    lists, relevant = _random(seed=k)
    parts = np.split(relevant.item_R, np.cumsum(relevant.count_U)[:-1])
    judged = ranx.Qrels({f"u{u:04}": {str(i): 1 for i in part} for u, part in enumerate(parts)})
    run = ranx.Run(
        {
            f"u{u:04}": {str(i): 1.0 - r / 100 for r, i in enumerate(row) if i >= 0}
            for u, row in enumerate(lists)
        }
    )
    ranx.evaluate(judged, run, f"{metric}@{k}", make_comparable=True)
    expected = np.array([run.scores[f"{metric}@{k}"][f"u{u:04}"] for u in range(len(lists))])
    got = METRICS[metric](hits(lists, relevant), relevant.count_U, k)
    assert np.allclose(got, expected)


def test_one_target_by_hand():
    lists = np.array([[7, 3, 5], [1, 2, 0], [4, 4, -1]])
    relevant = Relevant.one(np.array([5, 1, 9]))
    hit = hits(lists, relevant)
    value = {name: measure(hit, relevant.count_U, 3).tolist() for name, measure in METRICS.items()}
    assert value["ndcg"] == [0.5, 1.0, 0.0]
    assert value["recall"] == [1.0, 1.0, 0.0]
    assert value["precision"] == [1 / 3, 1 / 3, 0.0]
    assert value["mrr"] == value["map"] == [1 / 3, 1.0, 0.0]
    assert METRICS["recall"](hit, relevant.count_U, 2).tolist() == [0.0, 1.0, 0.0]


def test_several_targets_by_hand():
    relevant = Relevant(item_R=np.array([1, 2, 3]), count_U=np.array([3]))
    hit = hits(np.array([[1, 9, 3, 8]]), relevant)
    discount = 1 / np.log2([2, 3, 4])
    assert METRICS["ndcg"](hit, relevant.count_U, 4)[0] == pytest.approx((1 + 0.5) / discount.sum())
    assert METRICS["map"](hit, relevant.count_U, 4)[0] == pytest.approx((1 + 2 / 3) / 3)
    assert METRICS["precision"](hit, relevant.count_U, 4)[0] == 0.5


def test_a_list_shorter_than_k_loses_precision_but_not_recall():
    relevant = Relevant.one(np.array([0]))
    hit = hits(np.array([[0]]), relevant)
    assert METRICS["precision"](hit, relevant.count_U, 10).tolist() == [0.1]
    assert METRICS["recall"](hit, relevant.count_U, 10).tolist() == [1.0]
    assert METRICS["ndcg"](hit, relevant.count_U, 10).tolist() == [1.0]


def test_an_empty_place_is_never_a_hit():
    assert not hits(np.array([[-1, -1], [-1, 0]]), Relevant.one(np.array([0, 1]))).any()


def test_gini_is_the_mean_difference_of_all_pairs():
    amounts = np.random.default_rng(0).integers(0, 20, size=50)
    pairs = np.abs(amounts[:, None] - amounts[None, :]).mean() / (2 * amounts.mean())
    assert gini(amounts) == pytest.approx(pairs)
    assert gini(np.zeros(3)) == 0.0


def test_beyond_accuracy_by_hand():
    beyond = beyond_accuracy(np.array([[0, 1], [0, -1]]), np.array([4, 2, 2, 0]))
    assert beyond.coverage == pytest.approx(2 / 3)
    assert beyond.gini == pytest.approx(gini(np.array([2, 1, 0])))
    assert beyond.mean_popularity == pytest.approx((4 + 2 + 4) / 3)
    assert beyond.novelty == pytest.approx((1 + 2 + 1) / 3)


def test_empty_lists_have_nothing_beyond_accuracy():
    beyond = beyond_accuracy(np.full((2, 3), -1), np.array([1, 2]))
    assert (beyond.coverage, beyond.gini, beyond.mean_popularity, beyond.novelty) == (0, 0, 0, 0)
