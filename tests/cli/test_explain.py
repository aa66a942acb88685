"""``regard explain`` names the events that speak for an item."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from regard.cli.explain import app
from regard.data.sources.synthetic import SyntheticWorld
from regard.errors import ConfigError
from regard.model import Model


def test_the_cause_comes_first(model_folder: Path, world: SyntheticWorld) -> None:
    planted = world.planted_histories(1, seed=5)
    arguments = [str(model_folder), "--history", ",".join(planted.histories[0]), "--item", planted.effect[0]]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["events"][0]["item_id"] == planted.cause[0]
    assert "not why" in CliRunner().invoke(app, arguments).stdout


def test_attributes_and_what_another_would_do_are_shown(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    arguments = [str(tmp_path / "model"), "--user", "u0", "--item", "i7", "--instead", "colour=mauve"]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert {row["field"] for row in document["attributes"]} == {"item_id", "colour", "price"}
    assert document["what_if"]["instead"] == {"colour": "mauve"}
    assert document["what_if"]["unseen"] == ["colour"]
    shown = CliRunner().invoke(app, arguments).stdout
    assert "if its colour were mauve:" in shown
    assert "training did not know colour = mauve" in shown


def test_another_value_without_a_field_is_refused(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    done = CliRunner().invoke(
        app, [str(tmp_path / "model"), "--user", "u0", "--item", "i7", "--instead", "red"]
    )
    assert isinstance(done.exception, ConfigError)


def test_contrast_fewest_events_language_and_a_page(
    model_folder: Path, world: SyntheticWorld, tmp_path: Path
) -> None:
    planted = world.planted_histories(1, seed=5)
    other = next(effect for effect in world.cause_of if effect != planted.effect[0])
    arguments = [str(model_folder), "--history", ",".join(planted.histories[0]), "--item", planted.effect[0]]
    arguments += ["--rather-than", other, "--fewest", "1", "--language", "zh", "--verb", "看过"]
    arguments += ["--html", str(tmp_path / "why.html")]
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    titles = dict(world.items.select("item_id", "title").iter_rows())
    cause = titles[planted.cause[0]]
    assert document["text"].startswith(f"因为您看过“{cause}”")
    assert document["contrast"]["events"][0]["item_id"] == planted.cause[0]
    assert document["fewest"]["removed"] == [planted.position[0]]
    assert document["fewest"]["verified"]
    assert "注意力" in (tmp_path / "why.html").read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert f"如果没有“{cause}”，它就不会进入前1名" in shown.stdout
    assert f"推荐“{titles[planted.effect[0]]}”而不是“{titles[other]}”" in shown.stdout


def test_a_cold_user_is_answered_by_popularity(model_folder: Path, tmp_path: Path) -> None:
    arguments = [str(model_folder), "--history", "nothing known", "--item", "effect-01", "--fewest", "3"]
    done = CliRunner().invoke(app, [*arguments, "--html", str(tmp_path / "cold.html")])
    assert done.exit_code == 0, done.output
    assert "by popularity alone" in done.stdout


def test_an_item_that_is_not_in_the_list_needs_no_event_left_out(model_folder: Path, model: Model) -> None:
    history = model.dataset.items.ids.head(2).to_list()
    last = model.recommend(histories=history, k=len(model.dataset.items))["item_id"].to_list()[-1]
    arguments = [str(model_folder), "--history", ",".join(history), "--item", last, "--fewest", "1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "it is not among the first 1, so nothing has to be left out" in done.stdout
