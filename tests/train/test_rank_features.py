"""What a ranker is built from: only what training shows teaches coders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from regard.data.columns import Column
from regard.data.impression_table import ReadImpressions, read_impressions
from regard.data.impressions import Impressions
from regard.errors import DataError
from regard.train.rank_features import (
    RankFeatures,
    RankTables,
    actions_of,
    features_of,
    likeness_of,
    past_of,
    request_fields,
)
from regard.train.ranking_config import RankingConfig

LOG = pl.DataFrame(
    {
        "user_id": ["u", "u", "v", "w"],
        "item_id": ["a", "b", "a", "c"],
        "timestamp": [10, 20, 30, 40],
        "click": [1, 0, 0, 1],
        "dwell": [3.0, 0.0, 0.0, 9.0],
        "device": ["phone", "desk", "phone", "watch"],
    }
)
ITEMS = pl.DataFrame({"item_id": ["a", "b", "c"], "brand": ["x", "y", "x"], "price": [1.0, 2.0, 90.0]})


def fields_of(features: RankFeatures, shown: Impressions, config: RankingConfig) -> Mapping[str, Column]:
    """Return what is read beside items, users and events where nothing is known yet."""
    past = past_of(shown, config, users=3)
    likeness = likeness_of(past, config, items=3)
    histories = past.histories(shown)
    return request_fields(
        features.request, features.spec, shown, past, histories=histories, likeness=likeness
    )


@pytest.fixture
def read() -> ReadImpressions:
    return read_impressions(
        LOG, columns={"labels": {"click": "click", "dwell": "dwell"}, "amounts": ["dwell"]}
    )


def test_an_amount_is_no_action(read: ReadImpressions) -> None:
    with pytest.raises(DataError, match=r"'dwell' is an amount \(up to 9\)"):
        actions_of(read.impressions, RankingConfig())
    assert actions_of(read.impressions, RankingConfig(actions=("click",))) == ("click",)


def test_a_label_that_is_not_there_is_named_with_those_that_are(read: ReadImpressions) -> None:
    with pytest.raises(DataError, match="no label 'buy'; they have: click, dwell"):
        actions_of(read.impressions, RankingConfig(actions=("buy",)))


def test_what_training_does_not_show_is_not_trained(read: ReadImpressions) -> None:
    train = read.impressions.take(np.arange(3))
    config = RankingConfig(
        actions=("click",),
        fields={"items": {"brand": "category"}, "events": {"device": "category"}},
    )
    features = features_of(read, train, RankTables(items=ITEMS), config)
    assert features.spec.items.trained_V.tolist() == [True, True, False]
    assert features.spec.users.trained_V.tolist() == [True, True, False]
    assert "brand" in features.spec.items.columns
    device = fields_of(features, read.impressions, config)["device"]
    assert device.code_R[3] == 1, "a watch is as unseen as any later device"
    assert device.code_R[0] == device.code_R[2] != device.code_R[1]


def test_impressions_without_the_further_columns_have_them_missing(read: ReadImpressions) -> None:
    config = RankingConfig(actions=("click",), fields={"events": {"device": "category"}})
    features = features_of(read, read.impressions, RankTables(), config)
    bare = replace(read.impressions, context=None)
    assert fields_of(features, bare, config)["device"].code_R.tolist() == [0, 0, 0, 0]


def test_histories_are_those_of_the_log_else_what_was_shown(read: ReadImpressions) -> None:
    config = RankingConfig(actions=("click",))
    assert past_of(read.impressions, config, users=3).kind == "shown"
    nobody = replace(read.impressions, user_I=np.full(4, -1, dtype=np.int32))
    assert past_of(nobody, config, users=3).kind == "none"
    given = read_impressions(LOG.drop("dwell", "device").with_columns(history=pl.lit("a b")))
    assert past_of(given.impressions, RankingConfig(), users=3).kind == "given"


def test_rates_are_read_beside_histories_of_either_kind_but_not_without(read: ReadImpressions) -> None:
    given = read_impressions(LOG.drop("dwell", "device").with_columns(history=pl.lit("a b")))
    for log, history, there in ((given, "given", True), (read, "shown", True), (read, "none", False)):
        config = RankingConfig(actions=("click",), history=history)
        features = features_of(log, log.impressions, RankTables(), config)
        assert ("item rate" in features.spec.request) == there
        assert ("likeness mean" in features.spec.request) == there


def test_likeness_can_be_left_out(read: ReadImpressions) -> None:
    config = RankingConfig(actions=("click",), likeness=False)
    features = features_of(read, read.impressions, RankTables(), config)
    assert not any(name.startswith("likeness") for name in features.spec.request)
