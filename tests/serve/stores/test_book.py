"""A URL names a store, and one that is none is refused with those that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import ConfigError, StoreDown
from regard.serve.stores.book import open_log


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_path_and_its_url_are_the_same_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / "shop" / "events.db"
    open_log(form.format(path)).close()
    assert path.is_file()


def test_a_relative_path_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_log("sqlite:///events.db").close()
    assert (tmp_path / "events.db").is_file()


def test_an_unknown_store_is_refused_and_no_password_is_told() -> None:
    with pytest.raises(ConfigError, match="mysql: is no store of events; there are sqlite") as raised:
        open_log("mysql://me:secret@host/db")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["postgresql://me:secret@127.0.0.1:1/db", "redis://:secret@127.0.0.1:1/0"])
def test_a_server_that_is_not_there_is_down_and_no_password_is_told(url: str) -> None:
    with pytest.raises(StoreDown, match=r"127\.0\.0\.1") as raised:
        open_log(url)
    assert "secret" not in str(raised.value)
