"""RankingConfig: a JSON round trip, and settings that can be written as plain dictionaries."""

from __future__ import annotations

import pytest

from regard.errors import ConfigError
from regard.train.ranking_config import RankingConfig


def test_it_comes_back_from_json() -> None:
    config = RankingConfig(shape={"attention": "din", "width": 16}, validation={"at": "2002-04-01"})
    assert RankingConfig.from_json(config.to_json()) == config


def test_an_unknown_way_of_making_histories_is_refused() -> None:
    with pytest.raises(ConfigError, match="history"):
        RankingConfig(history="everything")
