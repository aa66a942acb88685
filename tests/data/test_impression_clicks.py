"""Clicks in a table of their own: labels of what was shown, and a refusal of what was not."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.checks import ProblemLog
from regard.data.impression_clicks import labels_of_clicks
from regard.data.tables import open_table
from regard.errors import DataError, SchemaError

SHOWN = {"impression_id": pl.Series([1, 1, 2]), "item_id": pl.Series(["a", "b", "a"])}


def test_each_action_becomes_a_label_whatever_the_type_of_the_ids() -> None:
    clicks = {
        "impression_id": ["2", "1", "1"],
        "item_id": ["a", "b", "b"],
        "action": ["click", "click", "buy"],
    }
    labels = labels_of_clicks(open_table(clicks), **SHOWN, log=ProblemLog("clicks"))
    assert {action: label.tolist() for action, label in labels.items()} == {
        "click": [0, 1, 1],
        "buy": [0, 1, 0],
    }


def test_a_click_on_what_was_not_shown_is_named() -> None:
    log = ProblemLog("clicks.csv")
    labels_of_clicks(open_table({"impression_id": [1, 2], "item_id": ["a", "b"]}), **SHOWN, log=log)
    with pytest.raises(
        DataError, match=r"clicks.csv(.|\n)*click without impression.*row 1: 'b in impression 2'"
    ):
        log.refuse()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match="no column 'impression_id'"):
        labels_of_clicks(open_table({"item_id": ["a"]}), **SHOWN, log=ProblemLog("clicks"))
