"""The configuration of a pipeline is that of its retrieval model, and what comes after it."""

from __future__ import annotations

import pytest

from regard.errors import ConfigError
from regard.train.fitting import FitConfig
from regard.train.two_stage_config import SecondStageConfig, TwoStageConfig


def test_it_comes_back_from_json_and_knows_its_first_stage() -> None:
    config = TwoStageConfig(second=SecondStageConfig(hard=7))
    assert TwoStageConfig.from_json(config.to_json()) == config
    assert type(config.first) is FitConfig
    assert config.first == FitConfig()


def test_the_ranker_has_to_learn_before_it_is_validated() -> None:
    with pytest.raises(ConfigError, match=r"learns_from must be less than validates_from = 0\.9"):
        SecondStageConfig(learns_from=0.9)
