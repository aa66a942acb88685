"""Texts and files are read by their content; what leads out of the folder is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.content.reading import path_below, read_files, read_texts
from regard.errors import DataError


def texts(*values: object) -> object:
    return read_texts(values, where="items.csv, column 'plot'", max_characters=10, seen=str.strip)


def test_equal_texts_are_read_once_and_empty_ones_are_missing() -> None:
    readings = read_texts(["a", " a ", "", None, "b"], where="x", max_characters=10, seen=str.strip)

    assert len(readings.value_of) == 2
    assert [key is None for key in readings.key_R] == [False, False, True, True, False]
    assert readings.problems == []


def test_a_number_among_texts_is_refused_by_row_and_value() -> None:
    with pytest.raises(DataError, match=r"column 'plot', row 1: 7 is not text but int"):
        texts("a", 7)


def test_a_text_that_is_too_long_counts_as_missing_and_is_not_shown() -> None:
    readings = read_texts(["a" * 11], where="x", max_characters=10, seen=str.strip)

    assert readings.key_R == [None]
    assert "aaa" not in readings.problems[0].reason


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.png", "a/../../b.png", "a\0.png"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match=r"row 0.*leaves the folder"):
        read_files([path], where="items.csv, column 'image'", folder=tmp_path, max_bytes=None)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").symlink_to(tmp_path / "secret.png")

    with pytest.raises(DataError, match="leaves the folder"):
        path_below(tmp_path / "in", "a.png", place="x")


def test_a_file_that_is_missing_empty_or_too_large_is_a_problem_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "large.png").write_bytes(b"12345")

    readings = read_files(
        ["no.png", "empty.png", "large.png", b"", "http://x/y.png"], where="x", folder=tmp_path, max_bytes=4
    )

    assert readings.key_R == [None] * 5
    assert [problem.row for problem in readings.problems] == [0, 1, 2, 3, 4]
    assert "nothing is downloaded" in readings.problems[4].reason


def test_bytes_and_a_file_with_the_same_bytes_are_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"123")

    readings = read_files([b"123", "a.png"], where="x", folder=tmp_path, max_bytes=None)

    assert len(set(readings.key_R)) == 1


def test_a_path_without_a_folder_is_refused() -> None:
    with pytest.raises(DataError, match="say the folder"):
        read_files(["a.png"], where="x", folder=None, max_bytes=None)
