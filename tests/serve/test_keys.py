"""Keys: hashed at rest, scoped, given and taken back while a server runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from regard.errors import ConfigError
from regard.serve.keys import KeyFile


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def test_a_key_is_found_and_no_part_of_its_secret_is_in_the_file(file: KeyFile) -> None:
    key = file.add("shop", ["read"])
    found = file.current().find(key)
    assert found is not None
    assert (found.name, found.may("read"), found.may("write"), found.may("admin")) == (
        "shop",
        True,
        False,
        False,
    )
    secret = key.split("_", 2)[2]
    assert len(secret) == 43
    assert secret not in file.path.read_text()
    assert (file.path.stat().st_mode & 0o777) == 0o600


def test_an_admin_may_everything(file: KeyFile) -> None:
    found = file.current().find(key) if (key := file.add("root", ["admin"])) else None
    assert found is not None
    assert all(found.may(scope) for scope in ("read", "write", "admin"))


@pytest.mark.parametrize("change", ["{}x", "x{}", "{}\n", "regard_", "", "regard__", "basic {}"])
def test_what_is_no_key_finds_nobody(file: KeyFile, change: str) -> None:
    key = file.add("shop", ["read"])
    assert file.current().find(change.format(key)) is None
    name, secret = key.split("_", 2)[1:]
    assert file.current().find(f"regard_{name}_{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}") is None
    assert file.current().find(f"regard_00000000_{secret}") is None


def test_keys_are_given_and_taken_back_while_the_file_is_in_use(file: KeyFile) -> None:
    old = file.add("old", ["read"])
    other = KeyFile(file.path)
    assert file.current().find(old) is not None
    new = other.add("new", ["read"])
    assert file.current().find(new) is not None
    other.revoke(old.split("_")[1])
    assert file.current().find(old) is None
    assert file.current().find(new) is not None


def test_a_file_that_became_unreadable_leaves_the_keys_as_they_were(file: KeyFile) -> None:
    key = file.add("shop", ["read"])
    assert file.current().find(key) is not None
    file.path.write_text("{")
    assert file.current().find(key) is not None
    file.path.unlink()
    assert file.current().find(key) is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [{}]}', '{"keys": 3}'])
def test_what_is_no_file_of_keys_is_refused_at_the_start(file: KeyFile, text: str) -> None:
    file.path.write_text(text)
    file.path.chmod(0o600)
    with pytest.raises(ConfigError, match="is no file of keys"):
        file.current()


def test_a_file_that_others_may_read_is_refused(file: KeyFile) -> None:
    file.add("shop", ["read"])
    os.chmod(file.path, 0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        KeyFile(file.path).current()


def test_scopes_and_numbers_that_do_not_exist_are_refused(file: KeyFile) -> None:
    with pytest.raises(ConfigError, match="scopes are"):
        file.add("shop", ["root"])  # type: ignore[list-item]
    file.add("shop", ["read"])
    with pytest.raises(ConfigError, match="there is no key"):
        file.revoke("ffffffff")
    assert len(json.loads(file.path.read_text())["keys"]) == 1
