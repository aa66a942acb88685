"""What a ranker is built from: only what training shows teaches coders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from regard.data.impression_table import ReadImpressions, read_impressions
from regard.errors import DataError
from regard.train.rank_features import RankTables, actions_of, features_of, past_of, request_fields
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
    device = request_fields(
        features.request, features.spec, read.impressions, past_of(read.impressions, config, users=3)
    )["device"]
    assert device.code_R[3] == 1, "a watch is as unseen as any later device"
    assert device.code_R[0] == device.code_R[2] != device.code_R[1]


def test_impressions_without_the_further_columns_have_them_missing(read: ReadImpressions) -> None:
    config = RankingConfig(actions=("click",), fields={"events": {"device": "category"}})
    features = features_of(read, read.impressions, RankTables(), config)
    bare = replace(read.impressions, context=None)
    assert request_fields(features.request, features.spec, bare, past_of(bare, config, users=3))[
        "device"
    ].code_R.tolist() == [0, 0, 0, 0]


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
