"""``regard serve`` as a person types it: what it refuses before it listens."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from regard.cli.serve import app
from regard.errors import ArtifactError, ConfigError
from regard.serve.keys import KeyFile


def refused(*arguments: str) -> BaseException | None:
    return CliRunner().invoke(app, list(arguments)).exception


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.4", "example.org"])
def test_an_address_that_others_can_reach_needs_keys(tmp_path: Path, host: str) -> None:
    error = refused(str(tmp_path), "--host", host)
    assert isinstance(error, ConfigError)
    assert "regard keys add" in str(error)


def test_a_file_without_a_good_key_is_no_protection(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    key = file.add("gone", ["read"])
    file.revoke(key.split("_")[1])
    error = refused(str(tmp_path), "--host", "0.0.0.0", "--keys", str(file.path))
    assert isinstance(error, ConfigError)
    assert "no key that is good" in str(error)


def test_a_folder_that_is_no_model_is_said(tmp_path: Path) -> None:
    assert isinstance(refused(str(tmp_path), "--store", str(tmp_path / "e.db"), "--port", "0"), ArtifactError)
