"""A warm start keeps what an old model knows and learns what is new; it never tests on what it has seen."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch

from regard.api import Run, fit, load
from regard.errors import ConfigError, SplitError
from regard.model import Model
from regard.pipeline import Pipeline
from regard.warm_start import share_of_epochs

Colours = tuple[pl.DataFrame, pl.DataFrame]
NEW_ITEM, NEW_USER = "a new one", "someone new"


@pytest.fixture(scope="module")
def old(colours: Colours) -> Model:
    """A model of all that happened."""
    events, items = colours
    return fit(events, items=items, recipe="sequential-tiny", settings={"epochs": 8}, split="none")


@pytest.fixture(scope="module")
def more(colours: Colours) -> Colours:
    """The same log with two later days, on which a new user came and a new item was taken by many."""
    events, items = colours
    later = [(f"u{user}", NEW_ITEM, 1_600_200_000 + user) for user in range(0, 120, 4)]
    later += [(NEW_USER, f"i{item}", 1_600_300_000 + item) for item in range(6)]
    rows = pl.DataFrame(later, schema=events.schema, orient="row")
    item = pl.DataFrame({"item_id": [NEW_ITEM], "colour": ["red"], "price": [3.0]}, schema=items.schema)
    return pl.concat([events, rows]), pl.concat([items, item])


@pytest.fixture(scope="module")
def warm(old: Model, more: Colours) -> Model:
    """The old model, trained on."""
    events, items = more
    return fit(events, items=items, split="none", run=Run(warm_start=old))


def test_new_users_and_items_are_known(warm: Model) -> None:
    assert NEW_ITEM in warm.dataset.items.ids
    found = warm.recommend(users=[NEW_USER, "u3"], k=5)
    assert found["user_id"].unique().sort().to_list() == [NEW_USER, "u3"]


def test_it_trains_a_quarter_of_the_epochs_under_its_own_name(old: Model, warm: Model) -> None:
    whole = sum(epoch["phase"] == old.training[-1]["phase"] for epoch in old.training)
    assert [epoch["phase"] for epoch in warm.training] == ["warm"] * -(-whole // 4)
    assert share_of_epochs(warm) == len(warm.training)


def test_it_begins_where_the_old_model_ended(old: Model, warm: Model, more: Colours) -> None:
    events, items = more
    fresh = fit(
        events, items=items, split="none", recipe="sequential-tiny", settings={"epochs": len(warm.training)}
    )
    first = [float(str(model.training[-len(warm.training)]["loss"])) for model in (warm, fresh)]
    assert first[0] < first[1]
    assert warm.blend.weights == old.blend.weights


def test_the_old_model_is_unchanged(colours: Colours, old: Model, more: Colours) -> None:
    before = {name: tensor.clone() for name, tensor in old.network.state_dict().items()}
    fit(more[0], items=more[1], split="none", run=Run(warm_start=old), settings={"train.epochs": 1})
    assert all(torch.equal(before[name], now) for name, now in old.network.state_dict().items())
    assert NEW_ITEM not in old.dataset.items.ids


def test_attributes_that_are_not_given_again_are_those_of_the_old_model(old: Model, more: Colours) -> None:
    warm = fit(more[0], split="none", run=Run(warm_start=old), settings={"train.epochs": 1})
    table = warm.dataset.item_table
    kept = warm.items.columns["colour"]
    before = old.items.columns["colour"]
    place = old.dataset.items.encode(table["item_id"])
    assert kept.code_R[place >= 0].tolist() == before.code_R[place[place >= 0]].tolist()  # type: ignore[attr-defined]


def test_a_saved_warm_model_gives_the_same_lists(warm: Model, tmp_path: Path) -> None:
    warm.save(tmp_path / "warm")
    users = [NEW_USER, "u0", "u1"]
    assert load(tmp_path / "warm").recommend(users=users, k=10).equals(warm.recommend(users=users, k=10))


def test_a_test_of_events_that_it_has_seen_is_refused(old: Model, more: Colours) -> None:
    with pytest.raises(SplitError, match=r"learned from events until 2020-09-13.*--split none"):
        fit(more[0], items=more[1], split="time:0.5", run=Run(warm_start=old))


def test_a_test_of_later_events_is_taken(old: Model, more: Colours) -> None:
    run = Run(warm_start=old)
    warm = fit(more[0], items=more[1], split="time:2020-09-15", run=run, settings={"train.epochs": 1})
    assert warm.train.num_events == old.train.num_events


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"settings": {"shape.width": 8}}, "keeps the shape of the model"),
        ({"recipe": "fast"}, "keeps the recipe"),
        ({"settings": {"shape.max_length": 7}}, "keeps the shape of the model"),
    ],
)
def test_another_shape_is_refused(old: Model, more: Colours, changed: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        fit(more[0], items=more[1], split="none", run=Run(warm_start=old), **changed)  # type: ignore[arg-type]


def test_a_two_stage_model_is_refused(pipeline: Pipeline, colours: Colours) -> None:
    with pytest.raises(ConfigError, match="two-stage"):
        fit(colours[0], items=colours[1], split="none", run=Run(warm_start=pipeline))


def test_fields_of_events_keep_their_codes() -> None:
    rows = [(f"u{n % 9}", f"i{n % 13}", 1_000 + n, "abc"[n % 3]) for n in range(200)]
    schema = ["user_id", "item_id", "timestamp", "device"]
    log = pl.DataFrame(rows, schema=schema, orient="row")
    longer = pl.concat(
        [log, pl.DataFrame([("u1", "i2", 2_000, "a new device")], schema=schema, orient="row")]
    )
    columns = {"event_fields": ["device"]}
    old = fit(log, columns=columns, recipe="sequential-tiny", settings={"epochs": 1}, split="none")
    warm = fit(longer, columns=columns, split="none", run=Run(warm_start=old))
    own, vocab = warm.network.context.spec.categories["device"], warm.dataset.event_vocabs["device"]
    before, theirs = old.network.context.spec.categories["device"], old.dataset.event_vocabs["device"]
    for device in "abc":
        assert own[vocab.encode([device])[0]] == before[theirs.encode([device])[0]]
    assert own[vocab.encode(["a new device"])[0]] == 0
    with pytest.raises(ConfigError, match="reads the column 'device'"):
        fit(log, split="none", run=Run(warm_start=old))


@pytest.mark.parametrize("number", [False, True])
def test_a_log_of_other_items_is_refused(old: Model, more: Colours, number: bool) -> None:
    names = pl.int_range(pl.len()) % 50 if number else "other" + pl.col("item_id")
    events = more[0].with_columns(names.alias("item_id"))
    with pytest.raises(ConfigError, match=r"none of the .* items of the log is known to the old model"):
        fit(events, split="none", run=Run(warm_start=old))
