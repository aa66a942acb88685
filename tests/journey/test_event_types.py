"""A shop with views and purchases: asked for purchases, reading everything."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import regard
from regard.cli.evaluate import app as evaluate_app
from regard.cli.fit import app
from regard.data.split import Queries, SplitSpec, hold_out
from regard.errors import ConfigError
from regard.model import Model
from regard.train.examples import examples_of, validation_of

SETTINGS = {"epochs": 5, "window": 30, "max_length": 30}


@pytest.fixture(scope="module")
def log() -> pl.DataFrame:
    """Users view things at random; what they viewed last they buy, under the number of its pair."""
    rng, rows = np.random.default_rng(0), []
    for user in range(300):
        time = int(rng.integers(0, 10_000))
        for _ in range(5):
            *looked, last = rng.integers(0, 15, 4).tolist()
            events = [*((f"v{item}", "view") for item in (*looked, last)), (f"p{last}", "purchase")]
            rows += [(user, item, kind, time + 60 * place) for place, (item, kind) in enumerate(events)]
            time += 600
    return pl.DataFrame(rows, schema=["user_id", "item_id", "event_type", "timestamp"], orient="row")


@pytest.fixture(scope="module")
def shop(log: pl.DataFrame) -> Model:
    settings = SETTINGS | {"target": "purchase"}
    return regard.fit(log, recipe="sequential-tiny", settings=settings, split="leave-last-out")


def test_every_question_is_about_a_purchase(shop: Model) -> None:
    queries = hold_out(shop.dataset, shop.split).queries
    assert len(queries) == 300
    assert all(item.startswith("p") for item in shop.dataset.items.decode(queries.target))
    assert {item[0] for item in shop.dataset.items.decode(queries.histories.items_of(0))} == {"v", "p"}


def test_validation_asks_for_purchases_that_were_not_made_before(shop: Model) -> None:
    asked = examples_of(hold_out(shop.train, SplitSpec()), shop.train, most=200).queries
    assert len(asked) > 50
    assert shop.dataset.targets is not None
    viewed = 0
    for row, target in enumerate(asked.target.tolist()):
        events = np.arange(asked.histories.start[row], asked.histories.stop[row])
        had = shop.dataset.targets.had(asked.histories, events)
        assert target not in asked.histories.item[events[had]]
        viewed += int((~had).sum())
    assert viewed > 0


def test_purchases_are_learned_from_views(shop: Model) -> None:
    report = shop.evaluate()
    assert report.evaluations[0].main.value > 0.6
    assert report.evaluations[0].main.value > 1.5 * max(other.main.value for other in report.evaluations[1:])


def test_views_that_count_little_do_not_choose_what_is_good_at_views(log: pl.DataFrame) -> None:
    """All but the last purchase lies before a view: a cut that asks for any target asks for views only."""
    target = {"types": ("purchase", "view"), "weights": {"view": 0.1}}
    shop = regard.fit(
        log, recipe="sequential-tiny", settings=SETTINGS | {"target": target}, split="leave-last-out"
    )
    every = hold_out(shop.train, shop.split).queries
    assert all(item.startswith("v") for item in shop.dataset.items.decode(every.target))
    assert all(item.startswith("p") for item in shop.dataset.items.decode(shop_queries(shop).target))
    assert shop.evaluate(baselines=False).evaluations[0].main.value > 0.6


def shop_queries(shop: Model) -> Queries:
    held = validation_of(shop.train, shop.split)
    assert held is not None
    return held.queries


def test_what_was_only_viewed_may_be_recommended_and_what_was_bought_may_not(
    shop: Model, log: pl.DataFrame
) -> None:
    mine = log.filter(pl.col("user_id") == 7)
    bought, viewed = (
        set(mine.filter(pl.col("event_type") == kind)["item_id"]) for kind in ("purchase", "view")
    )
    shown = set(shop.recommend(users=[7], k=len(shop.dataset.items))["item_id"])
    assert not shown & bought
    assert viewed <= shown
    assert bought <= set(shop.recommend(users=[7], k=99, exclude_seen=False)["item_id"])


def test_the_items_of_a_bare_history_are_not_recommended(shop: Model) -> None:
    shown = shop.recommend(histories=[["v1", "p1"]], k=99)["item_id"].to_list()
    assert {"v1", "p1"}.isdisjoint(shown)


def test_users_without_a_history_get_what_is_bought_most(shop: Model, log: pl.DataFrame) -> None:
    first = shop.recommend(users=["nobody"], k=3)["item_id"].to_list()
    train = shop.train.only_targets()
    assert set(shop.dataset.items.decode(np.argsort(-train.item_counts)[:3])) == set(first)


def test_target_types_survive_saving(shop: Model, tmp_path: Path) -> None:
    shop.save(tmp_path / "shop")
    loaded = regard.load(tmp_path / "shop")
    assert loaded.dataset.event_types == shop.dataset.event_types
    assert loaded.config.target.types == ("purchase",)
    assert loaded.recommend(users=[7, 8]).equals(shop.recommend(users=[7, 8]))
    queries = [hold_out(model.dataset, model.split).queries for model in (loaded, shop)]
    assert np.array_equal(queries[0].target, queries[1].target)


def test_an_unknown_type_is_refused_before_training(log: pl.DataFrame) -> None:
    with pytest.raises(
        ConfigError, match=r"no event type 'purchases'; did you mean 'purchase'\?; the log has: view"
    ):
        regard.fit(log, settings={"target": "purchases"})


def test_the_command_line_takes_types_and_weights(log: pl.DataFrame, tmp_path: Path) -> None:
    log.filter(pl.col("user_id") < 60).write_parquet(tmp_path / "log.parquet")
    settings = ("epochs=1", "window=30", "max_length=30")
    command = [str(tmp_path / "log.parquet"), "-o", str(tmp_path / "m"), "--recipe", "sequential-tiny"]
    chosen = ["--target", "purchase,view", "--type-weight", "view=0.1"]
    result = CliRunner().invoke(app, [*command, *chosen, *(f"--set={setting}" for setting in settings)])
    assert result.exit_code == 0, result.output
    target = regard.load(tmp_path / "m").config.target
    assert (target.types, target.weights) == (("purchase", "view"), {"view": 0.1})


def test_a_log_is_evaluated_on_the_types_that_are_asked_for(log: pl.DataFrame, tmp_path: Path) -> None:
    log.filter(pl.col("user_id") < 60).write_parquet(tmp_path / "log.parquet")
    command = [str(tmp_path / "log.parquet"), "--recipe", "sequential-tiny", "--no-baselines", "--json"]
    settings = ("--set=epochs=1", "--set=window=30", "--set=max_length=30", "--split=leave-last-out")
    chosen = ["--target", "purchase,view", "--type-weight", "view=0.1"]
    result = CliRunner().invoke(evaluate_app, [*command, *settings, *chosen])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["evaluations"][0]["users"] == 60
    refused = CliRunner().invoke(evaluate_app, [*command, *settings, "--target", "purchases"])
    assert "no event type 'purchases'; did you mean 'purchase'?" in str(refused.exception)


def test_a_kind_that_is_said_of_a_column_of_events_asks_for_it(log: pl.DataFrame, tmp_path: Path) -> None:
    some = log.filter(pl.col("user_id") < 60)
    columns = {"device": pl.Series(["web", "phone", None] * some.height).head(some.height), "paid": 1.5}
    some.with_columns(**columns).write_parquet(tmp_path / "log.parquet")
    command = [str(tmp_path / "log.parquet"), "-o", str(tmp_path / "m"), "--recipe", "sequential-tiny"]
    said = ["--event-field", "paid", "--field", "events.device=category", "--set", "epochs=1"]
    result = CliRunner().invoke(app, [*command, *said])
    assert result.exit_code == 0, result.output
    dataset = regard.load(tmp_path / "m").dataset
    assert sorted(dataset.histories.fields) == ["device", "event_type", "paid"]
    assert dataset.event_vocabs["device"].ids.to_list() == ["phone", "web"]
