"""MIND: the real format, the real sample, and lines that are not it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from regard.data.impression_table import read_impressions
from regard.data.sources.mind import read_mind
from regard.errors import DataError

LINE = "1\tU1\t11/9/2019 6:42:51 PM\tN3 N4\tN1-0 N2-1"
NEWS = 'N1\tnews\tworld\tA "title\tText\thttp://x\t[{"Label": "L", "WikidataId": "Q7"}]\t[{"WikidataId": "Q7"}, {"WikidataId": "Q12"}]'


def write(folder: Path, *lines: str, news: str = NEWS) -> Path:
    (folder / "behaviors.tsv").write_text("\n".join(lines) + "\n")
    (folder / "news.tsv").write_text(news + "\n")
    return folder


def test_an_impression_becomes_a_row_for_each_candidate(tmp_path: Path) -> None:
    data = read_mind(write(tmp_path, LINE, "2\tU2\t11/10/2019 12:00:01 AM\t\tN1-1"))
    assert data.shown.select("item_id", "click", "history").rows() == [
        ("N1", 0, "N3 N4"),
        ("N2", 1, "N3 N4"),
        ("N1", 1, None),
    ]
    assert data.shown["timestamp"].dt.to_string("%Y-%m-%d %H:%M:%S").to_list()[1:] == [
        "2019-11-09 18:42:51",
        "2019-11-10 00:00:01",
    ]
    assert data.items is not None
    assert data.items.rows() == [("N1", 'A "title', "news", "world", "Text", ["Q7", "Q12"])]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1\tU1\t11/9/2019 6:42:51 PM\tN3", "do not have 5 fields .*line 2: "),
        ("1\tU1\t2019-11-09 18:42\tN3\tN1-0", "have no time such as .* line 2: '2019-11-09 18:42'"),
        ("1\t\t11/9/2019 6:42:51 PM\tN3\tN1-0", "have no user_id: line 2: empty"),
        ("1\tU1\t11/9/2019 6:42:51 PM\tN3\tN1 N2", "has no labels.: line 2: 'N1 N2'"),
        ("1\tU1\t11/9/2019 6:42:51 PM\tN3\tN1-2", "line 2: 'N1-2'"),
        ("1\tU1\t11/9/2019 6:42:51 PM\tN3\t", "line 2: empty"),
        ("", "line 2: empty"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_mind(write(tmp_path, LINE, line, LINE))


def test_an_article_that_comes_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"news.tsv: 1 line .* repeat an id: line 2: 'N1'"):
        read_mind(write(tmp_path, LINE, news=f"{NEWS}\n{NEWS}"))


def test_the_real_sample_is_read_whole(shared_data: Path) -> None:
    data = read_mind(shared_data / "mind-sample")
    read = read_impressions(data.shown, columns=data.columns)
    report = read.report
    assert (report.impressions, report.candidates, len(read.users)) == (5000, 189_359, 4637)
    assert int(read.impressions.labels["click"].sum()) == 7542
    assert report.warnings == ()
    with gzip.open(shared_data / "mind-sample" / "behaviors.tsv.gz", "rt") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    assert read.impressions.history is not None
    for row in (0, 1, 777, 4999):
        part = read.impressions.take(slice(row, row + 1))
        assert [
            f"{item}-{int(c)}"
            for item, c in zip(read.items.decode(part.item_K), part.labels["click"], strict=True)
        ] == lines[row][4].split()
        assert read.items.decode(read.impressions.history.items_of(row)).to_list() == lines[row][3].split()
        assert read.users.decode(part.user_I).to_list() == [lines[row][1]]
    assert data.items is not None
    assert len(data.items) == 2000
    assert len(data.events()) == 7542
