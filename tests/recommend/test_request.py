"""The forms in which people write users, histories and times."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.errors import ConfigError, DataError, UnknownIdError
from regard.recommend.request import mask_of, request_of_histories, request_of_users

ITEMS = Vocab.of(["a", "b", "c"])
INTEGERS = Vocab.of([10, 20, 30])


def _read(histories, times=None, items=ITEMS):
    request = request_of_histories(histories, times=times, items=items)
    rows = [request.histories.items_of(row).tolist() for row in range(len(request.histories))]
    return request.ids.to_list(), rows, request.dropped_U.tolist()


@pytest.mark.parametrize(
    ("histories", "expected"),
    [
        ([["c", "a"], ["b"]], ([0, 1], [[2, 0], [1]], [0, 0])),
        (["c", "a"], ([0], [[2, 0]], [0])),
        (("c", "a"), ([0], [[2, 0]], [0])),
        ({"x": ["c", "zz"], "y": []}, (["x", "y"], [[2], []], [1, 0])),
        ({7: ["b"]}, ([7], [[1]], [0])),
        ([[]], ([0], [[]], [0])),
        ([], ([], [], [])),
        ([np.array(["a"]), pl.Series(["zz", "b"])], ([0, 1], [[0], [1]], [0, 1])),
        (pl.Series(["a", "b"]), ([0], [[0, 1]], [0])),
    ],
)
def test_histories_come_in_many_forms(histories, expected):
    assert _read(histories) == expected


def test_integer_ids_may_be_spelt_as_strings():
    assert _read(["30", "99"], items=INTEGERS) == ([0], [[2]], [1])


@pytest.mark.parametrize("histories", ["a,b", 5, [["a"], "b"], {"x": "a"}, [[["a"]]]])
def test_other_forms_are_refused(histories):
    with pytest.raises(ConfigError):
        _read(histories)


@pytest.mark.parametrize(
    "times",
    [
        [86_400, 0, 172_800],
        [1_700_086_400_000_000, 1_700_000_000_000_000, 1_700_172_800_000_000],
        [dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 3)],
        [dt.date(2020, 1, 2), dt.date(2020, 1, 1), dt.date(2020, 1, 3)],
        ["2020-01-02", "2020-01-01T00:00:00", "2020-01-03"],
        ["2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z", "2020-01-03T00:00:00Z"],
        [
            np.datetime64("2020-01-02", "s"),
            np.datetime64("2020-01-01", "s"),
            np.datetime64("2020-01-03", "s"),
        ],
    ],
)
def test_times_put_events_in_order_and_are_microseconds(times):
    request = request_of_histories([["a", "b", "c"]], times=[times], items=ITEMS)
    assert request.histories.items_of(0).tolist() == [1, 0, 2]
    assert np.diff(request.histories.times_of(0)).tolist() == [86_400 * 10**6] * 2


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_the_size_of_an_integer_time_tells_its_unit(unit):
    request = request_of_histories(["a"], times=[1_700_000_000 * unit], items=ITEMS)
    assert request.histories.times_of(0).tolist() == [1_700_000_000 * 10**6]


def test_equal_times_keep_the_order_given_and_users_stay_apart():
    _, rows, _ = _read([["c", "a", "b"], ["b", "a"]], times=[[5, 5, 1], [2, 1]])
    assert rows == [[1, 2, 0], [0, 1]]


def test_times_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="one time for each item"):
        _read([["a", "b"]], times=[[1]])


@pytest.mark.parametrize("times", [["yesterday"], [None], [{"a": 1}], [float("nan")]])
def test_times_that_cannot_be_read_are_refused(times):
    with pytest.raises(DataError, match="times"):
        _read([["a"]], times=[times])


@pytest.mark.parametrize("users", ["v", ["v"], pl.Series(["v"]), np.array(["v"])])
def test_one_user_or_many(users):
    known = Histories.of([[1], [2, 0]])
    request = request_of_users(users, vocab=Vocab.of(["u", "v"]), histories=known)
    assert request.ids.to_list() == ["v"]
    assert request.histories.items_of(0).tolist() == [2, 0]


def test_nobody_is_known():
    nobody = Vocab(pl.Series("id", [], dtype=pl.String))
    request = request_of_users(["u"], vocab=nobody, histories=Histories.of([]))
    assert request.histories.lengths.tolist() == [0]


def test_a_wish_ignores_unknown_items_but_not_only_unknown_ones():
    known = np.array([True, True, False])
    assert mask_of(None, items=ITEMS, known_V=known, required=True) is None
    assert mask_of(["a", "zz"], items=ITEMS, known_V=known, required=True).tolist() == [True, False, False]
    assert mask_of("b", items=ITEMS, known_V=known, required=True).tolist() == [False, True, False]
    assert not mask_of(["zz"], items=ITEMS, known_V=known, required=False).any()
    for wish in (["zz"], ["c"], []):
        with pytest.raises(UnknownIdError, match="at least one item"):
            mask_of(wish, items=ITEMS, known_V=known, required=True)
