"""The two passes that stream a log: what they find, and where they put each event."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.checks import ProblemLog
from regard.data.passes import Filled, Scan, fill_log, scan_log
from regard.data.store import MemoryStore, Store
from regard.data.tables import open_table
from regard.errors import DataError, SchemaError

FOUND = {"user_id": "user_id", "item_id": "item_id", "timestamp": "timestamp"}


def scanned(log: Any, *, batch_rows: int, store: Store | None = None) -> Scan:
    return scan_log(
        open_table(log),
        FOUND,
        store=store or MemoryStore(),
        problems=ProblemLog("log"),
        batch_rows=batch_rows,
    )


def passed(log: dict[str, list[object]], *, batch_rows: int) -> Filled:
    store, problems = MemoryStore(), ProblemLog("log")
    scan = scanned(log, batch_rows=batch_rows, store=store)
    return fill_log(open_table(log), FOUND, scan, store=store, problems=problems, batch_rows=batch_rows)


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_each_event_is_put_into_the_range_of_its_block_in_the_order_of_rows(batch_rows: int) -> None:
    filled = passed(
        {"user_id": [2, 1, 2, None, 1], "item_id": [7, 8, 7, 7, 9], "timestamp": [5, 4, 3, 2, 1]},
        batch_rows=batch_rows,
    )
    one_block = batch_rows == 100  # else each of the two users has more events than a block should have
    assert filled.first_user.tolist() == ([0, 2] if one_block else [0, 1, 2])
    assert (filled.start.tolist(), filled.stop.tolist()) == (([0], [4]) if one_block else ([0, 2], [2, 4]))
    assert filled.columns["user"].tolist() == ([1, 0, 1, 0] if one_block else [0, 0, 1, 1])
    assert filled.columns["item"].tolist() == ([0, 1, 0, 2] if one_block else [1, 2, 0, 0])
    assert (filled.columns["time"] // 10**6).tolist() == ([5, 4, 3, 1] if one_block else [4, 1, 5, 3])
    assert filled.item_counts.tolist() == [2, 1, 1]
    assert filled.anonymous == 1


def test_the_first_pass_counts_the_rows_of_each_user_and_reads_the_unit_of_time() -> None:
    log = {"user_id": ["b", "a", "b"], "item_id": ["x", "y", None], "timestamp": [1_300_000_000_000] * 3}
    scan = scanned(log, batch_rows=2)
    assert (scan.rows, scan.ids["user_id"].counts.tolist(), scan.times.unit) == (3, [1, 2], "ms")
    assert scan.ids["item_id"].vocab.ids.to_list() == ["x", "y"]
    assert list(scan.ids) == ["user_id", "item_id"]


def test_the_first_pass_keeps_the_codes_of_the_ids() -> None:
    store = MemoryStore()
    log = {"user_id": ["b", None, "a", "b"], "item_id": ["x", "y", "z", "y"], "timestamp": [1, 2, 3, 4]}
    scan = scanned(log, batch_rows=3, store=store)
    assert scan.ids["user_id"].numbers[store.column("user_id.code")].tolist() == [1, -1, 0, 1]
    assert scan.ids["item_id"].numbers[store.column("item_id.code")].tolist() == [0, 1, 2, 1]


def test_a_log_that_grows_or_shrinks_between_the_passes_is_refused() -> None:
    log: dict[str, list[object]] = {"user_id": [1, 2], "item_id": [7, 8], "timestamp": [1, 2]}
    for rows in ([1], [1, 2, 3]):
        store = MemoryStore()
        scan = scanned(log, batch_rows=9, store=store)
        changed = open_table(dict.fromkeys(log, rows))
        with pytest.raises(DataError, match="changed while it was being read"):
            fill_log(changed, FOUND, scan, store=store, problems=ProblemLog("log"), batch_rows=9)


def test_a_bad_row_leaves_a_gap_at_the_end_of_its_block() -> None:
    filled = passed({"user_id": [1, 1, 2], "item_id": [None, 7, 8], "timestamp": [1, 2, 3]}, batch_rows=2)
    assert (filled.stop - filled.start).tolist() == [1, 1]
    assert np.diff(filled.start).tolist() == [2]
    assert filled.has_user.tolist() == [True, True]


def test_rows_of_a_wrong_type_are_named_by_their_place_in_the_whole_source() -> None:
    log = pl.DataFrame({"user_id": [1.0] * 40 + [1.5], "item_id": [1] * 41, "timestamp": [1] * 41})
    with pytest.raises(SchemaError, match=r"row 40 holds 1\.5"):
        scanned(log, batch_rows=8)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="has columns but no rows"):
        scanned({"user_id": [], "item_id": [], "timestamp": []}, batch_rows=8)
