"""``regard data`` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from regard.cli.data import app
from regard.errors import DataError

LOG = "CustomerID,item_id,timestamp,weight\n1,a,1300000000,1\n2,b,1300000001,1\n1,b,1300000002,2\n"


def regard(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def as_typed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "from regard.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "data", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    return tmp_path / "log.csv"


def test_check_says_what_was_understood(log: Path) -> None:
    done = regard("check", log, "--columns", "user_id=CustomerID")
    assert done.exit_code == 0, done.output
    for part in ("numbers, seconds since 1970 (UTC)", "2011-03-13T07:06:40Z", "history length", "usable"):
        assert part in done.stdout


def test_check_writes_json_for_programs(log: Path) -> None:
    done = regard("check", log, "--columns", "user_id=CustomerID", "--json")
    document = json.loads(done.stdout)
    assert (document["usable"], document["events"], document["users"], document["items"]) == (True, 3, 2, 2)


def test_bad_rows_are_named_and_the_exit_code_is_two_unless_they_are_dropped(log: Path) -> None:
    log.write_text(LOG + "2,,1300000003,1\n2,a,soon,nan\n")
    arguments = ("check", log, "--columns", "user_id=CustomerID")
    done = regard(*arguments)
    assert done.exit_code == 2
    assert "column 'item_id': null item id in 1 row (row 3: null)" in done.stdout
    assert "column 'timestamp': unparsable time in 1 row (row 4: 'soon')" in done.stdout
    assert "column 'weight': weight that is no number in 1 row (row 4: 'nan')" in done.stdout
    assert regard(*arguments, "--drop-bad-rows").exit_code == 0
    document = json.loads(regard(*arguments, "--json").stdout)
    assert document["usable"] is False
    assert document["problems"][0]["examples"] == [{"row": 3, "value": "null"}]


def test_a_missing_column_is_one_message_with_a_suggestion(log: Path) -> None:
    done = as_typed("check", log)
    assert done.returncode == 2
    assert "did you mean 'CustomerID'?" in done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads(regard("check", log, "--json").stdout)
    assert document["usable"] is False
    assert "--columns user_id=CustomerID" in document["error"]


def test_get_writes_parquet_and_shows_the_licence(tmp_path: Path, shared_data: Path) -> None:
    done = regard("get", "ml-100k", tmp_path / "out", "--source", shared_data / "ml-100k")
    assert done.exit_code == 0, done.output
    assert "GroupLens" in done.stdout
    assert pl.read_parquet(tmp_path / "out" / "events.parquet").height == 100_000


def test_get_of_an_unknown_name_lists_the_names(tmp_path: Path) -> None:
    done = regard("get", "netflix", tmp_path)
    assert isinstance(done.exception, DataError)
    assert "there are: ml-100k, ml-1m" in str(done.exception)


@pytest.fixture
def shop(log: Path) -> Path:
    items = log.with_name("items.csv")
    items.write_text("item_id,brand,genres,price\na,x,p|q,$1\nb,x,q,dear\n")
    return items


def test_check_shows_the_kind_of_every_column_with_its_reason(log: Path, shop: Path) -> None:
    log.write_text(LOG.replace("weight", "device"))
    arguments = ("check", log, "--items", shop, "--columns", "user_id=CustomerID", "--json")
    document = json.loads(regard(*arguments).stdout)
    kinds = {f"{column['table']}.{column['name']}": column for column in document["fields"]["columns"]}
    assert {name: column["kind"] for name, column in kinds.items()} == {
        "items.brand": "ignore", "items.genres": "set", "items.price": "category", "events.device": "category",
    }  # fmt: skip
    assert kinds["items.genres"]["separator"] == "|"
    assert all(column["why"] and column["missing"] == 0 for column in kinds.values())
    assert document["usable"] is True
    shown = regard(*arguments[:-1]).stdout
    assert "genres" in shown
    assert "different" in shown


def test_kinds_are_overruled_by_a_file_and_by_pairs_and_bad_values_named(log: Path, shop: Path) -> None:
    arguments = ("check", log, "--items", shop, "--columns", "user_id=CustomerID")
    kinds = log.with_name("fields.json")
    kinds.write_text('{"items": {"price": "price", "brand": "category"}}')
    done = regard(*arguments, "--fields", kinds)
    assert done.exit_code == 2
    assert "column 'price', row 1 (item_id 'b'): 'dear' is no price" in done.stdout
    document = json.loads(
        regard(*arguments, "--fields", kinds, "--field", "items.price=ignore", "--json").stdout
    )
    assert document["usable"] is True
    assert [column["kind"] for column in document["fields"]["columns"]] == ["category", "set", "ignore"]
    wrong = as_typed(*arguments, "--field", "bran=category")
    assert wrong.returncode == 2
    assert "did you mean 'brand'?" in wrong.stderr
