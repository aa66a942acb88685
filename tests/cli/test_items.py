"""``regard items add`` puts new items into a model folder, and says what it took."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from regard.api import load
from regard.cli.items import app
from regard.errors import RegardError
from regard.model import Model

NEW = pl.DataFrame({"sku": ["n1", "n2"], "colour": ["gold", "red"], "smell": ["a", "b"]})


def test_new_items_are_in_the_model_folder(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    NEW.write_csv(tmp_path / "new.csv")

    done = CliRunner().invoke(
        app, ["add", str(tmp_path / "model"), str(tmp_path / "new.csv"), "--columns", "item_id=sku", "--json"]
    )

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["new"], said["changed"], said["ignored"]) == (2, 0, ["smell"])
    assert {"n1", "n2"} <= set(load(tmp_path / "model").dataset.items.ids)


def test_with_an_output_the_old_model_stays_as_it_was(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")
    NEW.rename({"sku": "item_id"}).write_parquet(tmp_path / "new.parquet")

    done = CliRunner().invoke(
        app,
        ["add", str(tmp_path / "model"), str(tmp_path / "new.parquet"), "-o", str(tmp_path / "grown")],
    )

    assert done.exit_code == 0, done.output
    assert "n1" not in set(load(tmp_path / "model").dataset.items.ids)
    assert "n1" in set(load(tmp_path / "grown").dataset.items.ids)


def test_a_table_that_is_not_there_is_an_error_of_ours(coloured: Model, tmp_path: Path) -> None:
    coloured.save(tmp_path / "model")

    done = CliRunner().invoke(app, ["add", str(tmp_path / "model"), str(tmp_path / "nothing.csv")])

    assert isinstance(done.exception, RegardError)
