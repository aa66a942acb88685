"""A configuration is checked when it is made, never changes, and survives JSON."""

from __future__ import annotations

import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.config import RunOptions
from regard.errors import ConfigError


@given(
    seed=st.integers(0, 2**31 - 1),
    precision=st.sampled_from(["auto", "float32", "bfloat16"]),
    threads=st.none() | st.integers(1, 512),
)
def test_a_configuration_survives_json(seed: int, precision: str, threads: int | None) -> None:
    options = RunOptions.from_json({"seed": seed, "precision": precision, "threads": threads})
    assert RunOptions.from_json(json.loads(json.dumps(options.to_json()))) == options


def test_a_misspelt_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="RunOptions has no setting 'sed'; did you mean 'seed'"):
        RunOptions.from_json({"sed": 1})


def test_an_unheard_of_setting_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="it has: seed, device, precision, threads"):
        RunOptions.from_json({"colour": "red"})


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ConfigError, match=r"seed = -1: .*; RunOptions.threads = 0: "):
        RunOptions(seed=-1, threads=0)


def test_a_setting_cannot_be_changed_only_replaced() -> None:
    options = RunOptions(seed=7)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        options.seed = 8
    assert options.changed(seed=8) == RunOptions(seed=8)
    assert options.seed == 7


def test_a_replaced_setting_is_checked_like_a_new_one() -> None:
    with pytest.raises(ConfigError, match="seed = -1"):
        RunOptions().changed(seed=-1)
