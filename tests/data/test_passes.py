"""The two passes that stream a log: what they find, and where they put each event."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.checks import ProblemLog
from regard.data.passes import Filled, fill_log, scan_log
from regard.data.store import MemoryStore
from regard.data.tables import open_table
from regard.errors import DataError, SchemaError

FOUND = {"user_id": "user_id", "item_id": "item_id", "timestamp": "timestamp"}


def passed(log: dict[str, list[object]], *, batch_rows: int) -> Filled:
    table = open_table(log)
    scan = scan_log(table, FOUND, batch_rows=batch_rows)
    return fill_log(
        table, FOUND, scan, store=MemoryStore(), problems=ProblemLog("log"), batch_rows=batch_rows
    )


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_each_event_is_put_into_the_range_of_its_user_in_the_order_of_rows(batch_rows: int) -> None:
    filled = passed(
        {"user_id": [2, 1, 2, None, 1], "item_id": [7, 8, 7, 7, 9], "timestamp": [5, 4, 3, 2, 1]},
        batch_rows=batch_rows,
    )
    assert (filled.start.tolist(), filled.stop.tolist()) == ([0, 2], [2, 4])
    assert filled.columns["item"].tolist() == [1, 2, 0, 0]
    assert (filled.columns["time"] // 10**6).tolist() == [4, 1, 5, 3]
    assert filled.item_counts.tolist() == [2, 1, 1]
    assert filled.anonymous == 1


def test_the_first_pass_counts_the_rows_of_each_user_and_reads_the_unit_of_time() -> None:
    log = {"user_id": ["b", "a", "b"], "item_id": ["x", "y", None], "timestamp": [1_300_000_000_000] * 3}
    scan = scan_log(open_table(log), FOUND, batch_rows=2)
    assert (scan.rows, scan.counts.tolist(), scan.times.unit) == (3, [1, 2], "ms")
    assert scan.items.ids.to_list() == ["x", "y"]
    assert scan.event_types is None


def test_a_bad_row_leaves_a_gap_at_the_end_of_its_user() -> None:
    filled = passed({"user_id": [1, 1, 2], "item_id": [None, 7, 8], "timestamp": [1, 2, 3]}, batch_rows=9)
    assert (filled.stop - filled.start).tolist() == [1, 1]
    assert np.diff(filled.start).tolist() == [2]


def test_rows_of_a_wrong_type_are_named_by_their_place_in_the_whole_source() -> None:
    log = pl.DataFrame({"user_id": [1.0] * 40 + [1.5], "item_id": [1] * 41, "timestamp": [1] * 41})
    with pytest.raises(SchemaError, match=r"row 40 holds 1\.5"):
        scan_log(open_table(log), FOUND, batch_rows=8)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="has columns but no rows"):
        scan_log(open_table({"user_id": [], "item_id": [], "timestamp": []}), FOUND, batch_rows=8)
