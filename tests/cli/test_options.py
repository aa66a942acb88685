"""Options that several commands share."""

from __future__ import annotations

from rich.console import Console

from regard.cli.options import hooks_on, split_ids


def test_one_value_is_split_at_commas_and_repeated_ones_are_not() -> None:
    assert split_ids(["a, b"]) == ["a", "b"]
    assert split_ids(["a,b", "c"]) == ["a,b", "c"]


def test_progress_and_a_log_listen_to_training(tmp_path: object) -> None:
    assert len(hooks_on(Console(), None)("search", 3)) == 1
