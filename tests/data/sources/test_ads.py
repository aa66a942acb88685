"""Criteo and Avazu: the real formats, their samples, and lines that are not it."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.data.impression_table import read_impressions
from regard.data.packing import NO_TIME
from regard.data.sources.ads import read_avazu, read_criteo
from regard.errors import DataError

CRITEO = "\t".join(["1", *[str(i) for i in range(12)], "", *[f"c{i}" for i in range(26)]])
AVAZU = "id,click,hour,device_id,C14,site_id"


def test_the_samples_are_read_whole(shared_data: Path) -> None:
    criteo = read_criteo(shared_data / "ctr-samples")
    read = read_impressions(criteo.shown, columns=criteo.columns)
    assert (len(read.impressions), read.report.anonymous) == (200, 200)
    assert (read.impressions.item_K == -1).all()
    assert (read.impressions.time_I == NO_TIME).all()
    assert read.impressions.context is not None
    assert read.impressions.context.width == 39
    avazu = read_avazu(shared_data / "ctr-samples")
    read = read_impressions(avazu.shown, columns=avazu.columns)
    assert len(read.impressions) == 100
    assert str(avazu.shown["timestamp"][0]) == "2014-10-21 00:00:00"
    assert read.report.anonymous == avazu.shown["user_id"].null_count()
    assert read.items.decode(read.impressions.item_K).to_list() == avazu.shown["item_id"].to_list()


def test_the_file_of_criteo_as_published_has_tabs_and_no_header(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text(f"{CRITEO}\n0{CRITEO[1:]}\n")
    shown = read_criteo(tmp_path).shown
    assert shown["label"].to_list() == [1, 0]
    assert shown["I13"].to_list() == [None, None]
    assert shown["C26"].to_list() == ["c25", "c25"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (CRITEO[2:], "do not have 40 fields .label to C26.: line 2"),
        (f"2{CRITEO[1:]}", "have no label of 0 or 1: line 2: '2'"),
        (CRITEO.replace("\t5\t", "\tfive\t"), "have no number in I6: line 2: 'five'"),
    ],
)
def test_a_malformed_line_of_criteo_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "train.txt").write_text(f"{CRITEO}\n{line}\n")
    with pytest.raises(DataError, match=message):
        read_criteo(tmp_path)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["id,click,hour"], "the header has no column device_id, C14"),
        ([AVAZU, "1,0,14102100,d,7,s", "2,0,14102100,d,7"], "do not have 6 fields .id to site_id.: line 3"),
        ([AVAZU, "1,x,14102100,d,7,s"], "have no click of 0 or 1: line 2: 'x'"),
        ([AVAZU, "1,0,14109900,d,7,s"], "have no hour such as 14102100: line 2: '14109900'"),
    ],
)
def test_a_malformed_line_of_avazu_is_named(tmp_path: Path, lines: list[str], message: str) -> None:
    (tmp_path / "train").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=message):
        read_avazu(tmp_path)


def test_the_unknown_device_of_avazu_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(f"{AVAZU}\n1,0,14102123,a99f214a,7,s\n2,1,14102123,d1,8,s\n")
    shown = read_avazu(tmp_path).shown
    assert shown["user_id"].to_list() == [None, "d1"]
    assert shown.columns == ["impression_id", "user_id", "item_id", "timestamp", "click", "site_id"]
    assert str(shown["timestamp"][0]) == "2014-10-21 23:00:00"
