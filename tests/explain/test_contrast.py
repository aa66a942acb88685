"""One item rather than another: the difference of two scores, taken apart."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch
from tests.explain.questions import Linear, V, blended, recommender_of

from regard.errors import UnknownIdError
from regard.explain.contrast import contrast

TITLES = pl.Series([f"Film {item}" for item in range(V)])


def test_the_events_that_favour_one_item_are_named() -> None:
    weight = torch.zeros(V, V)
    weight[3, 7], weight[4, 8], weight[5, [7, 8]] = 2.0, 1.5, 9.0
    found = contrast(
        recommender_of(Linear(weight)), item="i07", other="i08", titles=TITLES, history=["i03", "i04", "i05"]
    )
    assert found.difference == pytest.approx(0.5)
    influence = dict(found.events.select("item_id", "influence").iter_rows())
    # The third speaks for both alike, so it is no reason for one of them
    assert influence == {"i03": pytest.approx(2.0), "i05": pytest.approx(0.0), "i04": pytest.approx(-1.5)}
    assert found.tell() == "Film 7 rather than Film 8 because of Film 3"
    assert found.tell("zh") == "推荐“Film 7”而不是“Film 8”，是因为“Film 3”"
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["text"] == found.tell()


def test_parts_add_up_and_the_other_way_round_is_minus_this() -> None:
    recommender = recommender_of(blended())
    given = {"titles": TITLES, "history": ["i03", "i01", "i04"]}
    found = contrast(recommender, item="i07", other="i08", **given)
    back = contrast(recommender, item="i08", other="i07", **given)
    assert set(found.parts) == {"network", "memory", "trend"}
    assert sum(found.parts.values()) == pytest.approx(found.difference, abs=1e-5)
    assert back.difference == pytest.approx(-found.difference, abs=1e-6)
    told = sorted([found.tell(), back.tell()], key=lambda text: "does not come before" in text)
    assert "does not come before" in told[1]
    assert "does not come before" not in told[0]


def test_a_cold_user_is_answered_by_popularity() -> None:
    found = contrast(recommender_of(blended()), item="i00", other="i08", titles=TITLES, history=[])
    assert found.parts == {"popularity": pytest.approx(np.log(12 / 4))}
    assert found.events.is_empty()
    assert found.tell() == "Film 0 comes before Film 8, but no single event of the history stands out"


def test_an_item_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownIdError, match="item 'i99' is not known"):
        contrast(recommender_of(blended()), item="i07", other="i99", titles=TITLES, history=["i01"])
