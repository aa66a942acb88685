"""Only events of the target types are asked for; histories keep the events of all types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from regard.data.dataset import Dataset
from regard.data.prepare import prepare
from regard.data.split import SplitSpec, hold_out
from regard.data.target import TargetSpec, last_targets, until_last_target
from regard.errors import ConfigError, SplitError

# What each user did: item and type, a time unit apart.
LOG = {
    "ann": [("a", "view"), ("b", "view"), ("b", "buy"), ("c", "view"), ("d", "buy"), ("e", "view")],
    "bob": [("a", "view"), ("c", "cart"), ("d", "view"), ("b", "view")],
    "cat": [("b", "buy"), ("a", "view"), ("c", "view")],
    "dan": [("c", "buy")],
}


def log(events: dict[str, list[tuple[str, str]]] = LOG, target: Sequence[str] = ("buy",)) -> Dataset:
    rows = [(user, item, kind, when) for user, row in events.items() for when, (item, kind) in enumerate(row)]
    names = ("user_id", "item_id", "event_type", "timestamp")
    dataset = prepare(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))).dataset
    return dataset.asking(TargetSpec(types=tuple(target)))


def names(dataset: Dataset, numbers: np.ndarray) -> str:
    return "".join(dataset.items.decode(numbers).to_list())


@pytest.mark.parametrize(
    ("target", "weights", "spec"),
    [
        ("purchase", [], TargetSpec(types=("purchase",))),
        ("purchase, cart", ["cart=0.2"], TargetSpec(types=("purchase", "cart"), weights={"cart": 0.2})),
        (["a", "b"], ["a=2,b=3"], TargetSpec(types=("a", "b"), weights={"a": 2, "b": 3})),
        (None, ["view=0.2"], TargetSpec(weights={"view": 0.2})),
        (None, [], TargetSpec()),
    ],
)
def test_a_target_is_written_as_names_of_types(
    target: str | list[str] | None, weights: list[str], spec: TargetSpec
) -> None:
    assert TargetSpec.parse(target, weights) == spec
    assert TargetSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("target", "weights", "message"),
    [
        ("buy", ["view"], "write it as type=weight"),
        ("buy", ["buy=much"], "weights.buy = 'much'"),
        ("buy", ["buy=0"], "above zero"),
        ("buy", ["view=0.1"], "'view', which is no target type"),
        ("buy,buy", [], "once"),
    ],
)
def test_a_target_that_cannot_be_meant_is_refused(target: str, weights: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TargetSpec.parse(target, weights)


def test_an_unknown_type_is_refused_with_the_nearest_and_all_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"'bye'; did you mean 'buy'\?; the log has: view \(9\), buy \(4\), cart"
    ):
        log(target=["bye"])


def test_a_log_without_types_has_no_target_type() -> None:
    plain = prepare({"user_id": ["a", "b"], "item_id": ["x", "y"], "timestamp": [1, 2]}).dataset
    with pytest.raises(ConfigError, match="no column of event types"):
        plain.asking(TargetSpec(types=("buy",)))
    assert plain.asking(TargetSpec()).targets is None


def test_leave_last_out_asks_for_the_last_event_of_a_target_type() -> None:
    held = hold_out(log(), SplitSpec(kind="leave-last-out"))
    dataset, queries = held.train, held.queries
    assert queries.user.tolist() == [0]  # bob buys nothing; cat and dan have nothing before what they buy
    assert names(dataset, queries.target) == "d"
    assert names(dataset, queries.histories.items_of(0)) == "abbc"
    assert [names(dataset, dataset.histories.items_of(user)) for user in range(4)] == [
        "abbc",
        "acdb",
        "bac",
        "c",
    ]


def test_by_time_asks_for_the_last_target_after_the_cut() -> None:
    held = hold_out(log(), SplitSpec(at="1970-01-01T00:00:03Z"))
    assert held.queries.user.tolist() == [0]
    assert names(held.train, held.queries.histories.items_of(0)) == "abbc"
    assert held.train.histories.lengths.tolist() == [3, 3, 3, 1]
    assert hold_out(held.train, SplitSpec(kind="none")).queries.targets is held.queries.targets


def test_several_types_may_be_asked_for() -> None:
    held = hold_out(log(target=["buy", "cart"]), SplitSpec(kind="leave-last-out"))
    assert names(held.train, held.queries.target) == "dc"


def test_a_split_that_leaves_no_target_to_learn_or_to_ask_is_refused() -> None:
    with pytest.raises(SplitError, match="nothing to train on, since it leaves no event of type cart after"):
        hold_out(log(target=["cart"]), SplitSpec(kind="leave-last-out"))
    with pytest.raises(SplitError, match="no user has events before and an event of type buy after it"):
        hold_out(log(), SplitSpec(at="1970-01-01T00:00:05Z"))


def test_training_ends_with_the_last_target() -> None:
    dataset = log()
    assert last_targets(dataset.histories, dataset.targets).tolist() == [4, -1, 10, 13]
    assert until_last_target(dataset.histories, dataset.targets).lengths.tolist() == [5, 0, 1, 1]
    assert until_last_target(dataset.histories, None) is dataset.histories


def test_only_targets_are_counted_as_popular() -> None:
    dataset = log()
    assert dict(zip("abcde", dataset.target_counts.tolist(), strict=True)) == {
        "a": 0,
        "b": 2,
        "c": 1,
        "d": 1,
        "e": 0,
    }
    assert dataset.only_targets().num_events == 4


def test_an_item_is_had_by_a_target_or_an_unknown_type_unless_told() -> None:
    dataset = log()
    assert dataset.targets is not None
    events = np.arange(6)
    assert dataset.targets.had(dataset.histories, events).tolist() == [False, False, True, False, True, False]
    every = dataset.asking(TargetSpec(types=("buy",), seen="any")).targets
    assert every is not None
    assert every.had(dataset.histories, events).all()
    assert dataset.targets.seen_Y1[-1]


def test_the_types_of_greatest_weight_can_be_asked_for_alone() -> None:
    dataset = log(target=["buy", "cart"]).asking(TargetSpec(types=("buy", "cart"), weights={"cart": 0.1}))
    greatest = dataset.targets.greatest()
    assert log(target=["buy", "cart"]).targets.greatest() is None
    events = dataset.histories.events()
    assert greatest.asked(dataset.histories, events).tolist() == (
        log().targets.asked(dataset.histories, events).tolist()
    )
    assert np.array_equal(greatest.seen_Y1, dataset.targets.seen_Y1)
    held = hold_out(dataset, SplitSpec(kind="leave-last-out"), asking=greatest)
    assert names(dataset, held.queries.target) == "d"
    assert held.train.targets is dataset.targets
