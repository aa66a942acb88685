"""Names of columns of impressions: what is found, what is asked for, what is missing."""

from __future__ import annotations

import pytest

from regard.data.impression_columns import ImpressionColumns
from regard.errors import ConfigError, SchemaError

NAMES = ["user_id", "item_id", "timestamp", "position", "click", "purchase", "price"]


def test_labels_and_optional_columns_are_found_by_name_and_the_rest_is_context() -> None:
    found = ImpressionColumns().find(NAMES, source="t")
    assert found.labels == {"click": "click", "purchase": "purchase"}
    assert found.columns["position"] == "position"
    assert found.context == ("price",)


def test_named_labels_replace_those_that_would_be_found() -> None:
    found = ImpressionColumns(labels={"buy": "purchase"}).find(NAMES, source="t")
    assert found.labels == {"buy": "purchase"}
    assert found.context == ("click", "price")


def test_a_log_may_have_no_user_if_that_is_said() -> None:
    names = [name for name in NAMES if name != "user_id"]
    with pytest.raises(SchemaError, match="no column 'user_id'"):
        ImpressionColumns().find(names, source="t")
    assert "user_id" not in ImpressionColumns(user_id=None).find(names, source="t").columns


def test_a_label_that_is_not_there_is_named_with_the_nearest_column() -> None:
    with pytest.raises(SchemaError, match=r"no column 'clck'.*did you mean 'click'"):
        ImpressionColumns(labels={"click": "clck"}).find(NAMES, source="ads.csv")


def test_a_mapping_is_checked_like_a_configuration() -> None:
    assert ImpressionColumns.of({"user_id": None}).user_id is None
    with pytest.raises(ConfigError, match="usr_id"):
        ImpressionColumns.of({"usr_id": "u"})
