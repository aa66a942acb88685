"""Every mistake of a caller is in one tree, and the tree is drawn as it is."""

from __future__ import annotations

import re

import pytest

from regard import errors
from regard.errors import MissingExtraError, RegardError


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    path = [""]
    for prefix, name in re.findall(
        r"^    ((?:\|   |    )*)(?:\+-- )?([A-Z][a-z]+[A-Z]\w+)\b", errors.__doc__ or "", re.MULTILINE
    ):
        depth = len(prefix) // 4 + (name != "RegardError")
        path[depth:] = [name]
        drawn[name] = path[depth - 1] if depth else "Exception"
    assert drawn == {name: getattr(errors, name).__base__.__name__ for name in errors.__all__}


@pytest.mark.parametrize("name", errors.__all__)
def test_catching_the_root_catches_each(name: str) -> None:
    assert issubclass(getattr(errors, name), RegardError)


def test_a_missing_extra_says_what_to_install() -> None:
    assert str(MissingExtraError("altair", extra="report")) == (
        "altair is not installed; install it with: pip install 'regard[report]'"
    )
