"""What the commands of ``regard rank`` read: pairs of names, a public log, a part of it by time."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from regard.cli.impressions import ShownRequest, read_shown
from regard.cli.options import messages
from regard.errors import ConfigError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "shown.csv"
    rows = {"who": [1, 1, 2, 2], "what": [5, 6, 5, 6], "at": [10, 20, 30, 40], "clk": [1, 0, 1, 0]}
    pl.DataFrame(rows).write_csv(path)
    return path


NAMES = ["user_id=who,item_id=what", "timestamp=at"]


def test_names_are_mapped_and_the_log_is_cut(table: Path) -> None:
    whole = ShownRequest(shown=table, columns=NAMES, labels=["click=clk"])
    assert len(read_shown(whole, messages()).read.impressions) == 4
    for part, count in (("before", 2), ("from", 2)):
        request = ShownRequest(
            shown=table, columns=NAMES, labels=["click=clk"], split="time:1970-01-01T00:00:25", part=part
        )
        assert len(read_shown(request, messages()).read.impressions) == count


def test_none_says_that_there_is_no_such_column(table: Path) -> None:
    request = ShownRequest(
        shown=table, columns=["user_id=none", *NAMES[1:], "item_id=what"], labels=["click=clk"]
    )
    assert read_shown(request, messages()).read.report.anonymous == 4


def test_a_pair_needs_both_sides(table: Path) -> None:
    with pytest.raises(ConfigError, match="--label 'click': give our name and yours"):
        read_shown(ShownRequest(shown=table, columns=NAMES, labels=["click"]), messages())


def test_a_public_log_is_read_by_its_name(shared_data: Path) -> None:
    log = read_shown(ShownRequest(shown=shared_data / "ctr-samples", log="criteo"), messages())
    assert log.read.report.candidates == 200
