"""The command line as a user types it: help that teaches, errors of one message and exit code 2."""

from __future__ import annotations

import subprocess
import sys

import pytest

from regard.cli.main import COMMANDS


def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from regard.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


def test_help_names_every_command() -> None:
    done = typed("--help")
    assert done.returncode == 0
    assert list(COMMANDS) == [
        "data",
        "fit",
        "evaluate",
        "recommend",
        "explain",
        "items",
        "rank",
        "serve",
        "keys",
        "events",
        "demo",
    ]
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "nowhere.parquet", "-o", "x"), "nowhere.parquet"),
        (("recommend", "nowhere"), "does not exist"),
        (("explain", "nowhere", "--item", "1"), "does not exist"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_two(arguments: tuple[str, ...], message: str) -> None:
    done = typed(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
