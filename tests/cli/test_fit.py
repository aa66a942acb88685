"""``regard fit`` trains, saves, and leaves nothing else behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from regard.api import load
from regard.cli.fit import app
from regard.data.sources.synthetic import SyntheticWorld
from regard.errors import ConfigError, RegardError
from regard.pipeline import Pipeline


def test_it_trains_by_a_mapping_of_columns_and_saves_one_folder(
    world: SyntheticWorld, tmp_path: Path
) -> None:
    log = tmp_path / "log.csv"
    world.events.head(3000).rename({"user_id": "who"}).write_csv(log)
    model = tmp_path / "model"
    arguments = [str(log), "-o", str(model), "--columns", "user_id=who", "--recipe", "sequential-tiny"]
    done = CliRunner().invoke(app, [*arguments, "--set", "epochs=1", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["interrupted"] is False
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "model"]


def test_items_that_have_no_event_yet_are_counted_with_what_to_do(
    colours: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    log, items = tmp_path / "log.csv", tmp_path / "items.csv"
    some = colours[0]["item_id"].unique().sort().head(10).to_list()
    colours[0].filter(~pl.col("item_id").is_in(some)).write_csv(log)
    colours[1].write_csv(items)
    arguments = [str(log), "-o", str(tmp_path / "shop"), "--items", str(items), "--recipe", "sequential-tiny"]
    done = CliRunner().invoke(app, [*arguments, "--set", "train.epochs=1", "--split", "leave-last-out"])
    assert done.exit_code == 0, done.output
    assert f"10 items of {items} have no event yet: regard items add MODEL ITEMS" in done.stderr


@pytest.mark.parametrize(
    "wrong", [["--set", "epochs=many"], ["--recipe", "none-such"], ["--columns", "item_id=none"]]
)
def test_what_is_refused_leaves_nothing_behind(
    world: SyntheticWorld, tmp_path: Path, wrong: list[str]
) -> None:
    log = tmp_path / "log.csv"
    world.events.head(3000).write_csv(log)
    done = CliRunner().invoke(app, [str(log), "-o", str(tmp_path / "model"), *wrong])
    assert isinstance(done.exception, RegardError)
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_two_stages_are_one_folder(colours: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path) -> None:
    log, output = tmp_path / "log.csv", tmp_path / "shop"
    colours[0].write_csv(log)
    arguments = [str(log), "-o", str(output), "--recipe", "two-stage-tiny", "--set", "train.epochs=1"]
    done = CliRunner().invoke(app, [*arguments, "--split", "leave-last-out"])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "shop"]
    assert isinstance(load(output), Pipeline)


def test_an_index_is_built_if_it_is_asked_for_or_worth_it(
    world: SyntheticWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.csv"
    world.events.head(3000).write_csv(log)
    tiny = [str(log), "--recipe", "sequential-tiny", "--set", "epochs=1"]

    def fitted(name: str, *more: str) -> tuple[bool, str]:
        done = CliRunner().invoke(app, [*tiny, "-o", str(tmp_path / name), *more])
        assert done.exit_code == 0, done.output
        return load(tmp_path / name).index is not None, done.stderr

    assert fitted("small")[0] is False
    there, said = fitted("asked", "--index")
    assert there
    assert "recall@10 against exact search: " in said
    monkeypatch.setattr("regard.recommend.approx.ApproxConfig.wanted", lambda self, size: True)
    assert fitted("large")[0] is True
    assert fitted("refused", "--no-index")[0] is False


def test_a_catalogue_that_would_be_worth_an_index_is_saved_without_the_extra(
    world: SyntheticWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.csv"
    world.events.head(3000).write_csv(log)
    monkeypatch.setattr("regard.recommend.approx.ApproxConfig.wanted", lambda self, size: True)
    monkeypatch.setitem(sys.modules, "faiss", None)
    arguments = [str(log), "-o", str(tmp_path / "shop"), "--recipe", "sequential-tiny", "--set", "epochs=1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "no index: " in done.stderr
    assert "regard[approx]" in done.stderr
    assert load(tmp_path / "shop").index is None


def test_two_stages_take_no_index(world: SyntheticWorld, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    world.events.head(300).write_csv(log)
    done = CliRunner().invoke(
        app, [str(log), "-o", str(tmp_path / "shop"), "--recipe", "two-stage", "--index"]
    )
    assert isinstance(done.exception, ConfigError)
    assert "leave --index out" in str(done.exception)


def test_a_warm_start_goes_on_from_a_folder(world: SyntheticWorld, tmp_path: Path) -> None:
    log, first, second = tmp_path / "log.csv", tmp_path / "first", tmp_path / "second"
    world.events.head(3000).write_csv(log)
    arguments = [str(log), "--split", "none", "--json"]
    tiny = ["--recipe", "sequential-tiny", "--set", "epochs=4"]
    done = CliRunner().invoke(app, [*arguments, "-o", str(first), *tiny])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(app, [*arguments, "-o", str(second), "--warm-start", str(first)])
    assert done.exit_code == 0, done.output
    assert [epoch["phase"] for epoch in json.loads(done.stdout)["training"]] == ["warm"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "log.csv", "second"]
    assert load(second).recommend(users=[world.events["user_id"][0]], k=3).height == 3
