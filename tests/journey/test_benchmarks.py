"""The benchmarks judge Regard and its peers alike: the same questions, the same code, no look at the answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.common import BenchError, Target, fresh
from benchmarks.peers.exchange import Log, Questions, ndcg, write_lists
from benchmarks.ranks import ndcg_of, pack, unpack
from benchmarks.tasks import KeptLists, log_of, questions_of

from regard.data.split import Holdout, hold_out
from regard.evaluation.protocol import evaluate
from regard.model import Model
from regard.train.examples import Examples, examples_of


@pytest.fixture(scope="module")
def held(model: Model) -> Holdout:
    return hold_out(model.dataset, model.split)


@pytest.fixture(scope="module")
def validation(held: Holdout, model: Model) -> Examples:
    return examples_of(hold_out(held.train, model.split), held.train, most=200)


def test_lists_that_went_through_a_file_are_judged_as_if_they_had_not(
    model: Model, held: Holdout, tmp_path: Path
) -> None:
    direct = evaluate(model.recommender, held.queries, train=held.train, name="direct")
    write_lists(tmp_path / "lists.npz", model.recommender.rank(held.queries.histories, k=20).item_UK)
    with np.load(tmp_path / "lists.npz", allow_pickle=False) as file:
        kept = KeptLists(file["lists"], popularity_V=held.train.item_counts)
    assert evaluate(kept, held.queries, train=held.train, name="kept").per_user.equals(direct.per_user)


def test_the_questions_of_the_test_hold_no_answers(held: Holdout, tmp_path: Path) -> None:
    questions_of(held.queries).write(tmp_path / "questions.npz")
    read = Questions.read(tmp_path / "questions.npz")
    assert len(read) == len(held.queries)
    assert len(read.target) == 0
    assert [row.tolist() for row in read.log.rows()] == [
        held.queries.histories.item[first:last].tolist()
        for first, last in zip(held.queries.histories.start, held.queries.histories.stop, strict=True)
    ]


def test_a_log_comes_back_from_its_file_as_it_was(held: Holdout, tmp_path: Path) -> None:
    log = log_of(held.train.histories)
    log.write(tmp_path / "log.npz")
    read = Log.read(tmp_path / "log.npz")
    assert len(read.item) == held.train.num_events
    assert all(np.array_equal(getattr(log, name), getattr(read, name)) for name in ("user", "item", "time"))


def test_peers_choose_their_epochs_by_the_same_number_as_regard(model: Model, validation: Examples) -> None:
    asked = questions_of(validation.queries, weight=validation.weight_E)
    lists = model.recommender.rank(validation.queries.histories, k=10).item_UK
    assert ndcg(asked, lists) == pytest.approx(validation.ndcg(model.recommender))


def test_who_gets_no_list_from_a_peer_gets_the_most_popular_items_he_has_not_had(held: Holdout) -> None:
    counts = held.train.item_counts
    nothing = np.full((len(held.queries), 10), -1)
    ranked = KeptLists(nothing, popularity_V=counts).rank(held.queries.histories, k=10)
    for row in range(0, len(held.queries), 97):
        history = held.queries.histories.take(np.array([row]))
        seen = set(history.item[history.events()].tolist())
        best = [item for item in np.argsort(-counts, kind="stable").tolist() if item not in seen]
        assert ranked.item_UK[row].tolist() == best[:10]


def test_ranks_kept_as_text_give_back_the_metric_user_by_user(model: Model, held: Holdout) -> None:
    judged = evaluate(model.recommender, held.queries, train=held.train, name="model").per_user
    lists = model.recommender.rank(held.queries.histories, k=20).item_UK
    hit = lists == held.queries.target[:, None]
    rank = np.where(hit.any(1), hit.argmax(1) + 1, 0)
    assert np.allclose(ndcg_of(unpack(pack(rank)), k=10), judged["ndcg@10"].to_numpy())


def test_a_measurement_runs_in_a_process_of_its_own_that_tells_its_peak(tmp_path: Path) -> None:
    script = tmp_path / "measured.py"
    script.write_text(
        "def answer(job):\n    return {'bytes': len(bytearray(job['size']))}\n"
        "def fail(job):\n    raise ValueError('no such job')\n"
    )
    done = fresh(script, "answer", {"size": 300_000_000})
    assert done.value == {"bytes": 300_000_000}
    assert 0.3 < done.peak_gb < 0.5
    with pytest.raises(BenchError, match="no such job"):
        fresh(script, "fail", {})


def test_a_target_is_met_from_the_side_that_it_names() -> None:
    assert Target(name="speed", value=8.0, goal=8.0).met
    assert not Target(name="memory", value=0.6, goal=0.5, lower_is_better=True).met
    assert str(Target(name="speed", value=7.9, goal=8.0, unit="x")).startswith("missed speed: 7.9 x")
    met = Target(name="speed", value=9.0, goal=8.0)
    assert Target.from_json(met.to_json()) == met
